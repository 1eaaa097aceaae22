"""Raw bytes out of raw, gzip and xz files, told apart by their name, with a limit against decompression bombs."""

from __future__ import annotations

import gzip
import hashlib
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from zoo.errors import IntegrityError

LIMIT = 1 << 30
"""Most bytes one file may unpack to; the largest data set meant here, text8, has a tenth of it."""
SUFFIXES = ("", ".gz", ".xz")
CHUNK = 1 << 20


def raw_chunks(path: Path, *, limit: int = LIMIT) -> Iterator[bytes]:
    """The raw bytes of a file, a piece at a time; `.gz` and `.xz` are decompressed.

    Raises:
        IntegrityError: damaged or truncated compressed data, or more than `limit` bytes.
        OSError: it cannot be read.
    """
    done = 0
    try:
        with _opened(path) as stream:
            while chunk := stream.read(CHUNK):
                done += len(chunk)
                if done > limit:
                    raise IntegrityError(f"{path} unpacks to more than {limit:,} bytes, the most that is read.")
                yield chunk
    except EOFError:
        raise IntegrityError(f"{path} is truncated: its compressed data end early, after {done:,} raw bytes.") from None
    except (gzip.BadGzipFile, zlib.error, lzma.LZMAError, MemoryError) as error:
        # MemoryError: the header of an xz file may ask for a dictionary of 4 GiB.
        raise IntegrityError(f"{path} is not valid {path.suffix[1:]} data: {error or 'it asks for too much memory'}.") from None


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path))
    return lzma.open(path) if path.suffix == ".xz" else path.open("rb")


def read_raw(path: Path, *, limit: int = LIMIT) -> bytearray:
    """The raw bytes of a file, as `raw_chunks` has them, and with its errors."""
    content = bytearray()
    for chunk in raw_chunks(path, limit=limit):
        content += chunk
    return content


def unpack(source: Path, target: Path, *, limit: int = LIMIT) -> str:
    """Write the raw bytes of `source` to `target` and return their SHA-256; errors as `raw_chunks` has them."""
    digest = hashlib.sha256()
    with target.open("wb") as out:
        for chunk in raw_chunks(source, limit=limit):
            digest.update(chunk)
            out.write(chunk)
    return digest.hexdigest()
