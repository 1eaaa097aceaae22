"""What a stranger's model may take while it is replayed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

MEMORY = 4 * 2**30
"""Bytes beyond what the process has already: small golden inputs have small answers, whatever a graph of a kilobyte asks for."""
SECONDS = 60.0
"""For one call."""


@contextlib.contextmanager
def bounded_memory(more: int = MEMORY) -> Iterator[None]:
    """Let the process have at most so many bytes more, for this long; what asks for more gets an error in place of the machine.

    It works on Linux; elsewhere there is no bound.
    """
    try:
        import resource

        before = resource.getrlimit(resource.RLIMIT_DATA)
        held = next(int(line.split()[1]) * 1024 for line in _status() if line.startswith("VmData:"))
    except (ImportError, OSError, StopIteration):
        yield
        return
    ends = [limit for limit in (held + more, *before) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(ends), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


def _status() -> list[str]:
    return Path("/proc/self/status").read_text().splitlines()
