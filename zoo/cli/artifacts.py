"""The artifact that a name on the command line means, opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from zoo.errors import IntegrityError, UnknownName
from zoo.paths import artifact_folders
from zoo.registry import registry
from zoo.runtime.artifact import find
from zoo.runtime.model import Model
from zoo.runtime.model import open as open_model


def locate(name: str, first: Path | None = None) -> Path:
    """The artifact's folder, or the bare `.onnx` file, that `name` means.

    Args:
        name: an id (of the registry or not, such as one given by `--name`), a bare architecture, or a path.
        first: `--artifacts`, looked into before `./exported` and the cache.

    Raises:
        UnknownName: there is none, with near matches among artifacts, else among models.
        IntegrityError: a folder holds no model.
    """
    context = click.get_current_context(silent=True)
    no_plugins = bool(context and context.find_root().params.get("no_plugins"))
    unknown: UnknownName | None = None
    model_id = name
    try:
        model_id = registry(third_party=not no_plugins).model(name).id
    except UnknownName as error:
        unknown = error
    try:
        return find(model_id, artifact_folders(first))
    except UnknownName as error:
        if unknown is None:
            error.hint = f"zoo export {model_id}"
        elif unknown.near and not error.near:
            raise unknown from None
        raise


def open_named(name: str, first: Path | None = None, *, providers: Sequence[str] = ("cpu",), threads: int | None = None) -> Model:
    """Open what `name` means.

    Raises:
        IntegrityError: it is damaged, or an id's folder holds a model with another id.
        ZooError: as `locate` and `zoo.runtime.open` have them.
    """
    path = locate(name, first)
    model = open_model(path, providers=providers, threads=threads)
    if path.is_dir() and name not in (str(path), model.id) and path.name != model.id:
        raise IntegrityError(f"{path} holds the model {model.id}, not {path.name}.")
    return model
