"""`zoo list`: which models there are."""

from __future__ import annotations

import click

from zoo.cli.output import current_registry, echo_json, echo_table, json_option, quiet_option
from zoo.report.tables import published
from zoo.spec import to_plain


@click.command("list")
@click.argument("patterns", nargs=-1, metavar="[PATTERN]...")
@json_option
@quiet_option
def command(patterns: tuple[str, ...], as_json: bool, quiet: bool) -> None:
    """List models: all, or those that match an id, an architecture or a wildcard such as 'cnn*'.

    A star marks an architecture's default, which its bare name means.
    """
    registry = current_registry()
    specs = registry.matching(patterns)
    defaults = {registry.model(spec.architecture).id for spec in specs}
    if as_json:
        owners = registry.models
        echo_json(
            [
                {"id": spec.id, "default": spec.id in defaults, "owner": owners[spec.id].owner.distribution, **to_plain(spec)}
                for spec in specs
            ]
        )
    elif quiet:
        for spec in specs:
            click.echo(spec.id)
    else:
        rows = [
            (
                spec.id + ("*" if spec.id in defaults else ""),
                spec.summary,
                published(spec.references[0]) if spec.references else "–",
                spec.dataset,
            )
            for spec in specs
        ]
        echo_table(("id", "summary", "published", "data"), rows)
