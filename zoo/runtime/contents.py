"""The bytes of a file → the arrays in it: .npy, .npz, idx, also packed with gzip.

What a file is, its first bytes say; its name says only what it claims to be.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO

import numpy as np

from zoo.errors import DataError, IntegrityError
from zoo.pictures.decode import KINDS, SUFFIXES
from zoo.pictures.idx import parse_idx

LIMIT = 1 << 30
"""Most bytes of one input, packed or unpacked."""
KNOWN = f"{KINDS.replace(' or', ',')}, .npy, .npz or idx"


def limited(stream: BinaryIO, name: str) -> bytes:
    """All that a stream gives.

    Raises:
        DataError: it gives more than `LIMIT` bytes.
    """
    content = stream.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise DataError(f"{name} has more than {LIMIT:,} bytes, the most that is read.")
    return content


def arrays_in(content: bytes, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """Names and arrays of what is no picture.

    Raises:
        DataError: it is of another kind, or unpacks to more than `LIMIT` bytes.
        IntegrityError: it is damaged, or not what its name says.
    """
    if content.startswith(b"\x1f\x8b"):
        content = _unzipped(content, name)
    if content.startswith(b"\x93NUMPY"):
        yield name, _npy(content, name)
    elif content.startswith(b"PK\x03\x04"):
        yield from _npz(content, name)
    elif content[:3] == b"\x00\x00\x08":
        yield name, parse_idx(content, name=name)
    else:
        # A file that calls itself a picture and is none is damaged; one that never did is only of no use here.
        claims = name.lower().endswith((*SUFFIXES, ".npy", ".npz", "ubyte", ".gz"))
        raise (IntegrityError if claims else DataError)(f"{name} begins like none of the files that can be read: {KNOWN}.")


def _unzipped(content: bytes, name: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            raw = stream.read(LIMIT + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise IntegrityError(f"{name} is damaged gzip data: {error}.") from None
    if len(raw) > LIMIT:
        raise DataError(f"{name} unpacks to more than {LIMIT:,} bytes, the most that is read.")
    return raw


def _npy(content: bytes, name: str) -> np.ndarray:
    try:
        array: np.ndarray = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError, MemoryError, SyntaxError, TypeError, OverflowError) as error:
        reason = " ".join(str(error).split()) or "it is truncated"
        raise IntegrityError(f"{name} is no array that can be read: {reason.rstrip('.')}.") from None
    return array


def _npz(content: bytes, name: str) -> Iterator[tuple[str, np.ndarray]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > LIMIT:
                raise DataError(f"{name} unpacks to more than {LIMIT:,} bytes, the most that is read.")
            members = [info.filename for info in archive.infolist()]
            contents = {member: archive.read(member) for member in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise IntegrityError(f"{name} is a damaged zip archive: {error}.") from None
    if not members or not all(member.endswith(".npy") for member in members):
        raise DataError(f"{name} is a zip archive, but no .npz of arrays.")
    for member in members:
        part = f"{name}:{member.removesuffix('.npy')}"
        yield part, _npy(contents[member], part)
