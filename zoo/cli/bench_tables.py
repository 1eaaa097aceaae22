"""What `zoo bench` prints: reports and comparisons as tables of at most 100 columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from zoo.cli.output import echo_table

if TYPE_CHECKING:
    from zoo.benchmark.compare import Compared, Comparison
    from zoo.benchmark.report import BenchReport, Row
    from zoo.benchmark.values import Interval


def show_report(report: BenchReport) -> None:
    """Latency, then what comes before it, then the peers, then what it holds for."""
    leveled = any(row.level != "all" for row in report.rows)
    percent = f"{100 * report.confidence:g} % interval"
    header, starts = _condition_header(leveled=leveled), _condition_header(leveled=leveled)
    header += ["p50 ms", percent, "p90 ms", "p99 ms", "examples/s", "control"]
    starts += ["load ms", "cold", "first ms", "cold", "memory: loaded MB", "at most MB"]
    latency, start, against = [], [], []
    for row in report.rows:
        condition, ours, begun = _condition(row, leveled=leveled), row.latency, row.start
        control = _span(row.noise.control, _ratio) + (" noisy" if row.noise.reasons else "")
        p99 = "–" if ours.p99_ms is None else ms(ours.p99_ms)
        figures = [ms(ours.p50_ms), _span(ours.p50, ms), ms(ours.p90_ms), p99, f"{ours.examples_per_second:,.0f}"]
        latency.append([*condition, *figures, control])
        memory = [f"{size / 1e6:.1f}" for size in (row.memory.loaded, row.memory.run)] if row.memory else ["–", "–"]
        times = (begun.load_warm_ms, begun.load_cold_ms, begun.first_warm_ms, begun.first_cold_ms)
        start.append([*condition, *map(ms, times), *memory])
        for name, peer in row.against.items():
            cells = [name, ms(peer.latency.p50_ms), _ratio(peer.ratio.value), _span(peer.ratio, _ratio), peer.verdict]
            against.append([*condition, *cells])
    echo_table(header, latency)
    click.echo()
    echo_table(starts, start)
    if against:
        click.echo()
        echo_table([*_condition_header(leveled=leveled), "peer", "p50 ms", "peer ÷ ours", percent, "ours is"], against)
    click.echo()
    _foot(report)


def _foot(report: BenchReport) -> None:
    machine, passes = report.machine, len(report.rows[0].latency.rounds_ms)
    where = f"onnxruntime {machine.onnxruntime} on {report.provider}; {machine.cpu}, cores: {machine.cores}"
    rounds = sorted({len(row.latency.rounds_ms[0]) for row in report.rows})
    several = f"{rounds[0]}–{rounds[-1]}" if len(rounds) > 1 else str(rounds[0])
    drawn = f"{passes} passes × {several} round{'s' * (several != '1')}, {report.resamples:,} bootstrap resamples"
    lines = [
        f"{report.id}, {report.size / 1e3:,.0f} kB; {where}; inputs: {report.inputs}",
        f"control: ours entered a second time, ÷ ours; {drawn}",
        "cold: the first session of a fresh process; memory: its highest, beyond that of the imported runtime",
    ]
    lines += overheads(report)
    for line in lines:
        click.echo(line)
    if report.reason is not None:
        click.secho(f"TOO NOISY TO CONCLUDE: {report.reason}", bold=True)


def overheads(report: BenchReport) -> list[str]:
    """What zoo adds to a bare call of onnxruntime at the smallest batch, in words, for each number of threads and level."""
    smallest = min(row.batch for row in report.rows)
    lines = []
    for row in report.rows:
        if row.batch == smallest and (bare := row.against.get("bare")) is not None:
            value, low, high = (100 * (1 / ratio - 1) for ratio in (bare.ratio.value, bare.ratio.high, bare.ratio.low))
            lines.append(f"zoo over bare onnxruntime, {row.condition}: {value:+.1f} % ({low:+.1f} to {high:+.1f})")
    return lines


def show_comparison(found: Comparison) -> None:
    """The conditions that both have, then what differs, then what to believe."""
    leveled = any(row.level != "all" for row in found.rows)
    rows = []
    for row in found.rows:
        ratio = [_ratio(row.ratio.value), _span(row.ratio, _ratio)]
        rows.append([*_condition(row, leveled=leveled), ms(row.a_ms), ms(row.b_ms), *ratio, row.verdict])
    echo_table([*_condition_header(leveled=leveled), "A p50 ms", "B p50 ms", "B ÷ A", "95 % interval", "B is"], rows)
    click.echo()
    click.echo(f"A: {found.a.id}, {found.a.created}; B: {found.b.id}, {found.b.created}")
    click.echo(
        f"not interleaved: differences up to {found.drift:.0%} may be the machine's and are not concluded from; "
        "within one report they are (--against)"
    )
    for side, conditions in (("A", found.only_a), ("B", found.only_b)):
        if conditions:
            click.echo(f"in {side} only: {'; '.join(conditions)}")
    if found.reason is not None:
        click.secho(f"TOO NOISY TO CONCLUDE: {found.reason}", bold=True)


def ms(value: float) -> str:
    """Milliseconds, to three figures or more."""
    return f"{value:.4f}" if value < 0.1 else f"{value:.3f}" if value < 10 else f"{value:.1f}"


def _ratio(value: float) -> str:
    return f"{value:.3f}" if value < 2 else f"{value:.2f}" if value < 100 else f"{value:,.0f}"


def _span(interval: Interval, text: Callable[[float], str]) -> str:
    return f"{text(interval.low)}–{text(interval.high)}"


def _condition_header(*, leveled: bool) -> list[str]:
    return ["batch", "threads", *(["level"] if leveled else [])]


def _condition(row: Row | Compared, *, leveled: bool) -> list[str]:
    return [str(row.batch), "all" if row.threads is None else str(row.threads), *([row.level] if leveled else [])]
