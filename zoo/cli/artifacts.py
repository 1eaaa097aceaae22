"""The artifact that a name on the command line means, opened."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zoo import api
from zoo.cli.output import current_registry
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
        ZooError: as `zoo.api.artifact_path` and `zoo.runtime.open` have them.
    """
    path = api.artifact_path(name, first, current_registry())
    return open_model(path, providers=providers, threads=threads)
