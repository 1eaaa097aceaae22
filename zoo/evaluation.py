"""The figures of a model over a split of its data: of an artifact by onnxruntime, of a training run by PyTorch."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.api import RUNS, SILENT
from zoo.artifacts import artifact_path
from zoo.data.dataset import Dataset, Split, length
from zoo.data.load import load_dataset
from zoo.errors import UnknownName, UsageError
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.registry import registry as default_registry
from zoo.runtime.model import Model
from zoo.runtime.model import open as open_model
from zoo.spec import ModelSpec, Recipe
from zoo.text import words_of
from zoo.text.batches import like_length

if TYPE_CHECKING:
    from zoo.training.task import Score

BATCH = 512
"""Examples that onnxruntime is asked about at once."""
SENTENCES = 64
PADDED = 8192
"""Sentences at once, and words of them, padding counted: they take the room, and the time, of the longest."""


@dataclass(frozen=True)
class Evaluation:
    """What was measured.

    Args:
        id: of the model.
        path: of the artifact, or of the run.
        engine: that computed, with its version, and on what.
        data: their id.
        sha256: of all their arrays.
        same: whether they are those that the model was trained on.
        split: that was asked about.
        examples: in it.
        scores: by metric.
        answers: that were judged, where there are any: output → array, its first axis the examples; text as objects `str`.
        seconds: it took.
    """

    id: str
    path: Path
    engine: str
    data: str
    sha256: str
    same: bool
    split: str
    examples: int
    scores: Mapping[str, Score]
    answers: Mapping[str, np.ndarray]
    seconds: float

    @property
    def texts(self) -> np.ndarray:
        """The answers that are text, one for each example: objects `str` [examples].

        Raises:
            UsageError: there are none.
        """
        found = [array for array in self.answers.values() if array.dtype == object and array.ndim == 1]
        if len(found) != 1:
            raise UsageError(f"{self.id} gives no text for each example, so there is nothing to save.")
        return found[0]

    def facts(self) -> dict[str, Any]:
        """As JSON, without the answers."""
        return {
            "id": self.id,
            "path": str(self.path),
            "engine": self.engine,
            "data": self.data,
            "sha256": self.sha256,
            "same_data": self.same,
            "split": self.split,
            "examples": self.examples,
            "seconds": self.seconds,
            "metrics": {name: score.value for name, score in self.scores.items()},
            "signatures": {name: score.signature for name, score in self.scores.items() if score.signature},
        }


def evaluate(
    model: str | Path | None = None,
    *,
    run: str | Path | None = None,
    split: str = "test",
    runs: str | Path = RUNS,
    artifacts: str | Path | None = None,
    data: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    provider: str = "cpu",
    device: str = "auto",
    progress: Progress = SILENT,
    registry: Registry | None = None,
) -> Evaluation:
    """Measure an artifact, or a run, on a split.

    Args:
        model: an artifact: id, architecture or path; it is asked through onnxruntime.
        run: in its place a finished run: a folder, `id/n`, or an id; it is asked through PyTorch, in float32.
        split: `"train"`, `"validation"`, `"test"`, or what else the data have.
        runs: folder of runs.
        artifacts: folder of artifacts that is looked in first.
        data: your own data, in place of those that the model was trained on.
        columns: of a file of sentence pairs: `{"source": "0", "target": "1"}`.
        provider: of onnxruntime.
        device: of PyTorch.
        progress: who is told.
        registry: of another set of plugins.

    Raises:
        UsageError: both or neither are given; the data are no longer known and none are given, or do not fit the model.
        UnknownName: there is no such artifact, run or split.
        DataError: the data cannot be had, or are no longer those of the run.
        IntegrityError: a file is damaged.
    """
    registry = registry or default_registry()
    own = _Own(Path(data) if data is not None else None, dict(columns or {}))
    if (model is None) == (run is None):
        raise UsageError("An artifact or a run is measured; give one of them.", hint="zoo eval MODEL")
    if run is not None:
        return _of_run(run, split, Path(runs), own, device, progress, registry)
    assert model is not None
    path = model if isinstance(model, Path) else artifact_path(model, artifacts, registry)
    return _of_artifact(open_model(path, providers=(provider,)), split, own, progress, registry)


@dataclass(frozen=True)
class _Own:
    """A person's own data, if they gave any."""

    path: Path | None
    columns: Mapping[str, str]

    @property
    def given(self) -> bool:
        return self.path is not None or bool(self.columns)

    def load(self, spec: ModelSpec, registry: Registry, progress: Progress) -> Dataset:
        return load_dataset(registry.dataset(spec.dataset), own=self.path, name=None, progress=progress, columns=self.columns)


def _of_artifact(model: Model, split: str, own: _Own, progress: Progress, registry: Registry) -> Evaluation:
    import onnxruntime

    from zoo.training.build import make_task

    manifest, spec, splits = model.manifest, registry.model(model.manifest.base), None
    if manifest.config:
        from zoo.exporting.given import configured

        spec, splits = configured(spec, manifest.config)
    _check_whole(model, spec)
    if not own.given and manifest.dataset.id != spec.dataset:
        raise UsageError(
            f"{model.id} was trained on someone's own data, {manifest.dataset.id}, which an artifact does not bring; give them "
            "with --data.",
            hint=f"zoo eval {model.id} --data PATH",
        )
    dataset = own.load(spec, registry, progress)
    if splits is not None:
        dataset = replace(dataset, splits=splits)
    _check_classes(model.id, model.classes, dataset)
    arrays = _split(dataset, split)
    task = make_task(spec, _recipe(manifest.recipe), dataset)
    _tell(model.id, manifest.dataset.sha256, dataset, progress)
    began = time.monotonic()
    answers = _answers(model, task.given(arrays), progress)
    return Evaluation(
        id=model.id,
        path=model.path,
        engine=f"onnxruntime {onnxruntime.__version__} on {model.providers[0]}",
        data=dataset.id,
        sha256=dataset.sha256,
        same=dataset.sha256 == manifest.dataset.sha256,
        split=split,
        examples=length(arrays),
        scores=task.score(answers, arrays),
        answers=answers,
        seconds=time.monotonic() - began,
    )


def _of_run(run: str | Path, split: str, runs: Path, own: _Own, device: str, progress: Progress, registry: Registry) -> Evaluation:
    import torch

    from zoo.exporting.source import find_finished
    from zoo.training.build import make_task, spec_of
    from zoo.training.device import pick_device
    from zoo.training.parent import trained_module
    from zoo.training.train import data_of

    place = pick_device(device)
    found = find_finished(None, run, runs)
    state, spec = found.state, spec_of(found, registry)
    own = replace(own, columns=own.columns or (state.data.columns if own.path else {}))  # those it was trained on
    dataset = own.load(spec, registry, progress) if own.given else data_of(found, registry, progress)
    _check_classes(state.id, state.classes, dataset)
    arrays = _split(dataset, split)
    task = make_task(spec, found.recipe, dataset)
    module = trained_module(found, registry).to(place)
    _tell(state.id, state.data.sha256, dataset, progress)
    began = time.monotonic()
    scores, answers = task.examine(module, arrays, place, progress)
    return Evaluation(
        id=state.id,
        path=found.path,
        engine=f"PyTorch {torch.__version__} on {place}",
        data=dataset.id,
        sha256=dataset.sha256,
        same=dataset.sha256 == state.data.sha256,
        split=split,
        examples=length(arrays),
        scores=scores,
        answers=answers,
        seconds=time.monotonic() - began,
    )


def _split(dataset: Dataset, name: str) -> Split:
    if name not in dataset.splits:
        raise UnknownName(f"split of {dataset.id} called", name, dataset.splits)
    return dataset.splits[name]


def _check_classes(model: str, classes: tuple[str, ...], dataset: Dataset) -> None:
    """Labels are numbers: what they mean must be the same to the model and to the data."""
    if classes != dataset.classes:
        theirs, ours = (", ".join(names[:5]) + ", …" * (len(names) > 5) or "none" for names in (dataset.classes, classes))
        raise UsageError(f"The data {dataset.id} have the classes {theirs}; {model} knows {ours}.")


def _recipe(plain: Mapping[str, Any] | None) -> Recipe | None:
    """What a manifest says; `None` where nothing was learned, or in words of another version."""
    import msgspec

    try:
        return msgspec.convert(plain, Recipe | None)
    except msgspec.ValidationError:
        return None


def _check_whole(model: Model, spec: ModelSpec) -> None:
    """Raise `UsageError` where the artifact is a part of a model, which has no figures of its own."""
    inputs, outputs = ({tensor.name for tensor in tensors} for tensors in (model.inputs, model.outputs))
    if inputs != {tensor.name for tensor in spec.inputs} or not outputs >= {tensor.name for tensor in spec.outputs}:
        said = "; ".join(map(str, model.outputs))
        raise UsageError(
            f"{model.id} is a part of {spec.id} and answers {said}, which has no metric of its own.", hint=f"zoo eval {spec.id}"
        )


def _tell(model: str, trained: str, dataset: Dataset, progress: Progress) -> None:
    if trained != dataset.sha256:
        progress.note(f"warning: the data {dataset.id} ({dataset.sha256[:12]}) are not those of {model} ({trained[:12]})")


def _answers(model: Model, given: Mapping[str, np.ndarray], progress: Progress) -> dict[str, np.ndarray]:
    """All answers, in the order of the examples; text as objects."""
    examples = len(next(iter(given.values())))
    answers: dict[str, np.ndarray] = {}
    with progress.bar(model.id, examples, unit="examples") as advance:
        for part in _parts(given, examples):
            for name, value in model.answer({name: array[part] for name, array in given.items()}).items():
                if name not in answers:
                    dtype = object if value.dtype.kind == "U" else value.dtype
                    answers[name] = np.empty((examples, *value.shape[1:]), dtype)
                answers[name][part] = value.astype(answers[name].dtype)
            advance(len(part))
    return answers


def _parts(given: Mapping[str, np.ndarray], examples: int) -> Iterator[np.ndarray]:
    """Places that are asked about at once, int64 each; texts of like length together."""
    texts = [array for array in given.values() if array.dtype == object]
    if not texts:
        yield from np.split(np.arange(examples), range(BATCH, examples, BATCH))
        return
    sizes = [len(words_of(str(text))) + 1 for text in texts[0]]
    order = sorted(range(examples), key=sizes.__getitem__)
    yield from map(np.array, like_length(order, sizes, most=SENTENCES, padded=PADDED))
