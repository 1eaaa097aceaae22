"""A study's table, in Markdown."""

from __future__ import annotations

import statistics

from zoo.report.tables import figure, markdown_table
from zoo.studies.points import Label, Plan
from zoo.studies.record import Record, TrialRecord
from zoo.studies.work import shown, worded
from zoo.study import CASE


def table_of(record: Record, plan: Plan) -> str:
    """Title, what was done, the figures, and what they were computed with."""
    spec = record.study
    lines = [f"# {spec.name}", ""]
    lines += [f"{spec.summary}.", ""] if spec.summary else []
    lines += [f"{sentence}" for sentence in facts(record, plan)]
    header, rows = matrix(record, plan) if len(plan.tables) == 2 and not spec.space else listing(record, plan)
    lines += ["", markdown_table(header, rows)]
    failed = [trial for trial in record.trials if trial.status == "failed"]
    if failed:
        lines += ["", "Trials without a figure:", ""]
        lines += [f"- {words(trial)}: {trial.error}" for trial in failed]
    lines += [
        "",
        *dict.fromkeys(
            f"Computed on {place.device} in {place.precision}, torch {place.versions.get('torch')}." for place in record.computed
        ),
    ]
    return "\n".join(dict.fromkeys(lines[:2])) + "\n" + "\n".join(lines[2:]) + "\n"


def facts(record: Record, plan: Plan) -> list[str]:
    """What was trained and measured, in list items."""
    spec = record.study
    seeds = (
        f"seed {spec.seeds[0]}" if len(spec.seeds) == 1 else f"mean ± standard deviation of seeds {', '.join(map(str, spec.seeds))}"
    )
    found = [f"- Model: `{spec.model}`" + "".join(f", {path} = {shown(value)}" for path, value in spec.fixed.items())]
    if spec.source:
        found.append(f"- Source: {spec.source}")
    found.append(f"- Measured: {measured(record)}; {seeds}")
    found.append(
        f"- Trials: {len(record.finished):,} of {plan.size:,}, {sum(trial.seconds for trial in record.trials):,.0f} s of training"
    )
    if spec.expectation:
        found.append(f"- Expected: {spec.expectation}")
    if record.best is not None:
        found.append(f"- Best: {words(record.best)} with {spec.metric} {value_of(record.best)}")
    return found


def measured(record: Record) -> str:
    """Metric and split, and what that means for a choice."""
    spec = record.study
    metric = spec.metric.replace("_", " ")
    if spec.split == "test":
        return f"{metric} on the test split: a published curve, by which nothing is chosen"
    return f"{metric} on validation examples held out of the training split"


def words(trial: TrialRecord) -> str:
    """A trial's parameters."""
    return worded(trial.parameters)


def value_of(trial: TrialRecord) -> str:
    """Its figure, with the deviation over seeds; a bar where it has none."""
    if trial.value is None:
        return "–"
    return figure(trial.value) + (f" ± {statistics.stdev(trial.values):.4f}" if len(trial.values) > 1 else "")


def title_of(plan: Plan, name: str) -> str:
    """What a parameter is called in tables and on axes."""
    axis = plan.spec.axes.get(name)
    return axis.title if axis and axis.title else name.removeprefix("config.").replace("_", " ")


def matrix(record: Record, plan: Plan) -> tuple[list[str], list[list[str]]]:
    """A grid of two directions: the first down, the second across."""
    down, across = plan.tables
    found: dict[tuple[Label, Label], str] = {
        (trial.parameters[down], trial.parameters[across]): value_of(trial) for trial in record.trials
    }
    corner = title_of(plan, down) if across == CASE else f"{title_of(plan, down)} ↓ {title_of(plan, across)} →"
    header = [corner, *(shown(label) for label in plan.tables[across])]
    rows = [[shown(one), *(found.get((one, other), "–") for other in plan.tables[across])] for one in plan.tables[down]]
    return header, rows


def listing(record: Record, plan: Plan) -> tuple[list[str], list[list[str]]]:
    """A row for each trial; of a sampled search the best first."""
    spec = record.study
    trials = list(record.trials)
    if spec.space:
        sign = -1 if spec.higher_is_better else 1
        trials.sort(key=lambda trial: sign * trial.value if trial.value is not None else float("inf"))
    header = ["trial", *(title_of(plan, name) for name in plan.names), spec.metric.replace("_", " "), "seconds"]
    rows = []
    for trial in trials:
        values = [shown(trial.parameters.get(name, "–")) for name in plan.names]
        rows.append([str(trial.index), *values, value_of(trial), f"{trial.seconds:,.1f}"])
    return header, rows
