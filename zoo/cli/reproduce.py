"""`zoo reproduce`: several seeds beside the published figure."""

from __future__ import annotations

from pathlib import Path

import click

from zoo import way
from zoo.cli.options import runs_option
from zoo.cli.output import current_registry, echo_json, echo_table, json_option, quiet_option
from zoo.progress import default_progress
from zoo.report.tables import figure
from zoo.spec import to_plain


@click.command("reproduce")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="How many.")
@click.option("--first", type=click.IntRange(min=0), default=0, show_default=True, help="The first seed.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@runs_option
@json_option
@quiet_option
def command(models: tuple[str, ...], seeds: int, first: int, device: str, runs: Path, as_json: bool, quiet: bool) -> None:
    """Train each MODEL with several seeds and compare mean ± standard deviation with what was published.

    One published run is reproduced when our mean is no worse, or when it lies within the 95 % prediction interval of our seeds.
    """
    registry = current_registry()
    rows = []
    for spec in registry.matching(models):
        chosen = range(first, first + seeds) if spec.recipe else range(1)
        rows += way.reproduce(
            spec.id, seeds=chosen, device=device, runs=runs, progress=default_progress(quiet=quiet), registry=registry
        )
    if as_json:
        echo_json([to_plain(row) for row in rows])
        return
    table = [
        (
            row.id,
            row.metric,
            f"{figure(row.mean)} ± {row.deviation:.4f}" if len(row.values) > 1 else figure(row.mean),
            figure(row.published),
            row.verdict,
            f"{row.reached} of {len(row.values)}",
            f"{row.seconds:,.1f} s",
            row.device,
        )
        for row in rows
    ]
    echo_table(("model", "metric", "mean ± s.d.", "published", "verdict", "seeds no worse", "training", "device"), table)
