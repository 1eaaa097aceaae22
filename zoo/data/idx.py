"""Files of the idx format (`zoo.pictures.idx`): read and written, compressed or not."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from zoo.data.compressed import LIMIT, read_raw
from zoo.files import write_atomic
from zoo.pictures.idx import MOST_AXES, UNSIGNED_BYTES, parse_idx


def read_idx(path: Path, *, axes: int | None = None, limit: int = LIMIT) -> np.ndarray:
    """Read an idx file, raw or compressed (`.gz`, `.xz`).

    Args:
        path: of the file.
        axes: number of axes it must have: 1 for labels, 3 for pictures; `None` for any.
        limit: most raw bytes that are read.

    Returns:
        uint8, of the shape that the header gives, writable.

    Raises:
        IntegrityError: it is no such file, truncated, longer than its header says, or larger than `limit`.
        OSError: it cannot be read.
    """
    return parse_idx(read_raw(path, limit=limit), name=str(path), axes=axes)


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write an array of uint8 as an idx file, compressed where the name ends in `.gz`; whole or not at all.

    Raises:
        ValueError: another dtype, no axis, more than 32 axes, or an axis that 32 bits cannot count.
        OSError: no space, no permission.
    """
    if array.dtype != np.uint8 or not 1 <= array.ndim <= MOST_AXES or max(array.shape) >= 1 << 32:
        raise ValueError(f"idx files hold uint8 with 1 to {MOST_AXES} axes, not {array.dtype} {array.shape}")
    header = bytes([0, 0, UNSIGNED_BYTES, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    content = header + np.ascontiguousarray(array).tobytes()
    # No time stamp inside: equal arrays make equal files.
    write_atomic(path, gzip.compress(content, mtime=0) if path.suffix == ".gz" else content)
