"""Writes a folder that Triton serves: one folder a model, from certified artifacts that are there already."""

from __future__ import annotations

import shutil
from pathlib import Path

from zoo.benchmark.report import BenchReport
from zoo.benchmark.saved import load
from zoo.certify.form import read_proof
from zoo.errors import IntegrityError, UsageError
from zoo.files import replacing_folder
from zoo.runtime.artifact import MODEL, Artifact, check
from zoo.spec import Spec
from zoo.triton.config import LABELS, Serving, config_text, default_serving, is_batched, labels_of, measured_serving

CONFIG, VERSION, BENCH = "config.pbtxt", "1", "bench.json"


class Served(Spec):
    """A model in a repository.

    Args:
        id: of the artifact, and Triton's name for it.
        path: its folder in the repository.
        config: its `config.pbtxt`.
        largest: batch that Triton may make; 0 where the signature has none.
        instances: copies.
        measured: whether a benchmark lay beside the artifact.
    """

    id: str
    path: str
    config: str
    largest: int
    instances: int
    measured: bool


def write_model(folder: Path, repository: Path) -> Served:
    """Write `repository/<id>/`, whole or not at all: `config.pbtxt`, `1/model.onnx`, the labels, the model card.

    Args:
        folder: of an artifact. A benchmark that lies in it as `bench.json` decides batches and instances.
        repository: folder of models, made where it is not there.

    Raises:
        IntegrityError: the artifact is not what it claims to be, or its benchmark is of another model.
        UsageError: `folder` is a bare file, or something else lies where the model is to go.
        OSError: it cannot be written.
    """
    if folder.is_file():
        raise UsageError(f"{folder} is a bare file without a certificate; a model repository is made of artifacts' folders.")
    artifact = check(folder)
    manifest, target = artifact.manifest, repository / artifact.manifest.id
    if target.exists() and not (target / CONFIG).is_file():
        raise UsageError(f"{target} is there already, without a {CONFIG}; it should be a model of Triton's, or not be there.")
    _, cases = read_proof(artifact)
    largest = max(len(case.inputs[manifest.inputs[0].name]) for case in cases.values()) if is_batched(manifest) else 0
    report = _report(artifact)
    serving: Serving = default_serving(manifest.id, str(folder)) if report is None else measured_serving(report, largest)
    text = config_text(manifest, serving, largest)
    labels = next(filter(None, (labels_of(manifest, output) for output in manifest.outputs)), ())
    with replacing_folder(target) as beside:
        (beside / VERSION).mkdir()
        (beside / VERSION / MODEL).write_bytes(artifact.model)
        (beside / CONFIG).write_text(text, encoding="utf-8")
        if labels:
            (beside / LABELS).write_text("".join(f"{label}\n" for label in labels), encoding="utf-8")
        for file in (*folder.glob("*.md"), *folder.glob("*.png")):  # the card and what it shows
            shutil.copyfile(file, beside / file.name)
    return Served(
        id=manifest.id, path=str(target), config=text, largest=largest, instances=serving.instances, measured=report is not None
    )


def _report(artifact: Artifact) -> BenchReport | None:
    """The benchmark beside an artifact, if there is one.

    Raises:
        IntegrityError: it is none, or of another model or provider.
    """
    file, manifest = artifact.folder / BENCH, artifact.manifest
    if not file.exists():
        return None
    report, again = load(file), f"zoo bench {manifest.id} --output {file}"
    if report.model_sha256 != manifest.model_sha256:
        raise IntegrityError(f"{file} is of another model than the {MODEL} beside it.", hint=again)
    if report.provider != "cpu":
        raise IntegrityError(f"{file} was measured with the provider {report.provider}; it should be of the CPU.", hint=again)
    return report
