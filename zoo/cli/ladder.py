"""`zoo ladder`: models side by side."""

from __future__ import annotations

from pathlib import Path

import click

from zoo.cli.artifacts import meant_by
from zoo.cli.options import GivenPath
from zoo.cli.output import artifacts_option, echo_json, echo_table, json_option, picture_form, quiet_option
from zoo.errors import IntegrityError
from zoo.files import write_atomic
from zoo.progress import default_progress
from zoo.report.tables import figure


@click.command("ladder")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@artifacts_option
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), default=0.2, show_default=True, help="Of measuring, each.")
@click.option("--plot", type=GivenPath(path_type=Path), help="Draw it: a .png, .svg or .pdf file.")
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True, help="Ground of the picture.")
@json_option
@quiet_option
def command(
    models: tuple[str, ...], artifacts: Path | None, seconds: float, plot: Path | None, theme: str, as_json: bool, quiet: bool
) -> None:
    """Classifiers of the same data side by side: accuracy against numbers, bytes and microseconds.

    MODELs are artifacts, as `zoo verify` takes them; none given, all there are. A star marks what no other beats in both.

    \b
    zoo ladder --plot ladder.png
    zoo ladder 'cnn*' mlp --artifacts out/exported --json
    """
    from zoo.benchmark.ladder import ladder
    from zoo.report.ladder import PRICES
    from zoo.report.style import THEMES

    form = picture_form(plot) if plot else "png"  # a wrong ending is told before anything takes time
    progress = default_progress(quiet=quiet)
    paths = []
    for place in meant_by(models or ("*",), artifacts).values():
        if isinstance(place, IntegrityError):
            raise place
        paths.append(place)
    found = ladder(paths, seconds=seconds, progress=progress)
    if plot:
        write_atomic(plot, found.draw(THEMES[theme]).encode(form))
        progress.note(f"drawn to {plot}")
    if as_json:
        echo_json(found.facts())
        return
    if quiet:
        for rung in found.rungs:
            click.echo(rung.id)
        return
    fronts = [{rung.id for rung in found.frontier(price)} for price in PRICES.values()]
    rows = []
    for rung in found.rungs:
        prices = (f"{rung.numbers:,}", f"{rung.size:,}", f"{rung.microseconds:,.1f}")
        marked = [words + (" *" if rung.id in front else "  ") for words, front in zip(prices, fronts, strict=True)]
        rows.append((rung.id, figure(rung.accuracy), *marked))
    echo_table(("model", "accuracy", "numbers", "bytes", "µs"), rows)
    click.echo(found.machine)
