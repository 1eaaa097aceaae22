"""The idx format of MNIST: arrays of unsigned bytes behind a big-endian header.

    00 00 08 n | n × uint32: the shape | the bytes, last axis fastest

08 is the code of unsigned bytes, n the number of axes: labels begin with 0x00000801, pictures with 0x00000803.
"""

from __future__ import annotations

import math
import struct

import numpy as np

from zoo.errors import IntegrityError

UNSIGNED_BYTES = 0x08
MOST_AXES = 32
"""numpy before 2.0 has no more axes."""


def parse_idx(content: bytes | bytearray, *, name: str, axes: int | None = None) -> np.ndarray:
    """The array in the bytes of an idx file; takes no more memory than `content` does, whatever the header says.

    Args:
        content: the whole file, raw.
        name: of the file, for messages.
        axes: number of axes it must have; `None` for any.

    Returns:
        uint8, of the shape that the header gives, writable.

    Raises:
        IntegrityError: wrong magic number, truncated header or data, bytes after the data.
    """
    found = bytes(content[:4])
    wanted = f"0x000008{axes:02x}" if axes is not None else "0x000008 and the number of axes"
    if len(found) < 4 or found[:3] != bytes([0, 0, UNSIGNED_BYTES]) or (axes is not None and found[3] != axes):
        what = f"0x{found.hex()}" if found else "nothing, it is empty"
        raise IntegrityError(f"{name} is not the idx file it should be: it begins with {what} instead of {wanted}.")
    if not 1 <= found[3] <= MOST_AXES:
        raise IntegrityError(f"{name} is not the idx file it should be: {found[3]} axes instead of 1 to {MOST_AXES}.")
    start = 4 + 4 * found[3]
    if len(content) < start:
        raise IntegrityError(f"{name} is truncated: its idx header takes {start} bytes, the file has {len(content)}.")
    shape: tuple[int, ...] = struct.unpack_from(f">{found[3]}I", content, 4)
    # Compared in whole numbers of any size, before anything is allocated.
    expected, present = math.prod(shape), len(content) - start
    if present != expected:
        fault = "truncated" if present < expected else "longer than its header says"
        size = f"{' × '.join(map(str, shape))} = {expected:,}"
        raise IntegrityError(f"{name} is {fault}: {size} bytes of data were expected, {present:,} found.")
    try:
        # A copy, because an array over `bytes` is read-only, which torch warns about.
        return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()
    except ValueError:  # an empty array may have other axes so long that numpy cannot address them
        raise IntegrityError(f"{name} has the impossible shape {' × '.join(map(str, shape))}.") from None
