"""What a run was computed with: versions, system, device."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch

from zoo.plugin_sources import DISTRIBUTION
from zoo.training.device import describe


def environment(device: torch.device) -> dict[str, Any]:
    """What `env.json` records: versions, system, device."""
    packages = ("torch", "numpy", "onnx", "onnxruntime", "onnxscript", DISTRIBUTION)
    compilers = {name: found for name in ("numba", "llvmlite") if (found := _version(name))}  # of an extra
    return {
        "python": sys.version.split()[0],
        "system": platform.platform(),
        "packages": {name: _version(name) for name in packages} | compilers,
        "device": describe(device),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
