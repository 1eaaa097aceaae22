"""The artifact that a name on the command line means, opened."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from pathlib import Path

from zoo.artifacts import artifact_path
from zoo.cli.output import current_registry
from zoo.errors import IntegrityError, UnknownName
from zoo.paths import artifact_folders
from zoo.runtime.artifact import list_artifacts
from zoo.runtime.model import Model
from zoo.runtime.model import open as open_model


def open_named(name: str, first: Path | None = None, *, providers: Sequence[str] = ("cpu",), threads: int | None = None) -> Model:
    """Open what `name` means.

    Args:
        name: an id, an architecture or a path.
        first: `--artifacts`, looked into before `./exported` and the cache.
        providers: onnxruntime's, short names.
        threads: for one operator; `None` lets onnxruntime decide.

    Raises:
        IntegrityError: it is damaged, or an id's folder holds a model with another id.
        ZooError: as `zoo.artifacts.artifact_path` and `zoo.runtime.open` have them.
    """
    path = artifact_path(name, first, current_registry())
    return open_model(path, providers=providers, threads=threads)


def meant_by(models: tuple[str, ...], artifacts: Path | None) -> dict[str, Path | IntegrityError]:
    """Every artifact that is meant, once: its id, or what else it was called, and its folder, or why it has none.

    Raises:
        UnknownName: a name or a wildcard means nothing.
    """
    folders, registry = artifact_folders(artifacts), current_registry()
    there = list_artifacts(folders)
    names: list[str] = []
    for model in models:
        matching = [name for name in there if fnmatch.fnmatchcase(name, model)]
        if not matching and set(model) & set("*?[") and not Path(model).exists():
            places = " or ".join(dict.fromkeys(map(str, folders)))
            raise UnknownName(f"artifact in {places} that matches", model, there, hint=None if there else "zoo run cnn")
        names += matching or [model]
    meant: dict[str, Path | IntegrityError] = {}
    for name in names:
        try:
            place: Path | IntegrityError = artifact_path(name, artifacts, registry)
        except IntegrityError as error:
            place = error
        if place not in meant.values():
            meant.setdefault(name, place)
    return meant
