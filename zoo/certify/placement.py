"""Which provider each node of a graph really ran on, from onnxruntime's own profile."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo.runtime.providers import PROVIDERS

# Strings and labels, which no accelerator holds; shapes and indices, which are cheaper where they are.
ALWAYS_CPU = frozenset(
    (
        *(
            "LabelEncoder",
            "StringSplit",
            "StringConcat",
            "RegexFullMatch",
            "Gather",
            "Loop",
            "If",
            "Where",
            "Equal",
            "Not",
            "And",
            "Or",
        ),
        *("Shape", "Size", "Reshape", "Unsqueeze", "Squeeze", "Slice", "Concat", "Cast", "Range", "ConstantOfShape", "Expand"),
        *("Constant", "Identity", "MemcpyToHost", "MemcpyFromHost"),
    )
)
"""Operator types that may stay on the CPU whatever the provider. Any other that does computes on floats, and is an error."""


def cpu_nodes(model: bytes, provider: str, feeds: Mapping[str, np.ndarray]) -> dict[str, int]:
    """Operator types, with counts, that ran on the CPU although `provider` was asked for.

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


def placed_on(events: list[dict[str, object]], provider: str) -> dict[str, int]:
    """Operator types, with counts of nodes, that a profile shows on `provider`."""
    nodes: dict[str, str] = {}
    for event in events:
        arguments = event.get("args")
        if event.get("cat") == "Node" and isinstance(arguments, dict) and arguments.get("provider") == provider:
            nodes[str(event.get("name"))] = str(arguments.get("op_name"))
    return dict(sorted(Counter(nodes.values()).items()))


def fallen_back(nodes: Mapping[str, int]) -> list[str]:
    """Those among `cpu_nodes` that ought to have run on the provider."""
    return [operator for operator in nodes if operator not in ALWAYS_CPU]
