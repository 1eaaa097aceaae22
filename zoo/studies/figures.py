"""From a study's trials to its picture."""

from __future__ import annotations

import math
import statistics

import numpy as np

from zoo.report.plot import Plot
from zoo.report.study_curves import EpochCurves
from zoo.report.study_field import Field
from zoo.report.study_lines import Line, Lines
from zoo.report.study_scatter import Panel, Scatter
from zoo.studies.points import Label, Plan
from zoo.studies.record import Record, TrialRecord
from zoo.studies.tables import measured, title_of
from zoo.studies.work import shown
from zoo.study import CASE

FINE = 4
"""Values that each axis of a contour plot needs: with fewer, cells are honester than lines between them."""


def figure_of(record: Record, plan: Plan) -> Plot | None:
    """The picture of a study; `None` where fewer than two trials have a figure."""
    if len(record.finished) < 2:
        return None
    kind: str = record.study.plot
    if kind == "auto":
        kind = _fitting(plan)
    if kind == "curves" and all(trial.curves for trial in record.finished):
        return _curves(record, plan)
    if kind in ("contour", "heat") and len(plan.tables) == 2 and not record.study.space:
        return _field(record, plan, filled=kind == "contour" and _fine(plan))
    if kind == "line" and plan.tables and not record.study.space:
        return _lines(record, plan)
    return _scatter(record, plan)


def _fitting(plan: Plan) -> str:
    """The kind of picture that fits the parameters."""
    if plan.spec.space:
        return "scatter"
    axes = [name for name in plan.tables if name != CASE]
    if len(axes) == 1 or not axes:
        return "line"
    if len(plan.tables) == 2:
        return "contour" if _fine(plan) else "heat"
    return "scatter"


def _fine(plan: Plan) -> bool:
    """Whether both directions are of numbers, and enough of them."""
    return all(_numeric(table) and len(table) >= FINE for table in plan.tables.values())


def _numeric(table: dict[Label, object]) -> bool:
    return all(isinstance(label, int | float) and not isinstance(label, bool) for label in table)


def _log(plan: Plan, name: str) -> int | None:
    """Base of a logarithmic axis: as it was declared, or 10 where the numbers stand more evenly on one than on a plain axis."""
    axis = plan.spec.axes.get(name)
    if axis is not None and axis.log:
        return axis.log
    places = np.array(sorted(plan.tables[name]), float)
    if len(places) < 3 or places[0] <= 0:
        return None
    plain, logarithmic = np.diff(places), np.diff(np.log(places))
    return 10 if logarithmic.std() / logarithmic.mean() < plain.std() / plain.mean() - 1e-9 else None


def _notes(record: Record) -> tuple[str, ...]:
    """Under the title: what was measured, and what to expect."""
    spec = record.study
    metric = measured(record)
    seeds = f"; mean of {len(spec.seeds)} seeds, bars: standard deviation" if len(spec.seeds) > 1 else ""
    expected = f" Expected: {spec.expectation}." if spec.expectation else ""
    return (f"{metric[0].upper()}{metric[1:]}{seeds}.{expected}",)


def _title(record: Record) -> str:
    spec = record.study
    return f"{spec.name}: {spec.summary[0].lower()}{spec.summary[1:]}" if spec.summary else spec.name


def _metric(record: Record) -> str:
    return f"{record.study.split} {record.study.metric}".replace("_", " ")


def _deviation(trial: TrialRecord) -> float:
    return statistics.stdev(trial.values) if len(trial.values) > 1 else 0.0


def _lines(record: Record, plan: Plan) -> Plot:
    """The metric over the first axis; a line for each combination of all else."""
    across = next((name for name in plan.tables if name != CASE), CASE)
    table = plan.tables[across]
    numeric = _numeric(table)
    labels = list(table)
    groups: dict[str, list[TrialRecord]] = {}
    for trial in record.finished:
        rest = ", ".join(
            shown(value) if name == CASE else f"{title_of(plan, name)} {shown(value)}"
            for name, value in trial.parameters.items()
            if name != across
        )
        groups.setdefault(rest, []).append(trial)
    lines = []
    for name, trials in groups.items():
        places = [float(trial.parameters[across]) if numeric else labels.index(trial.parameters[across]) for trial in trials]
        lines.append(
            Line(
                name=name,
                x=tuple(places),
                y=tuple(float(trial.value or 0.0) for trial in trials),
                spread=tuple(_deviation(trial) for trial in trials),
            )
        )
    return Lines(
        title=_title(record),
        notes=_notes(record),
        lines=tuple(lines),
        x_title=title_of(plan, across),
        y_title=_metric(record),
        log=_log(plan, across) if numeric else None,
        words=() if numeric else tuple(shown(label) for label in labels),
        ticks=tuple(float(label) for label in labels) if numeric and len(labels) <= 12 else (),
    )


def _curves(record: Record, plan: Plan) -> Plot:
    """The metric over epochs, a line for each trial; with several seeds their mean."""
    lines = []
    for trial in record.finished:
        length = min(len(curve) for curve in trial.curves)
        curves = np.array([curve[:length] for curve in trial.curves])  # [seeds, epochs]
        name = ", ".join(
            shown(value) if key == CASE else f"{title_of(plan, key)} {shown(value)}" for key, value in trial.parameters.items()
        )
        spread = curves.std(0, ddof=1) if len(curves) > 1 else np.zeros(length)
        lines.append(Line(name=name, x=tuple(range(1, length + 1)), y=tuple(curves.mean(0)), spread=tuple(spread)))
    return EpochCurves(title=_title(record), notes=_notes(record), lines=tuple(lines), y_title=_metric(record))


def _field(record: Record, plan: Plan, *, filled: bool) -> Plot:
    """The metric over two axes: the first across, the second up."""
    across, up = plan.tables
    columns, rows = list(plan.tables[across]), list(plan.tables[up])
    values = np.full((len(rows), len(columns)), math.nan)
    for trial in record.finished:
        values[rows.index(trial.parameters[up]), columns.index(trial.parameters[across])] = trial.value
    return Field(
        title=_title(record),
        notes=_notes(record),
        values=values,
        columns=tuple(columns),
        rows=tuple(rows),
        x_title=title_of(plan, across),
        y_title=title_of(plan, up),
        metric=_metric(record),
        filled=filled,
        log_x=filled and _log(plan, across) is not None,
        log_y=filled and _log(plan, up) is not None,
    )


def _scatter(record: Record, plan: Plan) -> Plot:
    """The metric over each parameter, a point for each trial."""
    panels = []
    values = np.array([trial.value for trial in record.finished], float)
    for name in plan.names:
        found = [trial.parameters[name] for trial in record.finished]
        span, table = plan.spec.space.get(name), plan.tables.get(name) or plan.choices.get(name)
        words = tuple(shown(label) for label in table) if table and not _numeric(table) else ()
        order = list(table) if table else []
        places = [order.index(value) if words else value for value in found]
        log = span.log if span else not words and _log(plan, name) is not None
        panels.append(Panel(title=title_of(plan, name), x=np.array(places, float), log=log, words=words))
    best = record.finished.index(record.best) if record.best is not None else None
    return Scatter(
        title=_title(record), notes=_notes(record), panels=tuple(panels), values=values, metric=_metric(record), best=best
    )
