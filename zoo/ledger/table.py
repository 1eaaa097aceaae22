"""Records as tables."""

from __future__ import annotations

import statistics
from collections.abc import Container, Iterable, Sequence

from zoo.ledger.records import Record
from zoo.ledger.verdict import reached, verdict
from zoo.plugins import resolve
from zoo.report.tables import PLACES, asked, decimals, figure, markdown_table
from zoo.spec import ModelSpec, Reference

HEADER = ("model", "metric", "mean ± s.d.", "published", "verdict", "seeds no worse", "training", "device")


def mean(values: Sequence[float], places: int = PLACES) -> str:
    """`0.9813 ± 0.0017`; one value alone has no deviation."""
    spread = f" ± {statistics.stdev(values):.{places}f}" if len(values) > 1 else ""
    return figure(statistics.fmean(values), places) + spread


def cells(spec: ModelSpec, record: Record, *, stale: bool = False) -> list[tuple[str, ...]]:
    """A line for each published figure of a model; one line of its task's metric where none was published.

    Args:
        spec: of the model, as it is now.
        record: of its seeds; the rows that it holds are not looked at.
        stale: the seeds are of another recipe, or of other data or plugin files, than the model has now: nothing follows from them.
    """
    wanted: list[tuple[str, Reference | None]] = [(reference.metric, reference) for reference in spec.references]
    if not wanted:
        wanted = [(resolve(spec.task, owner=spec.id).metric, None)]
    lines: list[tuple[str, ...]] = []
    for metric, reference in wanted:
        seeds = [seed for seed in record.seeds if metric in seed.metrics]
        if not seeds:
            continue
        values = [seed.metrics[metric] for seed in seeds]
        seconds = statistics.fmean(seed.seconds for seed in seeds)
        said = verdict(reference, values, spec.recipe) if reference else ""
        no_worse = sum(reached(reference, value) for value in values) if reference else "–"
        lines.append(
            (
                spec.id,
                metric,
                mean(values, decimals(reference) if reference else PLACES),
                asked(reference) if reference else "",
                "open (stale)" if stale else said,
                f"{no_worse} of {len(values)}",
                f"{seconds:,.1f} s" if seconds else "",
                ", ".join(dict.fromkeys([*(seed.device for seed in seeds), *(seed.precision for seed in seeds)])),
            )
        )
    return lines


def markdown(kept: Iterable[tuple[ModelSpec, Record | None]], stale: Container[str] = ()) -> str:
    """The ledger in Markdown, with the notes below it.

    Args:
        kept: models in the order of the table; what was published of one without a record stands there as open.
        stale: ids of those whose record is (`cells`).
    """
    lines: list[tuple[str, ...]] = []
    notes = []
    for spec, record in kept:
        if record is None:
            lines += [(spec.id, each.metric, "", asked(each), "open", "", "", "") for each in spec.references]
            continue
        lines += cells(spec, record, stale=spec.id in stale)
        if record.note:
            notes.append(f"- `{spec.id}`: {record.note}")
    text = markdown_table(list(HEADER), [(f"`{model}`", *rest) for model, *rest in lines])
    return "\n".join([text, "", *notes]) if notes else text
