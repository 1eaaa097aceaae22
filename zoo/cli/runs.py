"""`zoo runs`: what was trained here."""

from __future__ import annotations

from pathlib import Path

import click

from zoo.cli.options import runs_option
from zoo.cli.output import echo_json, echo_table, json_option, quiet_option
from zoo.report.tables import figure
from zoo.spec import to_plain


@click.command("runs")
@click.argument("patterns", nargs=-1, metavar="[ID]...")
@runs_option
@json_option
@quiet_option
def command(patterns: tuple[str, ...], runs: Path, as_json: bool, quiet: bool) -> None:
    """List training runs, oldest first within an id; a killed one is shown as stopped."""
    import fnmatch

    from zoo.training.run import list_runs

    problems: list[str] = []
    found = list_runs(runs, problems)
    if patterns:
        found = [run for run in found if any(fnmatch.fnmatchcase(run.state.id, pattern) for pattern in patterns)]
    for problem in problems:
        click.echo(f"warning: {problem}", err=True)
    if as_json:
        echo_json([{"path": str(run.path), "stopped": run.abandoned(), **to_plain(run.state)} for run in found])
    elif quiet:
        for run in found:
            click.echo(run.name)
    elif not found:
        click.echo(f"no runs under {runs}", err=True)
    else:
        rows = []
        for run in found:
            state = run.state
            status = "stopped" if run.abandoned() else state.status
            figures = ", ".join(f"{name} {figure(value)}" for name, value in list(state.metrics.items())[:2])
            rows.append(
                (
                    run.name,
                    status,
                    f"{state.step:,}/{state.total:,}",
                    f"{state.seconds:,.1f} s",
                    state.device,
                    figures,
                    state.created,
                )
            )
        echo_table(("run", "status", "steps", "trained", "device", "test split", "begun"), rows)
