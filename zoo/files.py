"""Files that are whole or not there: written beside, fsynced, renamed.

What is written beside `x` is called `.x.<8 hexadecimal digits>.part`, and is locked as long as its writer lives. A process that is
killed leaves it unlocked; the next writer of `x` removes it.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import shutil
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1 << 20
LEFTOVER = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.(?P<kind>part|old)", re.DOTALL)
NO_FLUSH = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)
"""What fsync of a folder gives where the file system has none of it: network shares, some of those in user space."""
_EXCHANGE = 2
"""`RENAME_EXCHANGE` of renameat2(2)."""
_HERE = -100
"""`AT_FDCWD`: a relative path is taken from the working folder."""


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
    """A path beside `path` to write to; on leaving it is fsynced and renamed to `path`, on an error it is removed.

    Where `path` is a link, what it leads to is replaced; a device or a pipe (`/dev/stdout`) is written to as it is.

    Raises:
        OSError: it names `path`, never the file beside it.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with _naming(path):
            yield path
        return
    with _naming(path), _beside(path, folder=False) as (beside, target):
        yield beside
        _fsync(beside)
        beside.replace(target)
        _fsync(target.parent)


@contextlib.contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """An empty folder beside `path` to fill; on leaving it takes the place of `path`, on an error it is removed.

    On Linux the old folder and the new one change places in one step, so that whoever looks meets one of them, whole. Two processes
    that replace the same folder at once both end well: the later one stays.

    Raises:
        OSError: it names `path` or a file that was to be in it.
    """
    with _naming(path), _beside(path, folder=True) as (beside, target):
        yield beside
        for file in beside.rglob("*"):
            _fsync(file)
        _fsync(beside)
        _swap(beside, target)
        _fsync(target.parent)


def remove_leftovers(folder: Path, name: str | None = None) -> None:
    """Remove what killed processes left in `folder` of the file or folder `name`, or of all; what a living one writes is kept.

    A folder that was moved away, and whose successor never came, is put back.
    """
    with contextlib.suppress(OSError):  # who may write here need not be allowed to look, and there may be nothing to look at
        for left in sorted(folder.iterdir()):
            found = LEFTOVER.fullmatch(left.name)
            if found is None or found["name"] != (name or found["name"]):
                continue
            with contextlib.suppress(OSError), locked(left, wait=False) as ours:
                successor = folder / found["name"]
                if found["kind"] == "old" and not os.path.lexists(successor):
                    left.rename(successor)
                elif ours:
                    _remove(left)


@contextlib.contextmanager
def _beside(path: Path, *, folder: bool) -> Iterator[tuple[Path, Path]]:
    """An empty file or folder to fill, locked, and what it is to replace. It is gone afterwards, whatever happens."""
    target = path.resolve() if path.is_symlink() else path
    target.parent.mkdir(parents=True, exist_ok=True)
    remove_leftovers(target.parent, target.name)
    while True:
        beside = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            if folder:
                beside.mkdir()
            else:
                os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            with contextlib.ExitStack() as held:
                with contextlib.suppress(FileNotFoundError):
                    held.enter_context(locked(beside))
                if not beside.exists():
                    continue  # between its making and its locking another process took it for a dead one's
                yield beside, target
                return
        finally:
            with contextlib.suppress(OSError):
                _remove(beside)  # what failed, or the folder that was replaced


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """An `OSError` tells of `path`: a full disk does not say which file it was too full for, and nobody knows hidden names."""
    try:
        yield
    except OSError as error:
        names = [Path(name) for name in (error.filename, error.filename2) if isinstance(name, str | os.PathLike)]
        hidden = [part for name in names for part in (name, *name.parents) if LEFTOVER.fullmatch(part.name)]
        if hidden or not names:
            error.filename = str(path / names[0].relative_to(hidden[0]) if hidden and hidden[0] in names[0].parents else path)
            del error.filename2
        raise


def _swap(beside: Path, path: Path) -> None:
    """Put the folder `beside` in the place of `path`, whatever another process does to `path` meanwhile.

    Afterwards `beside` is the old folder, or nothing. Where names cannot be exchanged, two renames do it; killed between them, a
    process leaves the old folder hidden, and the next writer puts it back.
    """
    for _ in range(100):
        if path.exists() and not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "A file is where a folder should be", str(path))
        if _exchange(beside, path):
            return
        old = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.old")
        try:
            with contextlib.suppress(FileNotFoundError):
                path.rename(old)
            beside.rename(path)
        except BaseException as error:
            if old.exists() and not path.exists():
                old.rename(path)
            shutil.rmtree(old, ignore_errors=True)
            if isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                continue  # another process was faster: its folder is replaced in the next round
            raise
        shutil.rmtree(old, ignore_errors=True)
        return
    raise OSError(errno.EBUSY, "Other processes replaced it 100 times in a row", str(path))


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; `False` where one is not there, or the system or the file system has no such step."""
    if sys.platform != "linux":
        return False
    import ctypes

    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)  # glibc has it since 2.28
    return renameat2 is not None and renameat2(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0


def _remove(path: Path) -> None:
    """Remove a file or a folder, or nothing."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of a file or folder, which the system gives up when the process ends. `False` where there are no such locks.

    Raises:
        BlockingIOError: another process holds it, and we are not to wait.
    """
    try:
        import fcntl
    except ImportError:  # not a POSIX system
        yield False
        return
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            ours = True
        except BlockingIOError:
            raise
        except OSError:  # a file system without locks
            ours = False
        yield ours
    finally:
        os.close(handle)


def _fsync(path: Path) -> None:
    """Flush a file or folder to the disk; folders can be neither opened nor flushed on every system."""
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        if path.is_dir():
            return
        raise
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in NO_FLUSH or not path.is_dir():
            raise
    finally:
        os.close(handle)
