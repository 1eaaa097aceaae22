"""From a declared graph and its file to a certificate."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo.certify.certificate import CONTRACT, Audit, Case, Certificate, Oracle, OutputBound, Tie
from zoo.certify.golden import Golden, Reference, grid
from zoo.certify.measured import Measured
from zoo.certify.oracle import ask_reference
from zoo.certify.placement import cpu_nodes, fallen_back
from zoo.graph import Graph, Head
from zoo.progress import Progress
from zoo.runtime.model import open as open_model
from zoo.runtime.session import LEVELS
from zoo.spec import TensorSpec

AUDIT_BATCH = 1000
ORACLE_EXAMPLES = 16
"""Of the test split: the reference evaluator loops in Python."""
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
        examples: arrays of the test split, or what stands for them; those that bear an input's name are audited.
        judge: answers to all examples → the task's metrics.
    """

    id: str
    graph: Graph
    path: Path
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    examples: Mapping[str, np.ndarray]
    judge: Judge


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
    goldens = [reference.golden(name, arrays) for name, arrays in grid(subject.inputs, subject.examples).items()]
    whole = {spec.name: subject.examples[spec.name] for spec in subject.inputs if spec.name in subject.examples}
    progress.note(f"{subject.id}: golden answers in float64, {len(goldens)} cases and the whole test split")
    test = reference.golden("test", whole)
    used = list(dict.fromkeys(["cpu", *providers]))
    measured = Measured(subject.graph, [*goldens, test], [spec.name for spec in subject.outputs])
    for provider in used:
        for level in LEVELS:
            model = open_model(subject.path, providers=(provider,), level=level, check=False)
            for golden in goldens:
                measured.compare(golden, model.answer(golden.inputs))
        progress.note(f"{subject.id}: {provider}, levels {', '.join(LEVELS)}")
    changed = tuple(measured.changed)
    audit = _audit(subject, used, test, measured)
    small = next(golden for golden in goldens if len(next(iter(golden.inputs.values()))) > 1)
    sample = test.first(ORACLE_EXAMPLES)
    oracle = ask_reference(content, sample, [spec.name for spec in subject.outputs], subject.graph.heads, measured.limits)
    placed = {name: cpu_nodes(content, name, small.inputs) for name in used if name != "cpu"}
    bounds = {name: measured.bound(name) for name in measured.visible}
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
        cpu_nodes=placed,
        changed=changed,
        audit=audit,
        oracle=oracle,
        problems=tuple(_problems(bounds, (*changed, *audit.changed), placed, oracle, measured)),
        versions={"torch": str(torch.__version__), "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__},
        machine=machine,
        created=created,
        hidden=measured.hidden(),
    )
    return certificate, golden_file(subject.graph.heads, goldens)


def _audit(subject: Subject, providers: Sequence[str], test: Golden, measured: Measured) -> Audit:
    """The whole test split through the exported file on every provider, the CPU first."""
    examples = len(next(iter(test.inputs.values())))
    theirs: Arrays = dict(test.single)
    theirs |= {head.output: head.decide(test.single[head.source]) for head in subject.graph.heads}
    torch_metrics = subject.judge(theirs)
    changed: list[Tie] = []
    metrics: dict[str, dict[str, float]] = {}
    for provider in providers:
        place = test.name if provider == "cpu" else f"{test.name} ({provider})"
        model = open_model(subject.path, providers=(provider,), check=False)
        answers = model.answer(test.inputs, batch=AUDIT_BATCH)
        found = measured.compare(test, answers, place=place)
        changed += found
        metrics[provider] = subject.judge(answers)
        explained = sum(tie.explained for tie in found)
        measured.compare_metrics(place, torch_metrics, metrics[provider], changed=explained, examples=examples)
    return Audit(
        split="test",
        examples=examples,
        changed=tuple(changed),
        torch_metrics=torch_metrics,
        onnxruntime_metrics=metrics["cpu"],
    )


def _problems(
    bounds: Mapping[str, OutputBound],
    changed: Sequence[Tie],
    placed: Mapping[str, dict[str, int]],
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
    for provider, nodes in placed.items():
        if fallen := fallen_back(nodes):
            problems.append(f"{', '.join(fallen)} fell back from {provider} to the CPU")
    if oracle.failure:
        problems.append(f"the reference evaluator broke down: {oracle.failure}")
    elif oracle.skipped is None and not oracle.agrees:
        problems.append("the reference evaluator disagrees")
    return [*measured.not_finite, *problems, *measured.metrics, *sorted(measured.inconsistent)]


def golden_file(heads: Sequence[Head], goldens: Sequence[Golden]) -> bytes:
    """The bytes of `golden.npz`: `case:in:name`, `case:out:name` (float64 or text), and for each head `case:margin:name`,
    by how much the golden scores prefer their answer to the next best."""
    arrays: dict[str, np.ndarray] = {}
    for golden in goldens:
        arrays |= {f"{golden.name}:in:{name}": array for name, array in golden.inputs.items()}
        arrays |= {f"{golden.name}:out:{name}": array for name, array in golden.exact.items()}
        for head in heads:
            arrays[f"{golden.name}:out:{head.output}"] = head.decide(golden.exact[head.source])
            arrays[f"{golden.name}:margin:{head.output}:{head.source}"] = head.margins(golden.exact[head.source])
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **arrays)
    return stream.getvalue()
