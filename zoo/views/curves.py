"""The history of a run, from the lines of its `metrics.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo.errors import IntegrityError
from zoo.plugins import resolve
from zoo.report.curves import Curves
from zoo.views.subject import LeftOut, Subject

PLACE = ("kind", "step", "epoch", "examples", "seconds")
"""What a line says of where it stands; all else are metrics."""
Lines = Sequence[Mapping[str, Any]]


def curves(subject: Subject) -> Curves:
    """Metrics over steps and epochs.

    Raises:
        LeftOut: there are no two points to join.
        IntegrityError: the lines are not such as a run writes.
    """
    try:
        steps = [line for line in subject.lines if line["kind"] == "step"]
        epochs = [line for line in subject.lines if line["kind"] == "epoch"]
        if max(len(steps), len(epochs)) < 2:
            one = "its history is one step long" if steps or epochs else "nothing was stepped: it has no history"
            raise LeftOut(subject.gap or one)
        return _curves(subject, steps, epochs)
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"The history of {subject.id} is none that a run writes: {type(error).__name__}: {error}.") from error


def _curves(subject: Subject, steps: Lines, epochs: Lines) -> Curves:
    task = resolve(subject.spec.task, owner=subject.spec.id)
    by_epoch: dict[str, dict[str, np.ndarray]] = {}
    for key in _metrics(epochs):
        split, _, metric = key.partition("_")
        if metric:
            by_epoch.setdefault(split, {})[metric] = _column(epochs, key)
    wanted = {metric for values in by_epoch.values() for metric in values}
    # Figures of a step that no epoch sums up (a learning rate) are no metrics; before the first epoch's end there is no telling.
    by_step = {key: _column(steps, key) for key in _metrics(steps) if not wanted or key in wanted}
    return Curves(
        id=subject.id,
        steps=np.array([line["step"] for line in steps], np.int64),
        by_step=by_step,
        epochs=np.array([line["epoch"] for line in epochs], np.int64),
        ends=np.array([line["step"] for line in epochs], np.int64),
        by_epoch={split: by_epoch[split] for split in sorted(by_epoch, key=lambda split: split != "train")},
        judged=task.metric,
        higher_is_better=task.higher_is_better,
    )


def _metrics(lines: Lines) -> list[str]:
    """Names of what the lines measure, in their order."""
    return [key for key in dict.fromkeys(key for line in lines for key in line) if key not in PLACE]


def _column(lines: Lines, key: str) -> np.ndarray:
    """One figure of all lines, float64 [lines]; what is no number, as JSON has no infinity, is written as a word."""
    return np.array([float(line.get(key, np.nan)) for line in lines])
