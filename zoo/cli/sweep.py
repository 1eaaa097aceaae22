"""`zoo sweep`: studies, many trainings with one table and one picture."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo.cli.options import GivenPath
from zoo.cli.output import current_registry, echo_json, echo_table, json_option, quiet_option
from zoo.progress import default_progress
from zoo.spec import to_plain

if TYPE_CHECKING:
    from zoo.registry import Registry
    from zoo.studies.points import Plan
    from zoo.studies.sweep import Swept

SHOWN = 40
"""Rows of a table that are printed; all of them are in `table.md`."""


@click.command("sweep")
@click.argument("study", metavar="NAME|FILE.toml|list")
@click.option("--storage", metavar="URL", help="sqlite:///FILE, or postgresql://… for several machines. Default: OUTPUT/study.db.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Workers, each with cores ÷ jobs threads.")
@click.option("--trials", type=click.IntRange(min=1), help="Of a sampled search.")
@click.option("--seeds", type=click.IntRange(min=1), help="How many each trial is trained with.")
@click.option("--epochs", type=click.IntRange(min=1), help="Passes over the training split.")
@click.option("--steps", type=click.IntRange(min=1), help="Optimiser steps, instead of epochs.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Change a field of all trials.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option("--output", type=GivenPath(path_type=Path), help="Folder of the study. Default: studies/NAME.")
@click.option("--theme", type=click.Choice(["light", "dark"]), default="light", show_default=True, help="Ground of the picture.")
@click.option(
    "--format", "form", type=click.Choice(["png", "svg", "pdf"]), default="png", show_default=True, help="Of the picture."
)
@json_option
@quiet_option
def command(
    study: str,
    storage: str | None,
    jobs: int,
    trials: int | None,
    seeds: int | None,
    epochs: int | None,
    steps: int | None,
    assignments: tuple[str, ...],
    device: str,
    output: Path | None,
    theme: str,
    form: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train every trial of a study once, and write its table and picture to OUTPUT.

    Ctrl-C stops after the step under way; the same command goes on, also after a kill. With a PostgreSQL address, the same
    command on other machines shares the work.

    \b
    zoo sweep list
    zoo sweep logreg-l1l2
    zoo sweep mlp-width --jobs 2
    zoo sweep my.toml --storage postgresql://me@host/studies
    """
    registry = current_registry()
    if study == "list":
        _list(registry, as_json, quiet)
        return
    from zoo.cli.options import changes
    from zoo.studies.points import plan
    from zoo.studies.sweep import sweep

    context = click.get_current_context(silent=True)
    swept = sweep(
        study,
        storage=storage,
        jobs=jobs,
        trials=trials,
        seeds=seeds,
        changes=changes(epochs, steps, None, assignments),
        device=device,
        output=output,
        theme=theme,
        format=form,
        progress=default_progress(quiet=quiet),
        registry=registry,
        third_party=not (context and context.find_root().params.get("no_plugins")),
    )
    if as_json:
        facts = {"folder": str(swept.folder), "plot": str(swept.plot) if swept.plot else None, "seconds": round(swept.seconds, 3)}
        echo_json({**facts, "trained": swept.trained, **to_plain(swept.record)})
    elif quiet:
        click.echo(swept.folder)
    else:
        _tell(swept, plan(swept.record.study, registry))


def _list(registry: Registry, as_json: bool, quiet: bool) -> None:
    """Every study there is."""
    studies = [owned.spec for owned in registry.studies.values()]
    if as_json:
        echo_json([{"owner": registry.studies[spec.name].owner.distribution, **to_plain(spec)} for spec in studies])
    elif quiet:
        for spec in studies:
            click.echo(spec.name)
    else:
        from zoo.studies.points import plan

        rows = [(spec.name, spec.summary, spec.model, f"{plan(spec, registry).size:,}") for spec in studies]
        echo_table(("study", "summary", "model", "trials"), rows)


def _tell(swept: Swept, laid: Plan) -> None:
    """The table, where it is short enough to be read, and where the rest is."""
    from zoo.studies.tables import facts, listing, matrix

    for line in facts(swept.record, laid):
        click.echo(line)
    header, rows = matrix(swept.record, laid) if len(laid.tables) == 2 and not laid.spec.space else listing(swept.record, laid)
    if len(rows) <= SHOWN and len(header) <= 8:
        echo_table(header, rows)
    click.echo(f"{swept.folder / 'table.md'}, {swept.folder / 'study.json'}" + (f", {swept.plot}" if swept.plot else ""))
