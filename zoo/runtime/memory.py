"""How many examples may be asked about at once within a limit of memory.

onnxruntime's own profile names the size of every value that a call computes; of what is computed again and again, the largest
counts. Their sum, as if nothing were freed before the call's end, is what one example is taken to need, and it is counted twice:
for the second call of a size onnxruntime plans its memory anew, and keeps that of the first. It is an estimate on the safe side:
with the zoo's own models memory grows by a half to three quarters of the limit.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from zoo.errors import UsageError, ZooError
from zoo.runtime.manifest import Tensor
from zoo.runtime.session import explain

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMG]i?B|B)", re.IGNORECASE)


def bytes_of(memory: int | str) -> int:
    """A limit in bytes: `268435456`, `"256 MB"` (of 10⁶ bytes) or `"1.5 GiB"` (of 2³⁰).

    Raises:
        UsageError: it is none, or no byte.
    """
    if isinstance(memory, str):
        found = SIZE.fullmatch(memory.strip())
        size = int(float(found[1]) * UNITS[found[2].upper()]) if found else 0
    else:
        size = memory
    if size < 1:
        raise UsageError(f"memory {memory!r} should be a number of bytes, or a size like '256 MB' or '1.5 GiB'.")
    return size


TIMES = 2
"""Blocks of memory that onnxruntime keeps: that of the first call, and that of the plan for the next."""


class Measure:
    """Bytes that one example takes, measured when it is first asked for and remembered.

    Args:
        inputs: of the model.
        profiled: a session that writes its profile to files with the prefix it is given.
    """

    def __init__(self, inputs: Sequence[Tensor], profiled: Callable[[str], InferenceSession]) -> None:
        self.inputs = inputs
        self.profiled = profiled
        self._known: dict[tuple[tuple[int, ...], ...], int] = {}

    def batch(self, memory: int | str, feeds: Mapping[str, np.ndarray]) -> int:
        """Examples that may be asked about at once; at least one.

        Args:
            memory: the limit, as in `bytes_of`.
            feeds: input name → array, examples first; where other axes vary, or texts, the size of an example follows from them.

        Raises:
            UsageError: `memory` is none.
            ZooError: onnxruntime failed.
        """
        limit = bytes_of(memory)
        if not all(array.size for array in feeds.values()):
            return 1
        one = self._one(feeds)
        key = tuple(array.shape if array.dtype != object else (len(str(array.flat[0])),) for array in one.values())
        if key not in self._known:
            two = {name: np.repeat(array, 2, axis=0) if self._varies(name) else array for name, array in one.items()}
            with tempfile.TemporaryDirectory() as folder:
                self._known[key] = max(1, self._written(two, f"{folder}/two") // 2)
        return max(1, limit // (TIMES * self._known[key]))

    def _varies(self, name: str) -> bool:
        """Whether an input's first axis is that of the examples, as `zoo.runtime.tensors.split` has it."""
        return next(tensor.shape[:1] for tensor in self.inputs if tensor.name == name) == self.inputs[0].shape[:1]

    def _one(self, feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One example. A text is the longest, repeated to the next power of two: so texts of all lengths are few cases."""
        one = {name: array[:1] if self._varies(name) else array for name, array in feeds.items()}
        for name, array in feeds.items():
            if array.dtype == object and self._varies(name) and array.size:
                longest = max(array.flat, key=len)
                length = 1 << max(0, len(longest) - 1).bit_length()
                one[name] = np.full_like(one[name], (f"{longest} " * (length // (len(longest) + 1) + 1))[:length])
        return one

    def _written(self, feeds: dict[str, np.ndarray], prefix: str) -> int:
        """Bytes of all values that one call computes, each counted once."""
        session = self.profiled(prefix)
        try:
            session.run(None, feeds)
        except Exception as error:  # onnxruntime's own have no common base
            raise ZooError(f"What an example needs could not be measured: {explain(error)}.") from error
        events = json.loads(Path(session.end_profiling()).read_bytes())
        largest: dict[tuple[str, str], int] = {}
        for event in events:
            told = event.get("args", {})
            if event.get("cat") == "Node" and "output_size" in told:
                node = (event["name"], str(told.get("node_index")))
                largest[node] = max(largest.get(node, 0), int(told["output_size"]))
        return sum(largest.values())
