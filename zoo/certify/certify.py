"""From a declared graph and its file to a certificate."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zoo.certify.certificate import CONTRACT, Audit, Case, Certificate, Oracle, OutputBound, Tie, close_share
from zoo.certify.golden import Golden, Reference, by_length
from zoo.certify.grid import grid
from zoo.certify.measured import Measured
from zoo.certify.oracle import ask_reference
from zoo.certify.placement import Placed, on_cpu
from zoo.certify.proof import Answer, Proof
from zoo.certify.spread import Errors
from zoo.certify.texts import hostile, words_of
from zoo.certify.ties import answers_of
from zoo.graph import Graph, Head
from zoo.progress import Progress
from zoo.runtime.model import Model
from zoo.runtime.model import open as open_model
from zoo.runtime.session import LEVELS
from zoo.spec import TensorSpec

AUDIT_BATCH, TEXT_BATCH = 1000, 128
"""Examples at once; fewer of text, where all are as wide as the longest. They are not the reference's, so that an answer that
depends on its batch mates is found."""
HOSTILE = 1000
"""Hostile sentences that a model of text is audited on."""
ORACLE_EXAMPLES = 16
"""Of the test split: the reference evaluator loops in Python."""
HIGHEST = list(LEVELS)[-1]
Arrays = dict[str, np.ndarray]
Judge = Callable[[Mapping[str, np.ndarray]], dict[str, float]]


@dataclass(frozen=True)
class Subject:
    """What is to be certified.

    Args:
        id: of the artifact.
        graph: as declared, module in float32 on the CPU.
        path: the exported file, with zoo's metadata inside.
        inputs: of the graph.
        outputs: of the graph.
        examples: arrays of the test split, or what stands for them: some of those that bear an input's name become golden cases.
        judge: answers to all audited examples → the task's metrics.
        audited: for an input whose test split is not in `examples`.
        precision: of large weights.
        dataset_sha256: of the arrays of the data set that it was trained on.
        recipe_sha256: of the recipe that trained it.
        prove: what can be proven of this model in particular, given how its file answers.
    """

    id: str
    graph: Graph
    path: Path
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    examples: Mapping[str, np.ndarray]
    judge: Judge
    audited: Mapping[str, np.ndarray] = field(default_factory=dict)
    precision: str = "fp32"
    dataset_sha256: str | None = None
    recipe_sha256: str | None = None
    prove: Callable[[Answer], Sequence[Proof]] | None = None

    @property
    def test(self) -> Arrays:
        """The whole test split by input."""
        found = {spec.name: self.audited.get(spec.name, self.examples.get(spec.name)) for spec in self.inputs}
        return {name: array for name, array in found.items() if array is not None}


def certify(
    subject: Subject, *, providers: Sequence[str] = ("cpu",), created: str, machine: dict[str, Any], progress: Progress
) -> tuple[Certificate, bytes]:
    """The certificate of `subject`, passed or not, and the bytes of its `golden.npz`.

    Args:
        subject: what.
        providers: onnxruntime's, short names; the CPU is always among them.
        created: time, UTC.
        machine: for the record.
        progress: who is told.
    """
    content = subject.path.read_bytes()
    reference = Reference(subject.graph, subject.inputs)
    whole = subject.test
    cases = grid(subject.inputs, subject.examples, audited=whole)
    goldens = [reference.golden(name, arrays) for name, arrays in cases.items()]
    progress.note(f"{subject.id}: golden answers in float64, {len(goldens)} cases and the whole test split")
    strange = _hostile(subject)
    examples = len(next(iter(whole.values()), ())) + len(next(iter(strange.values()), ()))
    with progress.bar(f"{subject.id}: PyTorch, float64 and float32", 2 * examples, unit="answers") as advance:
        test = reference.golden("test", whole, advance)
        audits = [test, *([reference.golden("hostile sentences", strange, advance)] if strange else [])]
    used = list(dict.fromkeys(["cpu", *providers]))
    outputs = [spec.name for spec in subject.outputs]
    measured = Measured(subject.graph, [*goldens, *audits], outputs, close_share(subject.precision))
    for provider in used:
        for level in LEVELS:
            model = open_model(subject.path, providers=(provider,), level=level, check=False)
            for golden in goldens:
                measured.compare(golden, model.answer(golden.inputs))
        progress.note(f"{subject.id}: {provider}, levels {', '.join(LEVELS)}")
    threads = (1, max(2, os.cpu_count() or 1))
    for several in threads:
        model = open_model(subject.path, providers=("cpu",), threads=several, level=HIGHEST, check=False)
        for golden in goldens:
            measured.compare(golden, model.answer(golden.inputs))
    changed = tuple(measured.changed)
    measured.check_close("the golden cases", goldens)
    audit, *others = (_audit(subject, used, golden, measured, metrics=golden is test) for golden in audits)
    small = next(golden for golden in goldens if len(golden) > 1)
    sample = test.first(ORACLE_EXAMPLES)
    oracle = ask_reference(content, sample, [spec.name for spec in subject.outputs], subject.graph.heads, measured.limits)
    placed = {name: on_cpu(content, name, small.inputs) for name in used if name != "cpu"}
    bounds = {name: measured.bound(name) for name in measured.visible}
    proofs: tuple[Proof, ...] = ()
    if subject.prove:
        proofs = tuple(subject.prove(open_model(subject.path, providers=("cpu",), level=HIGHEST, check=False).answer))
    import onnx
    import onnxruntime
    import torch

    certificate = Certificate(
        contract=CONTRACT,
        id=subject.id,
        model_sha256=hashlib.sha256(content).hexdigest(),
        bounds=bounds,
        cases=tuple(
            Case(name=golden.name, shapes={name: array.shape for name, array in golden.inputs.items()}) for golden in goldens
        ),
        levels=tuple(LEVELS),
        providers=tuple(used),
        cpu_nodes={name: found.nodes for name, found in placed.items()},
        changed=changed,
        audit=audit,
        oracle=oracle,
        problems=tuple(
            _problems(bounds, [*changed, *(tie for one in (audit, *others) for tie in one.changed)], placed, oracle, measured)
            + [f"what was to be proven does not hold: {proof.claim.rstrip('.')}" for proof in proofs if not proof.holds]
        ),
        versions={"torch": str(torch.__version__), "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__},
        machine=machine,
        created=created,
        hidden=measured.hidden(),
        hostile=others[0] if others else None,
        threads=threads,
        proofs=proofs,
        dataset_sha256=subject.dataset_sha256,
        recipe_sha256=subject.recipe_sha256,
    )
    return certificate, golden_file(subject.graph.heads, measured.floats, goldens)


def _hostile(subject: Subject) -> Arrays:
    """Hostile sentences for each text input, with other inputs as they come; none where no input is text."""
    texts = {spec.name for spec in subject.inputs if spec.dtype == "string"}
    if not texts:
        return {}
    return {
        spec.name: hostile(HOSTILE, words_of(subject.examples[spec.name]), seed=1)
        if spec.name in texts
        else np.resize(subject.test[spec.name], (HOSTILE, *subject.test[spec.name].shape[1:]))
        for spec in subject.inputs
    }


def _audit(subject: Subject, providers: Sequence[str], golden: Golden, measured: Measured, *, metrics: bool) -> Audit:
    """A whole split through the exported file on every provider, the CPU first."""
    examples = len(golden)
    heads = subject.graph.heads
    theirs: Arrays = {name: golden.single[name] for name in measured.floats}
    theirs |= {head.output: answers_of(head, golden.single) for head in heads}
    torch_metrics = subject.judge(theirs) if metrics else {}
    changed: list[Tie] = []
    judged: dict[str, dict[str, float]] = {}
    errors: dict[str, Errors] = {}
    for provider in providers:
        place = golden.name if provider == "cpu" else f"{golden.name} ({provider})"
        model = open_model(subject.path, providers=(provider,), check=False)
        answers = _answers(model, golden.inputs, subject.graph)
        found = measured.compare(golden, answers, place=place)
        changed += found
        if provider == "cpu":
            errors = measured.errors_of(golden, answers)
        if not metrics:
            continue
        judged[provider] = compared = subject.judge(answers)
        explained = [tie.index for tie in found if tie.explained]
        if explained and any(head.inside for head in heads):  # a tie may turn a whole sentence, and any figure with it
            compared = subject.judge({name: _mended(array, theirs[name], explained) for name, array in answers.items()})
        measured.compare_metrics(place, torch_metrics, compared, changed=len(explained), examples=examples)
    measured.check_close(golden.name, [golden], changed=None if metrics else len({tie.index for tie in changed}))
    return Audit(
        split=golden.name,
        examples=examples,
        changed=tuple(changed),
        torch_metrics=torch_metrics,
        onnxruntime_metrics=judged.get("cpu", {}),
        errors=errors,
        margins=measured.margins_of(golden),
    )


def _answers(model: Model, inputs: Mapping[str, np.ndarray], graph: Graph) -> Arrays:
    if not graph.fronts:
        return model.answer(inputs, batch=AUDIT_BATCH)
    order = by_length([inputs[front.input] for front in graph.fronts], len(next(iter(inputs.values()))))
    answers = model.answer({name: array[order] for name, array in inputs.items()}, batch=TEXT_BATCH)
    back = np.argsort(order)
    return {name: array[back] for name, array in answers.items()}


def _mended(ours: np.ndarray, theirs: np.ndarray, at: Sequence[int]) -> np.ndarray:
    """Our answers, with theirs to some examples."""
    mended = ours.astype(object) if ours.dtype.kind == "U" else ours.copy()
    mended[list(at)] = theirs[list(at)]
    return mended.astype(np.str_) if ours.dtype.kind == "U" else mended


def _problems(
    bounds: Mapping[str, OutputBound],
    changed: Sequence[Tie],
    placed: Mapping[str, Placed],
    oracle: Oracle,
    measured: Measured,
) -> list[str]:
    """What fails, each in one clause."""
    problems = [
        f"{name} lies {bound.onnxruntime_error:.3g} from the golden answer; at most {bound.bound:.3g} is allowed"
        for name, bound in bounds.items()
        if not bound.passed
    ]
    unexplained = [tie for tie in changed if not tie.explained]
    if unexplained:
        first = unexplained[0]
        problems.append(
            f"{len(unexplained)} answers differ without a tie, the first in {first.place} at {first.index}: "
            f"{first.ours} instead of {first.theirs}, margin {first.margin:.3g}"
        )
    for provider, found in placed.items():
        if found.computing:
            problems.append(f"{', '.join(found.computing)} fell back from {provider} to the CPU")
    if oracle.failure:
        problems.append(f"the reference evaluator broke down: {oracle.failure}")
    elif oracle.skipped is None and not oracle.agrees:
        problems.append("the reference evaluator disagrees")
    return [*measured.not_finite, *problems, *measured.metrics, *sorted(measured.inconsistent)]


def golden_file(heads: Sequence[Head], floats: Sequence[str], goldens: Sequence[Golden]) -> bytes:
    """The bytes of `golden.npz`: `case:in:name`, `case:out:name` (float64 or text), and for each head `case:margin:name:source`,
    by how much the golden run preferred its answer to the next best.

    Args:
        heads: of the graph.
        floats: names of the module's floats.
        goldens: the cases.
    """
    arrays: dict[str, np.ndarray] = {}
    for golden in goldens:
        for name, array in golden.inputs.items():
            arrays[f"{golden.name}:in:{name}"] = array.astype(np.str_) if array.dtype == object else array
        arrays |= {f"{golden.name}:out:{name}": golden.exact[name] for name in floats}
        for head in heads:
            arrays[f"{golden.name}:out:{head.output}"] = answers_of(head, golden.exact)
            arrays[f"{golden.name}:margin:{head.output}:{head.source}"] = head.margins(golden.exact)
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()
