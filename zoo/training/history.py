"""The history of a run, and what of it is gone."""

from __future__ import annotations

from typing import Any

from zoo.plugins import resolve
from zoo.spec import ModelSpec
from zoo.training.run import Run
from zoo.training.task import SolvedTask


def history(run: Run, spec: ModelSpec) -> tuple[tuple[dict[str, Any], ...], str | None]:
    """The lines of a run's `metrics.jsonl` that can be read, and what is missing of them, as a clause: its file, and what can be
    done; `None` where they are whole, or where none are written: of a model that is solved, or before the first step.

    Args:
        run: that is asked about.
        spec: of its model.
    """
    lines, file, state = tuple(run.lines()), run.metrics_file, run.state
    if not state.step or issubclass(resolve(spec.task, owner=spec.id), SolvedTask):
        return lines, None
    if not file.is_file():
        return lines, _said(run, "is missing")
    last = lines[-1]["step"] if lines else 0
    with file.open("rb") as stream:
        written = sum(1 for _ in stream)
    # A run that was killed may end in half a line; one that is finished ends with an epoch's.
    whole = written == len(lines) and lines and lines[-1]["kind"] == "epoch"
    if last >= state.step and (whole or state.status != "finished"):
        return lines, None
    if not written:
        return lines, _said(run, "is empty")
    if len(lines) < written:
        return lines, _said(run, f"is damaged in line {len(lines) + 1:,} of {written:,}")
    return lines, _said(run, f"is cut short: it ends at step {last:,} of {state.step:,}")


def _said(run: Run, what: str) -> str:
    return f"its history {run.metrics_file} {what}; put it back from a copy, or train anew"
