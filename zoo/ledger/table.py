"""Records as tables."""

from __future__ import annotations

from collections.abc import Iterable

from zoo.ledger.records import Record
from zoo.ledger.verdict import Row
from zoo.report.tables import asked, figure, markdown_table
from zoo.spec import Reference

HEADER = ("model", "metric", "mean ± s.d.", "published", "verdict", "seeds no worse", "training", "device")


def mean(row: Row) -> str:
    """`0.9813 ± 0.0017`; one value alone has no deviation."""
    return f"{figure(row.mean)} ± {row.deviation:.4f}" if len(row.values) > 1 else figure(row.mean)


def cells(record: Record) -> list[tuple[str, ...]]:
    """A line for each published figure of a model; one line of its own metrics where none was published."""
    lines: list[tuple[str, ...]] = [
        (
            row.id,
            row.metric,
            mean(row),
            asked(row.rule, row.published),
            row.verdict,
            f"{row.reached} of {len(row.values)}",
            f"{row.seconds:,.1f} s" if row.seconds else "",
            f"{row.device}, {row.precision}",
        )
        for row in record.rows
    ]
    if lines or not record.seeds:
        return lines
    made: list[tuple[str, ...]] = []
    for metric in record.seeds[0].metrics:
        values = [seed.metrics[metric] for seed in record.seeds if metric in seed.metrics]
        spread = f"{figure(min(values))} to {figure(max(values))}" if len(values) > 1 else figure(values[0])
        seconds = sum(seed.seconds for seed in record.seeds) / len(record.seeds)
        first = record.seeds[0]
        count = str(len(values))
        made.append(
            (record.id, metric, spread, "", "nothing published", count, f"{seconds:,.1f} s", f"{first.device}, {first.precision}")
        )
    return made


def markdown(records: Iterable[Record], open_rows: Iterable[tuple[str, Reference]] = ()) -> str:
    """The ledger in Markdown, with the notes below it.

    Args:
        records: in the order of the table.
        open_rows: ids with their references that have no record yet: they stand in the table as open.
    """
    kept = list(records)
    lines = [(f"`{cell[0]}`", *cell[1:]) for record in kept for cell in cells(record)]
    for model, reference in open_rows:
        lines.append((f"`{model}`", reference.metric, "", asked(reference.rule, reference.value), "open", "", "", ""))
    text = markdown_table(list(HEADER), lines)
    notes = [f"- `{record.id}`: {record.note}" for record in kept if record.note]
    return "\n".join([text, "", *notes]) if notes else text
