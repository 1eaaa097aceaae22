"""Artifacts as the rungs of a ladder: read, counted and timed; no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from zoo.benchmark.bench import bench
from zoo.benchmark.machine import this_machine
from zoo.errors import IntegrityError, UsageError
from zoo.progress import Progress
from zoo.report.ladder import Ladder, Rung
from zoo.runtime.artifact import read_inside
from zoo.runtime.model import open as open_model
from zoo.runtime.numbers import numbers_of


def ladder(paths: Sequence[Path], *, seconds: float = 0.2, progress: Progress) -> Ladder:
    """The classifiers among the artifacts at `paths` as a ladder, the most accurate first.

    Args:
        paths: folders of artifacts. Those without an accuracy, and those of other data than the most have, are passed over, and
            that is said.
        seconds: of measuring each; one thread, one example a call.
        progress: who is told.

    Raises:
        UsageError: fewer than two are left.
        IntegrityError: one is damaged.
    """
    models = [open_model(path) for path in paths]
    fit = [model for model in models if "accuracy" in model.manifest.metrics]
    sets = [model.manifest.dataset.id for model in fit]
    dataset = max(sets, key=sets.count) if sets else ""
    fit = [model for model in fit if model.manifest.dataset.id == dataset]
    for model in models:
        if model not in fit:
            progress.note(f"{model.manifest.id} is left out: it is no classifier of {dataset or 'any data'}")
    if len(fit) < 2:
        raise UsageError(f"A ladder wants two classifiers of the same data; there are {len(fit)}.", hint="zoo export MODEL")
    rungs = []
    with progress.bar("ladder", len(fit), unit="models") as advance:
        for model in fit:
            found = bench(model.path, batches=(1,), threads=(1,), seconds=seconds, progress=Progress())
            rungs.append(
                Rung(
                    id=model.manifest.id,
                    accuracy=model.manifest.metrics["accuracy"],
                    examples=_examples(model.path),
                    numbers=numbers_of(read_inside(model.path, "model.onnx"), where=model.path),
                    size=found.size,
                    microseconds=1000 * found.rows[0].latency.p50_ms,
                )
            )
            advance(1, detail=model.manifest.id)
    rungs.sort(key=lambda rung: (-rung.accuracy, rung.size))
    here = this_machine()
    return Ladder(dataset, tuple(rungs), f"{here.cpu}, one thread, one picture a call, median; onnxruntime {here.onnxruntime}")


def _examples(folder: Path) -> int:
    """Of the test split, as the certificate has it."""
    try:
        return int(json.loads(read_inside(folder, "certificate.json"))["audit"]["examples"])
    except (ValueError, KeyError, TypeError) as error:
        raise IntegrityError(f"{folder / 'certificate.json'} does not say how many examples were tested: {error!r}.") from error
