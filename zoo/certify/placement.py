"""Which provider each node of a graph really ran on, from onnxruntime's own profile."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zoo.runtime.providers import PROVIDERS

FLOATS = frozenset({"float", "float16", "bfloat16", "double"})
"""As a profile names them."""
# Shapes and indices are cheaper where they are, and what a loop carries goes with it.
MOVERS = frozenset(
    (
        *("Gather", "Loop", "If", "Where", "Shape", "Size", "Reshape", "Unsqueeze", "Squeeze", "Slice", "Concat", "Cast", "Range"),
        *("ConstantOfShape", "Expand", "Constant", "Identity", "MemcpyToHost", "MemcpyFromHost"),
    )
)
"""Operator types that may meet floats on the CPU whatever the provider: they move them and compute nothing."""


@dataclass(frozen=True)
class Placed:
    """What ran on a provider.

    Args:
        nodes: operator types with counts.
        computing: those of them that computed on floats, in order. On strings, truth values and whole numbers no accelerator need
            compute, and of many operators it cannot.
    """

    nodes: dict[str, int]
    computing: tuple[str, ...]


def on_cpu(model: bytes, provider: str, feeds: Mapping[str, np.ndarray]) -> Placed:
    """What ran on the CPU although `provider` was asked for.

    Args:
        model: the file.
        provider: short name, not `"cpu"`.
        feeds: one input.
    """
    import onnxruntime

    from zoo.runtime.providers import for_session

    with tempfile.TemporaryDirectory() as folder:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.enable_profiling = True
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(model, options, providers=for_session([provider]))
        session.run(None, dict(feeds))
        events = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return placed_on(events, PROVIDERS["cpu"])


def placed_on(events: list[dict[str, Any]], provider: str) -> Placed:
    """What a profile shows on `provider`."""
    nodes: dict[str, str] = {}
    computing = set()
    for event in events:
        arguments = event.get("args")
        if event.get("cat") != "Node" or not isinstance(arguments, dict) or arguments.get("provider") != provider:
            continue
        operator = str(arguments.get("op_name"))
        nodes[str(event.get("name"))] = operator
        tensors = [*arguments.get("input_type_shape", ()), *arguments.get("output_type_shape", ())]
        if operator not in MOVERS and any(dtype in FLOATS for tensor in tensors for dtype in tensor):
            computing.add(operator)
    return Placed(dict(sorted(Counter(nodes.values()).items())), tuple(sorted(computing)))
