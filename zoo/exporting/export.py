"""From a trained module to a certified artifact. An uncertified artifact never exists: it is written beside, certified, renamed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from zoo.certify.certificate import Certificate, Stored
from zoo.certify.certify import Subject, certify
from zoo.certify.locate import said
from zoo.data.dataset import Dataset
from zoo.errors import ExportError, ParityError, UnknownName
from zoo.exporting.precision import check_precision
from zoo.exporting.products import check_products, products, twin_of
from zoo.exporting.trace import DEFAULT_OPSET, Traced, check_opset, trace
from zoo.exporting.verdict import check_metric, round_weights
from zoo.files import replacing_folder
from zoo.graph import Assets, Graph
from zoo.plugins import DISTRIBUTION, resolve
from zoo.progress import Progress
from zoo.report.card import model_card
from zoo.report.plot import Plot
from zoo.report.style import LIGHT
from zoo.runtime.manifest import RUN_SEAL, hash_of_run
from zoo.runtime.wire import seal
from zoo.spec import Export, ModelSpec, Recipe, TensorSpec, replaced, to_plain
from zoo.views.gather import gather
from zoo.views.subject import Subject as Seen

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from zoo.training.task import Task

CONTRACT = 1


@dataclass(frozen=True)
class Trained:
    """What is exported: a module with where it came from.

    Args:
        id: `architecture.tag` it is exported under.
        spec: whose network and export these are.
        module: with its weights, on the CPU.
        dataset: with the test split it is certified on.
        recipe: that trained it; `None` for given weights.
        metrics: on the test split.
        run: folder and weights' hash of its run; `None` for given weights.
        history: lines of its run's `metrics.jsonl`.
        judge: answers → metrics.
        task: that it was trained for.
        machine: for the record.
        created: time, UTC.
        gap: what is missing of `history`, as a clause.
    """

    id: str
    spec: ModelSpec
    module: nn.Module
    dataset: Dataset
    recipe: Recipe | None
    metrics: Mapping[str, float]
    run: Mapping[str, Any] | None
    history: Sequence[Mapping[str, Any]]
    judge: Any
    task: Task
    machine: Mapping[str, Any]
    created: str
    gap: str | None = None

    @property
    def seen(self) -> Seen:
        """It, to be looked at."""
        return Seen(self.id, self.spec, self.module, self.dataset, self.history, recipe=self.recipe, gap=self.gap)


@dataclass(frozen=True)
class Artifact:
    """A certified export on disk."""

    id: str
    path: Path
    manifest: dict[str, Any]
    certificate: Certificate


def export(
    trained: Trained,
    folder: Path,
    *,
    variants: Sequence[str] = (),
    opset: int = DEFAULT_OPSET,
    providers: Sequence[str] = ("cpu",),
    precision: str = "fp32",
    progress: Progress,
) -> list[Artifact]:
    """Write the artifacts of `trained`: its default export, or the `variants` named.

    Args:
        trained: what.
        folder: of artifacts; each goes to `folder/<id>`.
        variants: of `spec.exports`; none given, all.
        opset: of the graph.
        providers: that are certified beside the CPU.
        precision: that large weights are stored in; of another than `"fp32"` the artifact goes to `folder/<id>.<precision>`.
        progress: who is told.

    Raises:
        UsageError: the opset cannot be written, or weights not stored in `precision`.
        ExportError: no valid graph could be made, or weights in fewer bits cost more of the task's metric than it allows.
        ParityError: the certificate does not pass; nothing is written.
    """
    check_opset(opset)
    check_precision(precision)
    wanted = variants or tuple(trained.spec.exports)
    for variant in wanted:
        if variant not in trained.spec.exports:
            raise UnknownName(
                f"export of {trained.spec.id} called", variant, trained.spec.exports, hint=f"zoo show {trained.spec.id}"
            )
    trained, stored = round_weights(trained, precision, progress)
    pictures = _Pictures(trained, precision)
    return [_export_one(trained, pictures, folder, variant, opset, providers, stored, progress) for variant in wanted]


class _Pictures:
    """The card's pictures, made when they are first needed and once for all variants.

    Args:
        trained: whose they are.
        precision: of the file that they stand beside.
    """

    def __init__(self, trained: Trained, precision: str) -> None:
        self.trained, self.precision = trained, precision

    @cached_property
    def plots(self) -> dict[str, Plot]:
        """By name."""
        with products(self.precision):
            return gather(self.trained.seen).plots

    @cached_property
    def files(self) -> dict[str, bytes]:
        """By name of the file."""
        return {f"{name}.png": plot.draw(LIGHT).encode() for name, plot in self.plots.items()}


def _export_one(
    trained: Trained,
    pictures: _Pictures,
    folder: Path,
    variant: str,
    opset: int,
    providers: Sequence[str],
    stored: Stored | None,
    progress: Progress,
) -> Artifact:
    spec = trained.spec
    default = next(iter(spec.exports))
    declared = spec.export(variant)
    precision = stored.precision if stored else "fp32"
    artifact_id = ".".join([trained.id, *([] if variant == default else [variant]), *([precision] if stored else [])])
    module = trained.module.cpu().float().eval()
    dataset = trained.dataset
    assets = Assets(declared.inputs, declared.outputs, dataset.classes, dataset.picture, dataset.splits["test"])
    graph: Graph = resolve(declared.target, owner=spec.id)(module, assets)
    graph.module.eval()
    check_products(graph, [tensor.name for tensor in declared.outputs], artifact_id, precision)
    facts = _facts(trained, artifact_id, variant, precision)
    test = trained.dataset.splits["test"]
    # The golden cases lie beside the model. The sentences of a corpus may not be given away with it, so none becomes one.
    texts = {tensor.name for tensor in declared.inputs if tensor.dtype == "string"}

    def judge(answers: Mapping[str, np.ndarray]) -> dict[str, float]:
        """The task's metrics, where the graph has all that the model answers; a part of it has none of its own."""
        whole = _names(spec.inputs) <= _names(declared.inputs) and _names(spec.outputs) <= _names(declared.outputs)
        return dict(trained.judge(answers, test)) if whole else {}

    with replacing_folder(folder / artifact_id) as beside:
        traced = _traced(graph, declared, facts, artifact_id, opset, own=trained.id != spec.id)
        if stored and not traced.stored:
            raise ExportError(
                f"No weight of {artifact_id} could be stored in {precision}: the exporter has put others in their place."
            )
        content, outputs = seal(traced.content), traced.outputs
        facts["outputs"] = to_plain(outputs)
        (beside / "model.onnx").write_bytes(content)
        progress.note(f"{artifact_id}: opset {opset}, {len(content):,} bytes")
        subject = Subject(
            id=artifact_id,
            graph=twin_of(graph, precision),
            path=beside / "model.onnx",
            inputs=declared.inputs,
            outputs=outputs,
            examples={**{name: array for name, array in test.items() if name not in texts}, **graph.examples},
            judge=judge,
            audited={**test, **graph.examples, **graph.audited},
            precision=precision,
        )
        certificate, golden = certify(
            subject, providers=providers, created=trained.created, machine=dict(trained.machine), progress=progress
        )
        if stored:
            sizes = {"numbers": traced.stored, "size": len(content), "size_before": traced.before}
            certificate = replaced(certificate, stored=replaced(stored, **sizes))
            check_metric(certificate)
        if not certificate.passed:
            with products(precision):
                located = said(replace(subject, graph=graph), certificate)
            problems = "; ".join([*certificate.problems, located])
            raise ParityError(f"{artifact_id} does not answer as its PyTorch original does: {problems}.")
        encoded = msgspec.json.format(msgspec.json.encode(certificate), indent=2) + b"\n"
        (beside / "certificate.json").write_bytes(encoded)
        (beside / "golden.npz").write_bytes(golden)
        run = dict(trained.run) if trained.run else None
        manifest = {
            **facts,
            "model_sha256": certificate.model_sha256,
            "certificate_sha256": hashlib.sha256(encoded).hexdigest(),
            "golden_sha256": hashlib.sha256(golden).hexdigest(),
            "run": run,
            RUN_SEAL: hash_of_run(run),
        }
        (beside / "zoo.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        card = model_card(manifest, certificate, spec, trained.recipe, pictures.plots)
        (beside / "README.md").write_text(card, encoding="utf-8")
        for name, picture in pictures.files.items():
            (beside / name).write_bytes(picture)
    return Artifact(artifact_id, folder / artifact_id, manifest, certificate)


def _traced(graph: Graph, export: Export, facts: dict[str, Any], artifact_id: str, opset: int, *, own: bool) -> Traced:
    """The file with its own description inside. What the outputs' fixed axes are is known only after tracing, so where own data
    have another number of classes than the spec, it is traced again."""

    def written(outputs: tuple[TensorSpec, ...], facts: dict[str, Any]) -> Traced:
        metadata, precision = _metadata(facts), facts["precision"]
        return trace(graph, export.inputs, outputs, name=artifact_id, opset=opset, metadata=metadata, precision=precision)

    found = written(export.outputs, facts)
    declared = to_plain(found.outputs)
    if declared == facts["outputs"]:
        return found
    if not own:
        raise ExportError(f"{artifact_id} declares outputs of another shape than it makes: {facts['outputs']}, not {declared}.")
    return written(found.outputs, facts | {"outputs": declared})


def _facts(trained: Trained, artifact_id: str, variant: str, precision: str) -> dict[str, Any]:
    """What both the manifest and the file's own metadata say."""
    spec, dataset = trained.spec, trained.dataset
    export = spec.export(variant)
    recipe = to_plain(trained.recipe) if trained.recipe else None
    return {
        "contract": CONTRACT,
        "id": artifact_id,
        "base": spec.id,
        "variant": variant,
        "summary": spec.summary if trained.id == spec.id or trained.run is None else f"{spec.id} trained on {dataset.id}",
        "task": spec.task,
        "inputs": to_plain(export.inputs),
        "outputs": to_plain(export.outputs),
        "classes": list(dataset.classes),
        "picture": to_plain(dataset.picture) if dataset.picture else None,
        "dataset": {"id": dataset.id, "sha256": dataset.sha256, "origin": dataset.origin},
        "config": to_plain(spec.config) if trained.run is None else None,
        "precision": precision,
        "recipe": recipe,
        "recipe_sha256": hashlib.sha256(json.dumps(recipe, sort_keys=True).encode()).hexdigest(),
        "metrics": dict(trained.metrics),
        "licence": dataset.licence,
        "producer": {"zoo": version(DISTRIBUTION), **{name: version(name) for name in ("torch", "onnx", "onnxscript")}},
        "created": trained.created,
    }


def _names(tensors: Sequence[TensorSpec]) -> set[str]:
    return {tensor.name for tensor in tensors}


def _metadata(facts: Mapping[str, Any]) -> dict[str, str]:
    """`metadata_props`: everything as JSON under `zoo`, and the few things a person looks for."""
    return {
        "zoo": json.dumps(facts, sort_keys=True, ensure_ascii=False),
        "zoo.id": str(facts["id"]),
        "zoo.task": str(facts["task"]),
        "zoo.contract": str(facts["contract"]),
    }
