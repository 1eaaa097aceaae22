"""`zoo show`: everything about one model."""

from __future__ import annotations

from typing import Any

import click

from zoo.cli.output import current_registry, echo_json, json_option
from zoo.report.tables import decimals, figure, setting
from zoo.spec import ModelSpec, TensorSpec, to_plain


@click.command("show")
@click.argument("model")
@json_option
def command(model: str, as_json: bool) -> None:
    """Show a model's network, recipe, inputs, outputs and published figures."""
    registry = current_registry()
    spec = registry.model(model)
    owner = registry.models[spec.id].owner
    if as_json:
        echo_json({"id": spec.id, "owner": owner.distribution, **to_plain(spec)})
        return
    click.secho(spec.id, bold=True)
    click.echo(f"{spec.summary}\nsource   {spec.source}\nowner    {owner.distribution} ({owner.module})\ndata     {spec.dataset}")
    for tensor in spec.inputs:
        click.echo(f"input    {_signature(tensor)}")
    for tensor in spec.outputs:
        click.echo(f"output   {_signature(tensor)}")
    click.echo(f"exports  {', '.join(spec.exports)}")
    config = to_plain(spec.config)
    given = f" (its values are given by zoo export {spec.id} --set KEY=VALUE)" if spec.recipe is None and config else ""
    _section(f"network{given}", config)
    _section("recipe (each field can be changed by zoo train --set KEY=VALUE)", to_plain(spec.recipe))
    _references(spec)


def _signature(tensor: TensorSpec) -> str:
    return f"{tensor.name}: {tensor.dtype} [{', '.join(str(axis) for axis in tensor.shape)}], {tensor.meaning}"


def _section(title: str, values: Any) -> None:
    click.secho(title, bold=True)
    if values is None:
        click.echo("  none: the weights are given")
        return
    for key, value in values.items():
        if isinstance(value, list | tuple) and len(value) > 1:
            click.echo(f"  {key}:")
            for item in value:
                click.echo(f"    {setting(item)}")
        elif value is not None:
            click.echo(f"  {key}: {setting(value)}")


def _references(spec: ModelSpec) -> None:
    click.secho("published", bold=True)
    for reference in spec.references:
        value, rule = figure(reference.value, decimals(reference)), reference.rule.replace("_", " ")
        click.echo(f"  {reference.metric} {value} ({rule}), {reference.source}")
    if not spec.references:
        click.echo("  none")
