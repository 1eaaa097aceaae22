"""`zoo reproduce`: several seeds beside the published figure."""

from __future__ import annotations

from pathlib import Path

import click

from zoo import reproduction
from zoo.cli.options import runs_option
from zoo.cli.output import current_registry, echo_json, echo_table, json_option, quiet_option
from zoo.errors import ZooError
from zoo.ledger.table import HEADER, cells, markdown
from zoo.progress import default_progress
from zoo.spec import to_plain


@click.command("reproduce")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--seeds", type=click.IntRange(min=1), default=3, show_default=True, help="How many.")
@click.option("--first", type=click.IntRange(min=0), default=0, show_default=True, help="The first seed.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@runs_option
@click.option(
    "--records",
    type=click.Path(path_type=Path, file_okay=False),
    default=reproduction.RECORDS,
    show_default=True,
    help="Folder of records, one file a model; a seed that is recorded is not trained again.",
)
@click.option("--again", is_flag=True, help="Forget what is recorded, and train anew.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The table in Markdown.")
@json_option
@quiet_option
def command(
    models: tuple[str, ...],
    seeds: int,
    first: int,
    device: str,
    runs: Path,
    records: Path,
    again: bool,
    as_markdown: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train each MODEL with several seeds and compare mean ± standard deviation with what was published.

    One published run is reproduced when our mean is no worse, or when it lies within the 95 % prediction interval of our seeds.
    Fewer than three seeds leave it open, unless chance has no part in it. A seed is recorded when it is done: the same command goes
    on where it was stopped, and trains anew what has changed since (the recipe, the data, the plugin's files).

    \b
    zoo reproduce mlp.sgd-512 --seeds 5
    zoo reproduce 'cnn*' --device cuda
    """
    registry = current_registry()
    progress = default_progress(quiet=quiet)
    made, failed = [], None
    specs = registry.matching(models)
    reproduction.require_alone(specs)
    for spec in specs:
        chosen = range(first, first + seeds)
        try:
            made.append(
                reproduction.reproduce(
                    spec.id,
                    seeds=chosen,
                    device=device,
                    runs=runs,
                    records=records,
                    again=again,
                    progress=progress,
                    registry=registry,
                )
            )
        except ZooError as error:
            if len(specs) == 1:
                raise
            progress.note(f"{spec.id} failed: {error}")  # one that fails must not cost the others
            failed = error
    if as_json:
        echo_json([to_plain(record) for record in made])
    elif quiet:
        for record in made:
            click.echo(record.id)
    elif as_markdown:
        click.echo(markdown([(registry.model(record.id), record) for record in made]))
    else:
        echo_table(HEADER, [line for record in made for line in cells(registry.model(record.id), record)])
    if failed is not None:
        raise failed
