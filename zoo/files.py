"""Files that are whole or not there: written beside, fsynced, renamed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 20


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_atomic(path: Path, content: bytes | str) -> None:
    """Write `content` (text as UTF-8) to `path` so that a reader, or a crash at any moment, meets the old file or the new one.

    Raises:
        OSError: no space, no permission; then `path` is as it was.
    """
    with replacing(path) as beside:
        beside.write_bytes(content.encode() if isinstance(content, str) else content)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A path beside `path` to write to; on leaving it is fsynced and renamed to `path`, on an error it is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        yield beside
        _fsync(beside)
        beside.replace(path)
        _fsync(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a full disk does not say which file it was too full for
        raise


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """An empty folder beside `path` to fill; on leaving it takes the place of `path`, on an error it is removed.

    Two processes that replace the same folder at once both end well: the later one stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    beside.mkdir()
    try:
        yield beside
        for file in beside.rglob("*"):
            _fsync(file)
        _fsync(beside)
        _swap(beside, path)
        _fsync(path.parent)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


def _swap(beside: Path, path: Path) -> None:
    """Put the folder `beside` in the place of `path`, whatever another process does to `path` meanwhile.

    Interrupted at any point, the old folder or the new one is in place: the old one is removed only when the new one is there.
    """
    for _ in range(100):
        old = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.old")
        try:
            with contextlib.suppress(FileNotFoundError):
                path.rename(old)
            beside.rename(path)
        except BaseException as error:
            if not path.exists():
                if old.exists():
                    old.rename(path)
                raise
            shutil.rmtree(old, ignore_errors=True)
            if isinstance(error, OSError):
                continue  # another process was faster: its folder is replaced in the next round
            raise
        shutil.rmtree(old, ignore_errors=True)
        return
    raise OSError(f"{path} was replaced by other processes 100 times in a row")


def _fsync(path: Path) -> None:
    """Flush a file or folder to the disk; folders cannot be opened on every system."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        if path.is_dir():
            return
        raise
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
