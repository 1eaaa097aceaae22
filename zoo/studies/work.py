"""What a worker does: take a trial, train it, say what came of it, until there is none left."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.errors import NonFiniteError, UnknownName, UsageError, ZooError
from zoo.progress import Advance, Progress
from zoo.registry import Registry
from zoo.report.tables import figure
from zoo.studies.board import Board, Claimed, Result
from zoo.studies.points import Plan
from zoo.study import CannotBatch

RUNS = "runs"
"""Folder of the trainings within a study's."""


@dataclass(frozen=True)
class News:
    """What a worker tells.

    Args:
        done: trials that are done since the last time.
        note: a line for the person who waits.
        detail: where the training stands.
    """

    done: int = 0
    note: str = ""
    detail: str = ""


Tell = Callable[[News], None]


def work(plan: Plan, board: Board, output: Path, device: str, registry: Registry, tell: Tell) -> None:
    """Train trials until none is left to take.

    Args:
        plan: whose they are.
        board: where they hang.
        output: folder of the study.
        device: as `zoo train --device` takes it.
        registry: of models and data.
        tell: who is told.

    Raises:
        ZooError: what stands in the way of any trial; the one under way is left for the next worker.
        KeyboardInterrupt: asked to stop; likewise.
    """
    from zoo.studies.batched import Together
    from zoo.studies.evaluate import Evaluator

    progress = _Steps(tell)
    single = Evaluator(plan, output / RUNS, device, registry)
    together = Together(plan, device, registry, progress) if plan.spec.batch else None
    while claimed := board.claim(plan.spec.together if together else 1):
        if together:
            tell(News(detail=f"{len(claimed)} trials as one computation"))
            try:
                for one, result in zip(claimed, together(claimed), strict=True):
                    _finish(board, one, result, tell, quiet=True)
                continue
            except CannotBatch as error:
                together = None
                tell(News(note=f"each trial is trained by itself: {error}"))
        for one in claimed:
            if one.result is not None:  # its worker died between the two last words
                _finish(board, one, one.result, tell)
                continue
            progress.label = _named(one)
            try:
                result = single(one, progress)
            except Exception as error:
                if not _of_its_own(error):
                    raise
                said = _said(error)
                board.fail(one, said)
                tell(News(done=1, note=f"{_named(one)}: {said}"))
                continue
            _finish(board, one, result, tell)


def _finish(board: Board, one: Claimed, result: Result, tell: Tell, *, quiet: bool = False) -> None:
    """Write down what came of a trial, and tell."""
    if not math.isfinite(result.value):
        board.fail(one, f"its {board.plan.spec.metric} is {result.value}")
        tell(News(done=1, note=f"{_named(one)}: the {board.plan.spec.metric} is {result.value}"))
        return
    kept = board.finish(one, result)
    metric = board.plan.spec.metric.replace("_", " ")
    said = f"{_named(one)}: {metric} {figure(result.value)}, {result.seconds:,.1f} s"
    if not kept:
        said = f"{_named(one)}: another worker has it; this one's figure is left out"
    tell(News(done=int(kept), note="" if quiet and kept else said))


def _of_its_own(error: Exception) -> bool:
    """Whether a trial alone is to blame, by what it was trained with: a finding, not a mishap. Others can be trained."""
    if isinstance(error, ZooError):
        return isinstance(error, NonFiniteError | UsageError) and not isinstance(error, UnknownName)  # the study's own metric, say
    from torch import AcceleratorError

    return not isinstance(error, OSError | AcceleratorError)  # a full disk, or a GPU that is gone, stops whatever comes next


def _said(error: Exception) -> str:
    """Why a trial has no figure, in one sentence."""
    if isinstance(error, ZooError):
        return str(error.args[0]).partition(" The last good checkpoint")[0]  # which nobody needs: its recipe diverges
    return f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def _named(one: Claimed) -> str:
    """A trial in words."""
    return f"trial {one.index}: {worded(one.parameters)}" + (" (taken up again)" if one.again else "")


def worded(parameters: Mapping[str, Any]) -> str:
    """Parameters in words."""
    return ", ".join(f"{name} {shown(value)}" for name, value in parameters.items())


def shown(value: object) -> str:
    """A parameter as a person reads it."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


class _Steps(Progress):
    """Turns the bars of a training into a detail beside the study's own bar; what it says else is left out."""

    def __init__(self, tell: Tell) -> None:
        self.tell, self.label = tell, ""

    @contextmanager
    def bar(self, label: str, total: float | None, *, unit: str = "", done: float = 0) -> Iterator[Advance]:
        del label

        def advance(amount: float = 1, *, detail: str = "") -> None:
            nonlocal done
            done += amount
            at = f"{done:,.0f} of {total:,.0f} {unit}" if total else f"{done:,.0f} {unit}"
            self.tell(News(detail=f"{self.label}  {at} {detail}".strip()))

        yield advance
