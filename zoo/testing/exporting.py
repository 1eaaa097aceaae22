"""The file: whether it can be made, is proven, and says what it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import onnx
import torch

from zoo import api
from zoo.errors import ExportError, ParityError
from zoo.exporting.trace import STANDARD, trace
from zoo.paths import artifact_folders
from zoo.runtime.artifact import find
from zoo.testing.check import Declared, Failed, Need, Skipped
from zoo.testing.subject import graph_place, made_up

if TYPE_CHECKING:
    from zoo.testing.subject import Subject

METRIC_SLACK = 1e-5


def exports(subject: Subject) -> None:
    """Every variant becomes a valid file whose inputs and outputs are those declared."""
    spec = subject.spec
    others = list(spec.exports)[1:]
    try:
        _ = subject.artifact
    except ExportError as error:
        raise Failed(f"the default export should give a graph: {error}", where=graph_place(spec)) from error
    except ParityError:
        subject.forget("artifact")  # there is a graph; that it answers wrongly is the next check's to say
    for variant in others:
        export = spec.export(variant)
        graph = subject.graph(subject.module(), variant)
        try:
            traced = trace(graph, export.inputs, export.outputs, name=f"{spec.id}.{variant}", metadata={})
        except ExportError as error:
            raise Failed(f"the export {variant!r} should give a graph: {error}", where=export.target) from error
        for found, wanted in zip(traced.outputs, export.outputs, strict=True):
            if found.shape != wanted.shape:
                raise Failed(
                    f"{wanted.name} of the export {variant!r} should be {list(wanted.shape)}, and is {list(found.shape)}",
                    where=export.target,
                )


def certificate(subject: Subject) -> None:
    """The default export answers as PyTorch in float64 does, by two engines, and its certificate replays."""
    target = graph_place(subject.spec)
    try:
        found = subject.artifact
    except ParityError as error:
        raise Failed(f"the file should answer as the module does: {error}", where=target) from error
    proven = found.certificate
    if not proven.passed or proven.oracle.skipped or not proven.oracle.agrees:
        said = proven.oracle.skipped or proven.oracle.failure or f"{proven.oracle.engine} gives other answers"
        raise Failed(f"a second engine should agree: {said}", where=target)
    for name, bound in proven.bounds.items():
        largest = max(1.0, bound.golden_max)
        if not bound.onnxruntime_error <= bound.bound < 1e-4 * largest:
            raise Failed(
                f"{name} should be exact to 1e-4 of its largest value, {largest:.3g}, and is so to {bound.bound:.1e}: "
                "scale it, or compute what cancels in another order",
                where=target,
            )
    _expect_near("onnxruntime's", proven.audit.onnxruntime_metrics, "PyTorch's", proven.audit.torch_metrics, subject.spec.task)
    if find(found.id, artifact_folders(found.path.parent)) != found.path:
        raise Failed(f"{found.id} should be found under {found.path.parent}", where=target)
    replay = api.verify(found.path)
    if not replay.passed or replay.cases != len(proven.cases):
        raise Failed(f"`zoo verify` should replay it: {'; '.join(replay.problems) or replay.cases}", where=target)
    model = api.open(found.path)
    declared = [tensor.name for tensor in subject.spec.outputs]
    if not model.certified or [tensor.name for tensor in model.outputs] != declared:
        raise Failed(f"the opened model should be certified, with the outputs {declared}", where=target)


def run_and_graph(subject: Subject) -> None:
    """The metrics that the run ended with are those that the graph's answers get."""
    run = subject.run
    assert run is not None
    theirs = subject.artifact.certificate.audit.onnxruntime_metrics
    ours = {name: run.state.metrics.get(name, float("nan")) for name in theirs}
    _expect_near("the graph's", theirs, "the run's", ours, subject.spec.task)


def _expect_near(whose: str, found: dict[str, float], whom: str, expected: dict[str, float], where: str) -> None:
    for name in found.keys() | expected.keys():
        ours, theirs = found.get(name, float("nan")), expected.get(name, float("nan"))
        if not abs(ours - theirs) <= max(METRIC_SLACK, 1e-6 * abs(theirs)):
            raise Failed(
                f"{name} should be the same by evaluate and by judge, and {whose} is {ours:.6g}, {whom} {theirs:.6g}", where=where
            )


def file_says(subject: Subject) -> None:
    """The file is standard and whole, says what it is, and nothing of the machine that made it."""
    found = subject.artifact
    model = onnx.load(found.path / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    where = graph_place(subject.spec)
    if strange := {node.domain for node in model.graph.node} - STANDARD or model.functions:
        raise Failed(f"the file should have standard operators only, and has {strange}", where=where)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    said = msgspec.json.decode(metadata["zoo"])
    facts = {"id": found.id, "base": subject.declared.id, "task": subject.declared.task, "classes": list(subject.dataset.classes)}
    facts |= {name: found.manifest[name] for name in ("classes", "dataset", "licence", "metrics", "producer", "recipe_sha256")}
    for name, value in {**facts, "zoo.id": found.id}.items():
        told = metadata.get(name) if name.startswith("zoo.") else said.get(name)
        if told != value:
            raise Failed(f"the file's metadata should say {name} {value!r:.80}, and say {told!r:.80}", where=where)
    for tensor in model.graph.initializer:
        tensor.ClearField("raw_data")  # megabytes of weights have any three letters somewhere
    text = model.SerializeToString()
    for path in ("site-packages", ".py", sys.prefix, str(Path.cwd()), str(Path.home()), str(found.path.parent)):
        if len(path) > 1 and path.encode() in text:
            raise Failed(f"the file should name no folder of the machine that made it, and names {path}", where="spec.summary")


def card(subject: Subject) -> None:
    """The card says what a person needs, its Python can be copied, its pictures are there."""
    found, spec = subject.artifact, subject.spec
    text = (found.path / "README.md").read_text(encoding="utf-8")
    for needed in (found.id, spec.source, "InferenceSession", "Certificate", found.manifest["licence"]):
        if needed not in text:
            raise Failed(f"the card should name {needed!r}, and does not", where="spec.source")
    for line in text.splitlines():
        if line.startswith("![") and not (found.path / line.split("(")[-1].rstrip(")")).is_file():
            raise Failed(f"the card should have its pictures beside it, and lacks that of {line[:80]}", where=str(found.path.name))
    for part in text.split("```python\n")[1:]:
        program = part.partition("```")[0]
        try:
            compile(program, "the card", "exec")
        except SyntaxError as error:
            raise Failed(
                f"the Python in the card should run as it is copied, and line {error.lineno} of it is no Python: {error.text!r}; a "
                "meaning is one line",
                where="spec.inputs",
            ) from None


def loads_back(subject: Subject) -> None:
    """`zoo.load` gives the module whose answers the artifact gives."""
    found, spec, run = subject.artifact, subject.spec, subject.run
    module = api.load(spec.id, run=run.path if run else None, registry=subject.registry)
    if module.training:
        raise Failed("zoo.load should give a module in evaluation mode", where=spec.build)
    if subject.reads_text:
        raise Skipped("the module takes ids, and the graph text")
    inputs = made_up(spec.inputs, 5)
    raw = [torch.from_numpy(array) for array in inputs.values()]
    names = {output.name for output in spec.outputs}
    with torch.inference_mode():
        if "probabilities" in names:
            name, expected = "probabilities", module(*raw).softmax(1).numpy()
        elif hasattr(module, "encode") and "code" in names:
            name, expected = "code", module.encode(*raw).numpy()  # type: ignore[operator]
        elif all(output.dtype == "bool" for output in spec.outputs):
            name, expected = spec.outputs[0].name, module(*raw).numpy()
        else:
            raise Skipped("what the module gives by itself is none of the graph's outputs")
    answer = api.open(found.path).answer(inputs)[name]
    # Each lies within one bound of the golden answer.
    allowed = 2 * found.certificate.bounds[name].bound if name in found.certificate.bounds else 0.0
    worst = float(np.abs(answer.astype(np.float64) - expected).max())
    if not worst <= allowed:
        raise Failed(
            f"{name} of the loaded module should be the artifact's but for {allowed:.1e}, and is {worst:.1e} off: the export adds "
            "something that the module does not have",
            where=graph_place(spec),
        )


EXPORTS: frozenset[Need] = frozenset({"training", "export"})
CHECKS = (
    Declared("exports", "It can be trained, and then not be deployed.", exports, needs=EXPORTS),
    Declared("certificate", "The file answers otherwise than the model that was trained and measured.", certificate, needs=EXPORTS),
    Declared(
        "run-and-graph",
        "The card gives a figure that the file does not reach.",
        run_and_graph,
        unless=lambda spec: "" if spec.recipe else "nothing is trained, so there is no run",
        needs=EXPORTS,
    ),
    Declared("file", "Who gets the file alone cannot tell what it is, or learns where its maker lives.", file_says, needs=EXPORTS),
    Declared("card", "Who copies the lines of the model card gets an error.", card, needs=EXPORTS),
    Declared("loads-back", "`zoo.load` gives another model than the one that was deployed.", loads_back, needs=EXPORTS),
)
