"""`zoo verify`: replay certificates with onnxruntime alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo import api
from zoo.cli.artifacts import meant_by
from zoo.cli.options import provider_option, runs_option
from zoo.cli.output import artifacts_option, current_registry, echo_json, echo_table, json_option, quiet_option
from zoo.errors import IntegrityError, ParityError, ZooError
from zoo.paths import artifact_folders
from zoo.progress import default_progress
from zoo.runtime.artifact import list_artifacts
from zoo.spec import to_plain

if TYPE_CHECKING:
    from zoo.certify.replay import Replay


@click.command("verify")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@artifacts_option
@provider_option
@click.option("--deep", "is_deep", is_flag=True, help="Let PyTorch answer again, too: golden vectors and the whole test split.")
@runs_option
@json_option
@quiet_option
def command(
    models: tuple[str, ...], artifacts: Path | None, provider: str, is_deep: bool, runs: Path, as_json: bool, quiet: bool
) -> None:
    """Check an artifact's hashes and replay its golden vectors: an id, an architecture, a folder, or a wildcard ('*').

    With --deep everything is computed anew from the run that it came from, and the data; that takes as long as certifying did.
    Every one that is meant is tried. Exit code 3: an answer is not PyTorch's. Exit code 4: a file is not what it claims to be.
    """
    from zoo.certify.replay import damaged

    progress = default_progress(quiet=quiet)
    meant = meant_by(models, artifacts)
    failures: list[ZooError] = []
    replays: list[Replay] = []
    for name, place in meant.items():
        try:
            if isinstance(place, IntegrityError):
                raise place
            found = api.verify(place, provider=provider, deep=is_deep, runs=runs, progress=progress, registry=current_registry())
        except IntegrityError as error:
            failures.append(error)
            path = place if isinstance(place, Path) else list_artifacts(artifact_folders(artifacts)).get(name, Path(name))
            replays.append(damaged(path.name, path, error, provider=provider))
        except ZooError as error:  # of --deep: its run or its data are not there
            failures.append(error)
            if len(meant) > 1:
                progress.note(f"{name}: {error}")
        else:
            replays.append(found)
            if not found.passed:
                failures.append(ParityError(f"{found.id} does not answer as certified: {'; '.join(found.problems)}."))
    _tell(replays, as_json=as_json, quiet=quiet)
    if failures:  # the worst, and of these the first; the table has the others
        raise max(failures, key=lambda error: error.exit_code)


def _tell(replays: Sequence[Replay], *, as_json: bool, quiet: bool) -> None:
    """What was found, as it was asked for."""
    if as_json:
        echo_json([{"passed": found.passed, "state": found.state, **to_plain(found)} for found in replays])
    elif quiet:
        for found in replays:
            if found.passed:
                click.echo(found.id)
    else:
        header = ("model", "certificate", "cases × levels", "worst output", "error", "allowed", "artifact")
        if replays:
            echo_table(header, [_row(found) for found in replays])


def _row(found: Replay) -> tuple[str, ...]:
    """A line of the table."""
    state = found.state if found.passed else found.state.upper()
    if not found.cases:
        return (found.id, state, "–", "–", "–", "–", found.path)
    if not found.errors:  # all its answers are exact
        return (found.id, state, f"{found.cases} × {len(found.levels)}", "–", "–", "–", found.path)
    worst = max(found.errors, key=lambda name: found.errors[name] / found.bounds[name] if found.bounds[name] else 0)
    return (
        found.id,
        state,
        f"{found.cases} × {len(found.levels)}",
        worst,
        f"{found.errors[worst]:.2e}",
        f"{found.bounds[worst]:.2e}",
        found.path,
    )
