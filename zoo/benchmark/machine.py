"""The machine that a figure holds for."""

from __future__ import annotations

import os
import platform
import time
from pathlib import Path

from zoo.benchmark.report import Machine
from zoo.machine import cpu_name


def this_machine() -> Machine:
    """What this process runs on."""
    import onnxruntime

    return Machine(
        cpu=cpu_name(),
        cores=cores(),
        busy=_busy(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        onnxruntime=onnxruntime.__version__,
    )


def cores() -> int:
    """Logical cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _busy(seconds: float = 0.3) -> float | None:
    """Share of this process's cores that others take, watched for so long; `None` where the system has no /proc/stat.

    Not the load average: it remembers a minute, and with it the training that may just have ended.
    """
    before = _ticks()
    time.sleep(seconds)
    after = _ticks()
    if before is None or after is None or after[1] == before[1]:
        return None
    idle, total = after[0] - before[0], after[1] - before[1]
    return round(min(1.0, max(0.0, 1 - idle / total)), 2)


def _ticks() -> tuple[int, int] | None:
    """Idle and all ticks of this process's cores since the start of the system."""
    try:
        ours = {f"cpu{core}" for core in os.sched_getaffinity(0)}
        lines = [line.split() for line in Path("/proc/stat").read_text(encoding="utf-8").splitlines()]
        ticks = [[int(word) for word in line[1:9]] for line in lines if line and line[0] in ours]
    except (OSError, AttributeError, ValueError):
        return None
    return sum(core[3] + core[4] for core in ticks), sum(map(sum, ticks))
