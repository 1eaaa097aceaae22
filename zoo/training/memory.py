"""Memory that a step frees is taken again by the next one, not handed back to the system in between."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterator

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of glibc's mallopt(3)
NEVER = 2**31 - 1
LARGEST_DYNAMIC = 32 << 20
"""What glibc's own threshold grows to at most on a 64-bit system (mallopt(3), M_MMAP_THRESHOLD)."""


@contextlib.contextmanager
def kept_memory() -> Iterator[None]:
    """Within, the C library keeps what is freed; afterwards the rest goes back to the system.

    Activations and gradients of several megabytes are allocated and freed in every step. By default glibc maps each anew, and the
    kernel clears every page of it again: for a convolutional network a tenth to a third of a step's time. Where the C
    library is another one (macOS, Windows, musl), nothing happens.
    """
    library = _glibc()
    if library is None:
        yield
        return
    # glibc before 2.35 refuses more than that; left alone, its threshold would stay where it is now, at 128 KiB in a young process.
    if not library.mallopt(MMAP_THRESHOLD, 1 << 30):
        library.mallopt(MMAP_THRESHOLD, LARGEST_DYNAMIC)
    library.mallopt(TRIM_THRESHOLD, NEVER)
    try:
        yield
    finally:
        library.mallopt(MMAP_THRESHOLD, LARGEST_DYNAMIC)
        library.mallopt(TRIM_THRESHOLD, 2 * LARGEST_DYNAMIC)
        library.malloc_trim(0)


def _glibc() -> ctypes.CDLL | None:
    """The process's own C library, where it is glibc."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        library = ctypes.CDLL(None)
        return library if hasattr(library, "gnu_get_libc_version") and hasattr(library, "malloc_trim") else None
    except OSError:
        return None
