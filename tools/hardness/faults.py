"""A disk that fails at a chosen moment: the n-th call that writes in a folder gets an error in place of being done."""

from __future__ import annotations

import builtins
import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

ERRORS = {"no space left": errno.ENOSPC, "I/O error": errno.EIO, "permission lost": errno.EACCES}
TAKES_SPACE = ("open", "write", "fsync", "mkdir")
"""What a full disk refuses; names can still be changed, and files removed."""


@dataclass
class Faults:
    """Which call fails, and how.

    Args:
        root: folder whose files count.
        at: number of the call that fails, from 1; 0 for none.
        number: the error's.
        lasting: whether all later ones that take space fail, too, as on a disk that is full and stays so.
    """

    root: Path
    at: int
    number: int = errno.ENOSPC
    lasting: bool = False
    calls: list[tuple[str, str]] = field(default_factory=list)
    """What was done so far, and to which file."""

    def hit(self, what: str, path: object) -> None:
        """Count a call, and fail it if it is the one."""
        name = os.path.abspath(os.fsdecode(path)) if isinstance(path, str | bytes | os.PathLike) else _path_of(path)  # noqa: PTH100
        if not Path(name).is_relative_to(self.root):
            return
        self.calls.append((what, name))
        now = len(self.calls)
        if now == self.at or (self.lasting and 0 < self.at < now and what in TAKES_SPACE):
            # The system does not say of a write which file it was for.
            raise OSError(self.number, os.strerror(self.number), *(() if what in ("write", "fsync") else (name,)))


def _path_of(handle: object) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{handle}")  # noqa: PTH115
    except OSError:
        return ""


class _Raw(io.FileIO):
    """A file whose every write may fail."""

    def __init__(self, faults: Faults, path: Any, mode: str) -> None:
        super().__init__(path, mode)
        self.faults = faults

    def write(self, content: Any) -> int:
        self.faults.hit("write", self.name)
        return super().write(content)


@contextmanager
def failing(root: Path, at: int, number: int = errno.ENOSPC, *, lasting: bool = False) -> Iterator[Faults]:
    """While it is entered, the `at`-th writing call to a file under `root` fails, in this process.

    It counts what Python opens for writing, each write to it, fsyncs, and what makes, renames or cuts files and folders; removing
    them always works.
    """
    faults = Faults(Path(os.path.abspath(root)), at, number, lasting)  # noqa: PTH100
    real_open, real_os_open = io.open, os.open

    def opened(file: Any, mode: str = "r", buffering: int = -1, *rest: Any, **options: Any) -> Any:
        if isinstance(file, int) or not set(mode) & set("wax+"):
            return real_open(file, mode, buffering, *rest, **options)
        faults.hit("open", file)
        raw = _Raw(faults, file, mode.replace("b", "").replace("t", ""))
        stream = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return stream if "b" in mode else io.TextIOWrapper(stream, *rest, **options)

    def os_opened(path: Any, flags: int, *rest: Any, **options: Any) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            faults.hit("open", path)
        return real_os_open(path, flags, *rest, **options)

    def counted(what: str, real: Callable[..., Any], place: int = 0) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            faults.hit(what, arguments[place])
            return real(*arguments, **options)

        return call

    def exchanged(one: Path, other: Path) -> bool:
        faults.hit("rename", other)
        return real_exchange(one, other)

    from zoo import files

    real_exchange = files._exchange
    patches = [
        mock.patch.object(io, "open", opened),
        mock.patch.object(builtins, "open", opened),
        mock.patch.object(os, "open", os_opened),
        mock.patch.object(os, "fsync", counted("fsync", os.fsync)),
        mock.patch.object(os, "mkdir", counted("mkdir", os.mkdir)),
        mock.patch.object(os, "truncate", counted("truncate", os.truncate)),
        mock.patch.object(os, "rename", counted("rename", os.rename, 1)),
        mock.patch.object(os, "replace", counted("rename", os.replace, 1)),
        mock.patch.object(files, "_exchange", exchanged),
    ]
    try:
        for patch in patches:
            patch.start()
        yield faults
    finally:
        for patch in reversed(patches):
            patch.stop()


def leftovers(root: Path) -> list[str]:
    """What is half-written or moved away under a folder."""
    return sorted(str(path.relative_to(root)) for path in root.rglob(".*") if path.suffix in (".part", ".old"))
