"""The machine that a figure holds for."""

from __future__ import annotations

import platform

import numpy as np

from zoo.benchmark.report import Machine
from zoo.machine import cores, cpu_name


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
