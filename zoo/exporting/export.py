"""From a trained module to a certified artifact. An uncertified artifact never exists: it is written beside, certified, renamed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from zoo.certify.certificate import Certificate, Stored
from zoo.errors import ExportError, ParityError, UnknownName, UsageError
from zoo.exporting.precision import check_precision
from zoo.exporting.products import check_products
from zoo.exporting.proof import Pictures, write_proof
from zoo.exporting.speed import speeds
from zoo.exporting.stale import tell_of_older
from zoo.exporting.trace import DEFAULT_OPSET, Traced, check_opset, trace
from zoo.exporting.trained import Trained, certified, subject_of
from zoo.exporting.verdict import BUDGETS, judged, round_weights
from zoo.files import replacing_folder
from zoo.graph import Graph
from zoo.plugin_sources import DISTRIBUTION
from zoo.progress import Progress
from zoo.runtime.wire import seal
from zoo.spec import Export, TensorSpec, replaced, to_plain

CONTRACT = 1


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
    keep_slower: bool = False,
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
        keep_slower: keep a file whose precision promises speed, though it is slower than in float32.
        progress: who is told.

    Raises:
        UsageError: the opset cannot be written, or weights not stored in `precision`.
        ExportError: no valid graph could be made, or one in fewer bits is beyond a budget of `zoo.exporting.verdict`.
        ParityError: the certificate does not pass; nothing is written.
    """
    check_opset(opset)
    check_precision(precision)
    if keep_slower and (precision == "fp32" or not BUDGETS[precision].rejected):
        raise UsageError(
            f"--keep-slower is for a precision that promises speed; {precision} promises none and is never rejected for it."
        )
    wanted = variants or tuple(trained.spec.exports)
    for variant in wanted:
        if variant not in trained.spec.exports:
            raise UnknownName(
                f"export of {trained.spec.id} called", variant, trained.spec.exports, hint=f"zoo show {trained.spec.id}"
            )
    trained, stored = round_weights(trained, precision, progress)
    pictures = Pictures(trained, precision)
    return [_export_one(trained, pictures, folder, variant, opset, providers, stored, keep_slower, progress) for variant in wanted]


def _export_one(
    trained: Trained,
    pictures: Pictures,
    folder: Path,
    variant: str,
    opset: int,
    providers: Sequence[str],
    stored: Stored | None,
    keep_slower: bool,
    progress: Progress,
) -> Artifact:
    spec = trained.spec
    default = next(iter(spec.exports))
    declared = spec.export(variant)
    precision = stored.precision if stored else "fp32"
    artifact_id = ".".join([trained.id, *([] if variant == default else [variant]), *([precision] if stored else [])])
    graph = trained.graph(variant)
    check_products(graph, [tensor.name for tensor in declared.outputs], artifact_id, precision)
    facts = _facts(trained, artifact_id, variant, precision)
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
        subject = subject_of(
            trained, variant, artifact_id=artifact_id, graph=graph, path=beside / "model.onnx", outputs=outputs, precision=precision
        )
        certificate, golden = certified(trained, subject, graph, providers=providers, created=trained.created, progress=progress)
        if not certificate.passed:
            problems = "; ".join(certificate.problems)
            raise ParityError(f"{artifact_id} does not answer as its PyTorch original does: {problems}.")
        if stored:
            found = speeds(content, traced.plain, subject.test, name=artifact_id, progress=progress)
            stored = replaced(stored, numbers=traced.stored, size=len(content), size_before=len(traced.plain), speeds=found)
            certificate = judged(certificate, stored, keep_slower=keep_slower)
        manifest = write_proof(beside, facts, certificate, golden, trained, pictures)
    tell_of_older(folder / artifact_id, manifest, progress)
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
        "recipe": to_plain(trained.recipe) if trained.recipe else None,
        "recipe_sha256": trained.recipe_sha256,
        "metrics": dict(trained.metrics),
        "licence": dataset.licence,
        "producer": {"zoo": version(DISTRIBUTION), **{name: version(name) for name in ("torch", "onnx", "onnxscript")}},
        "created": trained.created,
    }


def _metadata(facts: Mapping[str, Any]) -> dict[str, str]:
    """`metadata_props`: everything as JSON under `zoo`, and the few things a person looks for."""
    return {
        "zoo": json.dumps(facts, sort_keys=True, ensure_ascii=False),
        "zoo.id": str(facts["id"]),
        "zoo.task": str(facts["task"]),
        "zoo.contract": str(facts["contract"]),
    }
