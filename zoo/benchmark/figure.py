"""Reports and comparisons as the lines of a plot, explanations as bars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from zoo.benchmark.explanation import BETWEEN
from zoo.benchmark.modules import NETWORK, PARTS
from zoo.benchmark.report import BenchReport, Latency, Row
from zoo.benchmark.values import Interval, threads_text
from zoo.report.breakdown import Bar, Block, BreakdownPlot
from zoo.report.latency import LatencyPlot, Series

if TYPE_CHECKING:
    from zoo.benchmark.compare import Compared, Comparison
    from zoo.benchmark.explanation import Explanation, Slice

R = TypeVar("R", "Row", "Compared")


def report_plot(report: BenchReport) -> LatencyPlot:
    """Latency of ours and of each peer, and the ratios with the control among them."""
    peers = list(dict.fromkeys(name for row in report.rows for name in row.against))
    times = _lines("ours", report.rows, lambda row: _band(row.latency))
    ratios = []
    for name in peers:
        rows = [row for row in report.rows if name in row.against]
        times += _lines(name, rows, lambda row, name=name: _band(row.against[name].latency))  # type: ignore[misc]
        ratios += _lines(name, rows, lambda row, name=name: _ends(row.against[name].ratio))  # type: ignore[misc]
    ratios += _lines("control: ours, entered twice", report.rows, lambda row: _ends(row.noise.control))
    notes = [f"{report.machine.cpu}, cores: {report.machine.cores}; onnxruntime {report.machine.onnxruntime} on {report.provider}"]
    if report.reason is not None:
        notes.append(f"Too noisy to conclude: {report.reason}")
    return LatencyPlot(
        title=f"{report.id}: time of a call",
        notes=tuple(notes),
        times=_told_apart(times, times + ratios),
        ratios=_told_apart(ratios, times + ratios),
        band="median; shaded: to the 90th percentile",
        ratio="time ÷ ours, 95 % intervals",
    )


def explained_plot(report: BenchReport) -> BreakdownPlot:
    """Where the time of a call goes, at each batch size."""
    return BreakdownPlot(
        title=f"{report.id}: where the time of a call goes",
        notes=(
            f"{report.machine.cpu}, cores: {report.machine.cores}; onnxruntime {report.machine.onnxruntime} on {report.provider}.",
            "Shares of a call of onnxruntime, from its own profile less the profile's cost; below each bar the 95 % interval.",
        ),
        kinds=(*PARTS, BETWEEN),
        blocks=tuple(
            Block(
                heading=f"{one.condition}: {one.call_ms:.3g} ms",
                modules=_bars(one, one.modules, lambda slice_: slice_.name.partition(": ")[0]),
                operators=_bars(one, one.operators, lambda _: NETWORK),
            )
            for one in report.explanations
        ),
    )


def _bars(one: Explanation, slices: Sequence[Slice], kind: Callable[[Slice], str]) -> tuple[Bar, ...]:
    """A bar for each slice, and one for what no node takes."""
    whole = one.whole_ms
    bars = [
        Bar(part.name.rpartition(": ")[2], kind(part), part.share, part.low_ms / whole, part.high_ms / whole) for part in slices
    ]
    between = one.between_ms / whole
    return (*bars, Bar(BETWEEN, BETWEEN, between, between, between))


def comparison_plot(found: Comparison, a: BenchReport, b: BenchReport) -> LatencyPlot:
    """Latency of both, and B ÷ A."""
    keys = {(row.batch, row.threads, row.level) for row in found.rows}
    names = (f"A: {a.id}, {a.created}", f"B: {b.id}, {b.created}")
    times: list[Series] = []
    for name, report in zip(names, (a, b), strict=True):
        rows = [row for row in report.rows if (row.batch, row.threads, row.level) in keys]
        times += _lines(name, rows, lambda row: _band(row.latency))
    notes = [
        f"Not interleaved: within the grey band ({found.drift:.0%}) nothing is concluded.",
        *(f"{one.what}: A {one.a}; B {one.b}" for one in found.differences),
    ]
    if found.reason is not None:
        notes.append(f"Too noisy to conclude: {found.reason}")
    ratios = _lines("B ÷ A", found.rows, lambda row: _ends(row.ratio))
    return LatencyPlot(
        title=f"{a.id} and {b.id}: time of a call" if a.id != b.id else f"{a.id}: time of a call, two reports",
        notes=tuple(notes),
        times=_told_apart(times, times + ratios),
        ratios=_told_apart(ratios, times + ratios),
        band="median; shaded: to the 90th percentile",
        ratio="time of B ÷ A, 95 % intervals",
        margin=found.drift,
    )


def _lines(name: str, rows: Sequence[R], figures: Callable[[R], tuple[float, float, float]]) -> list[Series]:
    """One line for each number of threads and level."""
    levels = {row.level for row in rows}
    lines = []
    for threads, level in dict.fromkeys((row.threads, row.level) for row in rows):
        chosen = sorted((row for row in rows if (row.threads, row.level) == (threads, level)), key=_batch)
        values, low, high = zip(*(figures(row) for row in chosen), strict=True)
        variant = threads_text(threads) + (f", level {level}" if levels != {"all"} else "")
        lines.append(Series(name, variant, tuple(row.batch for row in chosen), values, low, high))
    return lines


def _told_apart(several: Sequence[Series], every: Sequence[Series]) -> tuple[Series, ...]:
    """With one batch size no line is drawn that its kind could tell apart: there the variant goes into the name."""
    if len({batch for one in every for batch in one.batches}) > 1 or len({one.variant for one in every}) == 1:
        return tuple(several)
    return tuple(replace(one, name=f"{one.name}, {one.variant}", variant="") for one in several)


def _batch(row: Row | Compared) -> int:
    return row.batch


def _band(latency: Latency) -> tuple[float, float, float]:
    """Median, and the band from it to the 90th percentile (of very few calls that may lie below it)."""
    return latency.p50_ms, latency.p50_ms, max(latency.p50_ms, latency.p90_ms)


def _ends(interval: Interval) -> tuple[float, float, float]:
    return interval.value, interval.low, interval.high
