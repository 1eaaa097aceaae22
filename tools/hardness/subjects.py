"""The true things that are to be damaged: stopped and finished runs, and artifacts, made by the product itself."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zoo import api
from zoo.data.idx import write_idx
from zoo.progress import Advance, Progress

STEPS = 12
STOP = 8
EVERY = 3


@dataclass(frozen=True)
class Subject:
    """One trained model.

    Args:
        finished: folder of its finished run.
        stopped: folder of the same run stopped by Ctrl-C after `STOP` of `STEPS` steps, with two checkpoints.
        weights: hash of the finished run's weights, which a resumed one must have, too.
        artifact: folder of its artifact.
    """

    finished: Path
    stopped: Path
    weights: str
    artifact: Path


class StopAt(Progress):
    """Presses Ctrl-C after a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    @contextmanager
    def bar(self, label: str, total: float | None, *, unit: str = "", done: float = 0) -> Iterator[Advance]:
        del label, total, unit
        at = done

        def advance(amount: float = 1, *, detail: str = "") -> None:
            nonlocal at
            del detail
            at += amount
            if at == self.step:
                signal.raise_signal(signal.SIGINT)

        yield advance


def write_pictures(folder: Path, seed: int = 0) -> None:
    """A person's own data: 200 + 100 pictures of ten classes, a bright bar in noise each, as idx files."""
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for prefix, count in (("train", 200), ("t10k", 100)):
        labels = np.arange(count) % 10
        images = random.integers(0, 60, (count, 28, 28), dtype=np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[:, 2 * label + 4 : 2 * label + 6] = 250
        write_idx(folder / f"{prefix}-images-idx3-ubyte", images)
        write_idx(folder / f"{prefix}-labels-idx1-ubyte", labels.astype(np.uint8))


def make(folder: Path, names: tuple[str, ...] = ("camera", "logreg", "cnn")) -> dict[str, Subject]:
    """Subjects by name, made in `folder`, or found there if they were made before.

    Args:
        folder: theirs alone.
        names: `"camera"` (RMSprop), `"logreg"` (plain gradient descent), `"cnn"` (AdamW, batch normalisation, augmentation).
    """
    write_pictures(folder / "pictures")
    return {name: _subject(folder, name) for name in names}


def _subject(folder: Path, name: str) -> Subject:
    model = {"camera": "camera.trained", "logreg": "logreg.gd", "cnn": "cnn.fast"}[name]
    own = {} if name == "camera" else {"data": folder / "pictures", "name": "small"}
    id = "camera.trained" if name == "camera" else f"{name}.small"  # noqa: A001
    finished, stopped = folder / "finished" / id / "1", folder / "stopped" / id / "1"
    options = {"recipe": {"steps": STEPS, "batch_size": 50, "precision": "fp32"}, "checkpoint_every": EVERY, "device": "cpu"}
    if not (finished / "run.json").exists():
        api.train(model, output=folder / "finished", **options, **own)  # type: ignore[arg-type]
        with suppress(KeyboardInterrupt):
            api.train(model, output=folder / "stopped", progress=StopAt(STOP), **options, **own)  # type: ignore[arg-type]
        api.export(run=finished, output=folder / "exported")
    from zoo.training.run import Run

    weights = Run.open(finished).state.weights
    assert weights is not None
    return Subject(finished, stopped, weights, folder / "exported" / id)
