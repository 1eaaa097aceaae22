"""`zoo plugins`: what was found and what could not be loaded."""

from __future__ import annotations

from collections import Counter

import click

from zoo.cli.output import current_registry, echo_json, echo_table, json_option, quiet_option
from zoo.spec import to_plain


@click.command("plugins")
@json_option
@quiet_option
@click.option("-v", "--verbose", is_flag=True, help="Print the tracebacks of failures, too.")
def command(as_json: bool, quiet: bool, verbose: bool) -> None:
    """List plugins: the hooks each implements, its distribution, models, data sets and load time, and the reason where one failed.

    The load time is that of its import and its hooks together. What is wrong with a plugin is said on stderr by every command.
    """
    registry = current_registry()
    models = Counter(owned.owner.name for owned in registry.models.values())
    datasets = Counter(owned.owner.name for owned in registry.datasets.values())
    if as_json:
        echo_json(
            [
                {
                    **to_plain(plugin),
                    "warnings": plugin.warnings,
                    "models": models[plugin.name] if plugin.hooks else 0,
                    "datasets": datasets[plugin.name] if plugin.hooks else 0,
                }
                for plugin in registry.plugins
            ]
        )
    elif quiet:
        for plugin in registry.plugins:
            click.echo(plugin.name)
    else:
        rows = [
            (
                plugin.name,
                plugin.distribution,
                ", ".join(hook.removeprefix("zoo_") for hook in plugin.hooks) or "–",
                str(models[plugin.name] if plugin.hooks else 0),
                str(datasets[plugin.name] if plugin.hooks else 0),
                f"{1000 * plugin.seconds:.0f} ms",
                "; ".join(filter(None, [plugin.failure, *plugin.warnings])) or "loaded",
            )
            for plugin in registry.plugins
        ]
        echo_table(("plugin", "distribution", "hooks", "models", "data sets", "load", "state"), rows)
        for plugin in registry.plugins:
            if verbose and plugin.traceback:
                click.echo(f"\n{plugin.name} ({plugin.distribution}):\n{plugin.traceback.rstrip()}")
