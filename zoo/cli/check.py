"""`zoo check`: the plugin kit from a shell."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo.cli.output import current_registry, echo_json, echo_table, json_option, quiet_option
from zoo.errors import ZooError
from zoo.files import replacing
from zoo.progress import default_progress
from zoo.spec import to_plain

if TYPE_CHECKING:
    from zoo.testing import Report


@click.command("check")
@click.argument("models", nargs=-1, required=True, metavar="NAME...")
@click.option("--only", multiple=True, metavar="CHECK", help="This check only; may be given several times.")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the reports to this file, as JSON.")
@json_option
@quiet_option
def command(models: tuple[str, ...], only: tuple[str, ...], output: Path | None, as_json: bool, quiet: bool) -> None:
    """Check models as those of the zoo are checked: an id, an architecture (all its tags), or a wildcard ('*').

    Each is built, trained for a few steps on a few examples, exported, certified and asked what it should refuse; nothing of it is
    kept. Exit code 1: a check failed. In a plugin's own tests: zoo.testing.parametrize_checks.

    \b
    zoo check camera
    zoo check 'my*' --only import-light --only resume
    """
    import msgspec

    registry = current_registry()
    specs = registry.matching(models)
    from zoo.testing import check_model  # imports torch, and a name that is none should be told before

    progress = default_progress(quiet=quiet)
    reports: list[Report] = []
    # What cannot be written is told before anything is checked.
    with replacing(output) if output else contextlib.nullcontext() as beside:
        for spec in specs:
            with contextlib.redirect_stdout(sys.stderr):  # a plugin may print what it likes
                report = check_model(spec, only=only, progress=progress, registry=registry)
            reports.append(report)
            if quiet and not as_json and report.passed:
                click.echo(report.model)
            elif not quiet and not as_json:
                _show(report)
        plain = [_plain(report) for report in reports]
        if as_json:
            echo_json(plain)
        if beside:
            beside.write_bytes(msgspec.json.format(msgspec.json.encode(plain), indent=2) + b"\n")
    if failed := [report for report in reports if not report.passed]:
        names = [f"{report.model} ({', '.join(_failing(report)) or 'nothing was checked'})" for report in failed]
        raise ZooError(f"{len(failed)} of {len(reports)} models do not pass: {'; '.join(names)}.")


def _plain(report: Report) -> dict[str, Any]:
    """A report with what follows from it."""
    return {"passed": report.passed, "ran": report.ran, **to_plain(report)}


def _failing(report: Report) -> list[str]:
    return [result.check for result in report.results if result.state == "failed"]


def _show(report: Report) -> None:
    """A table, and under it each failure with its reasons."""
    rows = [(result.check, result.state, f"{result.seconds:.1f} s", result.reason or result.note) for result in report.results]
    echo_table((report.model, "state", "time", "because"), rows)
    for result in report.results:
        if result.state == "failed":
            click.echo(f"\n{result.check}: {result.message}\n  why it matters: {result.why}\n  where to look: {result.where}")
    skipped = report.asked - report.ran
    click.echo(f"\n{report.ran} of {report.asked} checks were made, {len(_failing(report))} failed, {skipped} skipped.\n")
