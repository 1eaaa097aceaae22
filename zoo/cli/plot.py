"""`zoo plot`: pictures of a run or a model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo import api
from zoo.cli.options import GivenPath, runs_option
from zoo.cli.output import current_registry, echo_json, json_option, quiet_option
from zoo.progress import default_progress

if TYPE_CHECKING:
    from zoo.exporting.plot import Plotted

# Written out, as the table of views is where torch is; a test compares.
VIEWS = (
    "curves, samples, confusion, mistakes, translations, attention, words, neighbours, reconstructions, walk, generated, weights, "
    "parameters, filters, maps, edges, separability, surface"
)


@click.command("plot")
@click.argument("target", metavar="RUN|ID")
@runs_option
@click.option("--output", type=GivenPath(path_type=Path), help="Folder of the pictures; default: plots/ in the run, or plots/ID.")
@click.option("--only", multiple=True, metavar="VIEW,…", help=f"Of {VIEWS}; default: all that apply.")
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True, help="Ground of the pictures.")
@click.option("--format", "form", type=click.Choice(["png", "svg", "pdf"]), default="png", show_default=True, help="Of the files.")
@json_option
@quiet_option
def command(
    target: str, runs: Path, output: Path | None, only: tuple[str, ...], theme: str, form: str, as_json: bool, quiet: bool
) -> None:
    """Draw what there is to see of RUN (a folder or id/n), of ID's newest run, or of a model whose weights are given.

    Learning curves, examples of the data, the confusion matrix, the first mistakes, translations and where they look, a map of
    words and their neighbours, weights as pictures, every number of a small network (printed too), filters, feature maps before
    and after pooling, an edge filter made by hand. Each is drawn where it applies.
    """
    plotted = api.plot(
        target,
        runs=runs,
        output=output,
        only=[name.strip() for names in only for name in names.split(",") if name.strip()],
        theme=theme,
        format=form,
        progress=default_progress(quiet=quiet),
        registry=current_registry(),
    )
    if as_json:
        echo_json(plotted.facts())
    elif quiet:
        for picture in plotted.pictures:
            click.echo(picture.path)
    else:
        _tell(plotted)


def _tell(plotted: Plotted) -> None:
    """A line for each picture, the numbers of a small network, and why other views are left out."""
    longest = max(len(str(picture.path)) for picture in plotted.pictures)
    for picture in plotted.pictures:
        click.echo(f"{str(picture.path).ljust(longest)}  {picture.plot.shows}")
    for picture in plotted.pictures:
        if text := picture.plot.text():
            click.echo(f"\n{text}")
    reasons: dict[str, list[str]] = {}
    for view, why in plotted.left_out.items():
        reasons.setdefault(why, []).append(view)
    for why, views in reasons.items():
        click.echo(f"left out: {', '.join(views)} ({why})", err=True)
