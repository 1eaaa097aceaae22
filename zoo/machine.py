"""What a figure was measured on, as far as the standard library knows."""

from __future__ import annotations

import contextlib
import os
import platform
from pathlib import Path

from zoo.errors import UsageError


def cpu_name() -> str:
    """The processor's model name, as far as the system tells."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine() or "unknown"


def cores() -> int:
    """Logical cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def alone() -> bool:
    """Whether this process is none of several that `torchrun` started."""
    return os.environ.get("WORLD_SIZE", "") in ("", "1")


def speaks() -> bool:
    """Whether this process tells what all of a group have to tell: the only one, or the first of those that `torchrun` started."""
    return alone() or os.environ.get("RANK", "0") == "0"


def require_one_process(verb: str, hint: str | None) -> None:
    """Refuse what is done once where `torchrun` started several processes, each of which would do it.

    Args:
        verb: of the command line.
        hint: what can be done by several; `{size}` in it is their number; `None` where nothing can.

    Raises:
        UsageError: there are several.
    """
    if not alone():
        size = os.environ["WORLD_SIZE"]
        said = f"zoo {verb} is for one process, and WORLD_SIZE={size} says that there are several."
        raise UsageError(said, hint=hint and hint.format(size=size))
