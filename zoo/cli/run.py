"""`zoo run`: the whole way in one go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from zoo import way
from zoo.cli.options import changes, columns, training_options
from zoo.cli.output import current_registry, echo_json, json_option, quiet_option
from zoo.progress import default_progress


@click.command("run")
@click.argument("model")
@training_options
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default=True,
    help="Folder for runs/ and exported/.",
)
@click.option("--opset", type=int, help="Of the graph, 17 to 25; default 20.")
@json_option
@quiet_option
def command(
    model: str,
    device: str,
    precision: str | None,
    compiled: bool,
    epochs: int | None,
    steps: int | None,
    seed: int | None,
    assignments: tuple[str, ...],
    deterministic: bool,
    data: Path | None,
    source: str | None,
    target: str | None,
    name: str | None,
    output: Path,
    opset: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Fetch the data, train MODEL, export, verify and bench it, and sum up.

    \b
    zoo run cnn --output out
    zoo predict cnn digit.png --artifacts out/exported
    """
    outcome = way.run(
        model,
        recipe=changes(epochs, steps, seed, assignments),
        device=device,
        precision=precision,
        compiled=compiled,
        deterministic=deterministic,
        output=output,
        data=data,
        columns=columns(source, target),
        name=name,
        opset=opset,
        progress=default_progress(quiet=quiet),
        registry=current_registry(),
    )
    if as_json:
        echo_json(outcome.facts())
    elif quiet:
        click.echo(outcome.artifact.id)
    else:
        _summary(outcome, output)


def _summary(outcome: Any, output: Path) -> None:
    """What came of it, and what to type next."""
    artifact = outcome.artifact
    click.secho(f"\n{artifact.id}: {artifact.manifest['summary']}", bold=True)
    for label, text in outcome.lines():
        click.echo(f"  {label:<10} {text}")
    where = "" if output == Path() else f" --artifacts {output / 'exported'}"
    (tensor, *_) = artifact.manifest["inputs"]
    typed = "PICTURE" if tensor["dtype"] == "uint8" else "1" * tensor["shape"][1] if tensor["dtype"] == "bool" else "INPUT"
    click.echo(f"\nnext: zoo predict {artifact.id} {typed}{where}")
