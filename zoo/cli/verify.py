"""`zoo verify`: replay certificates with onnxruntime alone."""

from __future__ import annotations

import fnmatch
from pathlib import Path

import click

from zoo import api
from zoo.cli.options import provider_option
from zoo.cli.output import artifacts_option, current_registry, echo_json, echo_table, json_option, quiet_option
from zoo.errors import ParityError
from zoo.paths import artifact_folders
from zoo.registry import Registry
from zoo.spec import to_plain


@click.command("verify")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@artifacts_option
@provider_option
@json_option
@quiet_option
def command(models: tuple[str, ...], artifacts: Path | None, provider: str, as_json: bool, quiet: bool) -> None:
    """Check an artifact's hashes and replay its golden vectors: an id, an architecture, a folder, or a wildcard ('*').

    Exit code 3: an answer is not PyTorch's. Exit code 4: a file is not what its manifest says.
    """
    from zoo.certify.replay import replay

    registry = current_registry()
    replays = [replay(path, provider=provider) for path in _paths(models, artifacts, registry)]
    if as_json:
        echo_json([{"passed": found.passed, **to_plain(found)} for found in replays])
    elif quiet:
        for found in replays:
            if found.passed:
                click.echo(found.id)
    else:
        rows = []
        for found in replays:
            worst = max(found.errors, key=lambda name: found.errors[name] / found.bounds[name] if found.bounds[name] else 0)
            rows.append(
                (
                    found.id,
                    "passed" if found.passed else "FAILED",
                    f"{found.cases} × {len(found.levels)}",
                    worst,
                    f"{found.errors[worst]:.2e}",
                    f"{found.bounds[worst]:.2e}",
                    found.path,
                )
            )
        echo_table(("model", "certificate", "cases × levels", "worst output", "error", "allowed", "artifact"), rows)
    if failed := [found for found in replays if not found.passed]:
        raise ParityError(f"{failed[0].id} does not answer as certified: {'; '.join(failed[0].problems)}.")


def _paths(models: tuple[str, ...], artifacts: Path | None, registry: Registry) -> list[Path]:
    """Every artifact that is meant, once."""
    from zoo.runtime.artifact import list_artifacts

    there = list_artifacts(artifact_folders(artifacts))
    paths: dict[Path, None] = {}
    for model in models:
        matching = [path for name, path in there.items() if fnmatch.fnmatchcase(name, model)]
        for path in matching or [api.artifact_path(model, artifacts, registry)]:
            paths[path] = None
    return list(paths)
