"""The machine that a figure holds for."""

from __future__ import annotations

import os
import platform

import numpy as np

from zoo.benchmark.report import Machine
from zoo.machine import cpu_name


def this_machine() -> Machine:
    """What this process runs on."""
    import onnxruntime

    return Machine(
        cpu=cpu_name(),
        cores=cores(),
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=platform.python_version(),
        numpy=np.__version__,
        onnxruntime=onnxruntime.__version__,
    )


def cores() -> int:
    """Logical cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
