"""What `zoo bench --explain` prints: where the time goes, what changes it, and what follows, in at most 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import click

from zoo.benchmark.explanation import BETWEEN
from zoo.cli.output import echo_table

if TYPE_CHECKING:
    from zoo.benchmark.explanation import Explanation, Slice
    from zoo.benchmark.report import BenchReport
    from zoo.benchmark.values import Interval

WIDTH = 100
MODULES, OPERATORS = 12, 8
"""Lines of a table; `--json` has all."""
CELL, NAME = 22, 36
"""Columns that a batch size may want, and that a module's name has at most."""
SMALL = 0.01
"""Share at every batch size below which a line is left out."""


def show_explanations(report: BenchReport) -> None:
    """Modules, operators, providers, arithmetic and trials, a column for each batch size; then the conclusions."""
    several = report.explanations
    first = several[0]
    header = [f"batch {one.batch}" for one in several]
    click.echo(f"where the time of a call goes ({first.condition.partition(', ')[2]}; ms, share, × steps in a call)")
    between = [BETWEEN, *(_cell(one.between_ms, one.between_ms / one.whole_ms, 1) for one in several)]
    whole = ["a call of onnxruntime", *(f"{_ms(one.call_ms)} 100 %" for one in several)]
    echo_table(["module", *header], [*_lines(several, lambda one: one.modules, MODULES), between, whole])
    for title, of in (("operator", lambda one: one.operators), ("provider", lambda one: one.providers)):
        click.echo()
        echo_table([title, *header], _lines(several, of, OPERATORS))
    click.echo()
    echo_table(["arithmetic", *header], _work(several))
    click.echo()
    echo_table(["trial: its time ÷ ours", *header], _trials(several))
    click.echo()
    click.echo(f"profiled calls took {', '.join(f'{one.slowed:.1f}' for one in several)} times as long; that is taken off")
    click.echo("bound memory: ÷ bare; 8 times the batch: ÷ the same examples in calls of ours")
    click.echo("control: ours entered a second time, ÷ ours")
    click.echo()
    click.echo(textwrap.fill(" ".join(report.conclusions) or "Nothing stands out.", WIDTH))


def _lines(several: Sequence[Explanation], of: Callable[[Explanation], Sequence[Slice]], most: int) -> list[list[str]]:
    """A line for each name, by its largest share; what is left out is told."""
    shares: dict[str, float] = {}
    for one in several:
        for part in of(one):
            shares[part.name] = max(shares.get(part.name, 0.0), part.share)
    names = sorted(shares, key=lambda name: -shares[name])
    shown = [name for name in names[:most] if shares[name] >= SMALL] or names[:1]
    lines = []
    room = max(CELL, min(NAME, WIDTH - CELL * len(several)))
    for name in shown:
        cells = [next((_cell(part.ms, part.share, part.steps) for part in of(one) if part.name == name), "–") for one in several]
        lines.append([name if len(name) <= room else f"{name[:8]}…{name[9 - room :]}", *cells])
    if left := names[len(shown) :]:
        cells = []
        for one in several:
            rest = [part for part in of(one) if part.name in left]
            cells.append(_cell(sum(part.ms for part in rest), sum(part.share for part in rest), 1))
        lines.append([f"{len(left)} others", *cells])
    return lines


def _cell(value: float, share: float, steps: float) -> str:
    return f"{_ms(value)} {100 * share:3.0f} %" + (f" ×{steps:.0f}" if steps > 1 else "")


def _work(several: Sequence[Explanation]) -> list[list[str]]:
    works = [one.work for one in several]
    # The peaks are the CPU's.
    multiplied, copied = (
        [f"{100 * share:.0f} %" if one.on_cpu else "–" for one, share in zip(several, shares, strict=True)]
        for shares in ([work.gflops / work.peak_gflops for work in works], [work.gbytes / work.peak_gbytes for work in works])
    )
    return [
        ["million multiply-adds", *(f"{work.multiply_adds / 1e6:,.4g}" for work in works)],
        ["GFLOP/s", *(f"{work.gflops:.3g}" for work in works)],
        ["of a product of large matrices", *multiplied],
        ["MB of weights read", *(f"{work.weight_bytes / 1e6:,.3g}" for work in works)],
        ["GB/s moved", *(f"{work.gbytes:.3g}" for work in works)],
        ["of a copy in memory", *copied],
        ["nodes run", *(f"{one.executions:,.0f}" for one in several)],
        ["copies and reorders", *(f"{100 * one.copies.share:.1f} %" for one in several)],
    ]


def _trials(several: Sequence[Explanation]) -> list[list[str]]:
    names = list(dict.fromkeys(_trial_name(trial.name) for one in several for trial in one.trials))
    lines = []
    for name in names:
        found = [next((trial.ratio for trial in one.trials if _trial_name(trial.name) == name), None) for one in several]
        lines.append([name, *("–" if ratio is None else _span(ratio) for ratio in found)])
    control = [_span(one.noise.control) + (" noisy" if one.noise.reasons else "") for one in several]
    return [*lines, ["control", *control]]


def _trial_name(name: str) -> str:
    """Larger batches in one line."""
    return "8 times the batch" if name.startswith("batch ") else name


def _span(ratio: Interval) -> str:
    return f"{_two(ratio.low)}–{_two(ratio.high)}"


def _two(value: float) -> str:
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def _ms(value: float) -> str:
    return f"{value:.4f}" if value < 0.1 else f"{value:.3f}" if value < 10 else f"{value:,.1f}"
