"""`zoo export --triton`: certified artifacts as a model repository."""

from __future__ import annotations

from pathlib import Path

import click

from zoo.cli.artifacts import meant_by
from zoo.cli.output import echo_json
from zoo.errors import UnknownName
from zoo.paths import artifact_folders
from zoo.runtime.artifact import list_artifacts
from zoo.spec import to_plain
from zoo.triton.repository import Served, write_model


def write_repository(model: str | None, repository: Path, artifacts: Path | None, *, as_json: bool, quiet: bool) -> None:
    """Write the models that are meant to `repository`, and say what each became.

    Args:
        model: an id, an architecture, a path or a wildcard; `None` means every artifact.
        repository: folder of models.
        artifacts: folder looked into before `./exported` and the cache.
        as_json: print JSON.
        quiet: print ids only.

    Raises:
        ZooError: as `zoo.triton.repository.write_model` has it; what was written before stays.
    """
    folders = artifact_folders(artifacts)
    if model is None and not list_artifacts(folders):
        raise UnknownName(f"artifact in {' or '.join(map(str, folders))} called", "*", (), hint="zoo run cnn")
    served = []
    for place in meant_by((model or "*",), artifacts).values():
        if not isinstance(place, Path):
            raise place
        served.append(write_model(place, repository))
    if as_json:
        echo_json([to_plain(one) for one in served])
        return
    for one in served:
        click.echo(one.id if quiet else summary(one))


def summary(one: Served) -> str:
    """A model of a repository in one line."""
    batches = f"batches up to {one.largest}" if one.largest else "no batches"
    how = "measured" if one.measured else "by default"
    return f"{one.id}: {batches}, {one.instances} {'copy' if one.instances == 1 else 'copies'} {how}; {one.path}"
