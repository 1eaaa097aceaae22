"""`zoo plugins`: what was found and what could not be loaded."""

from __future__ import annotations

from collections import Counter

import click

from zoo.cli.output import current_registry, echo_json, echo_table, json_option, quiet_option
from zoo.spec import to_plain


@click.command("plugins")
@json_option
@quiet_option
def command(as_json: bool, quiet: bool) -> None:
    """List plugins with their distribution, models, data sets and load time, and the reason where one failed."""
    registry = current_registry()
    models = Counter(owned.owner.name for owned in registry.models.values())
    datasets = Counter(owned.owner.name for owned in registry.datasets.values())
    if as_json:
        echo_json(
            [{**to_plain(plugin), "models": models[plugin.name], "datasets": datasets[plugin.name]} for plugin in registry.plugins]
        )
    elif quiet:
        for plugin in registry.plugins:
            click.echo(plugin.name)
    else:
        rows = [
            (
                plugin.name,
                plugin.distribution,
                str(models[plugin.name]),
                str(datasets[plugin.name]),
                f"{1000 * plugin.seconds:.0f} ms",
                plugin.failure or "loaded",
            )
            for plugin in registry.plugins
        ]
        echo_table(("plugin", "distribution", "models", "data sets", "import", "state"), rows)
