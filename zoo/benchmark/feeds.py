"""Inputs for a benchmark: the artifact's own golden vectors, repeated to the batch size, else noise from its signature.

Text is that of the golden cases of real sentences, not of the hostile ones: what is measured is what people ask.
"""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from zoo.errors import ZooError
from zoo.runtime.manifest import Tensor
from zoo.runtime.model import Model

Arrays = dict[str, np.ndarray]
LENGTH = 8
"""Of a varying axis other than the batch's, in noise."""


def examples(model: Model, data: Mapping[str, np.ndarray] | None = None) -> tuple[Arrays, str]:
    """A batch of any size to repeat, and where it came from.

    Args:
        model: whose inputs are wanted.
        data: arrays of the caller's by input name; they go before the golden vectors.

    Raises:
        ZooError: the model takes text and nothing has any.
    """
    if data is not None:
        return dict(data), "given"
    if golden := _golden(model.path / "golden.npz", model.inputs):
        return golden, "golden.npz, repeated"
    return {tensor.name: _noise(model, tensor) for tensor in model.inputs}, "seeded noise"


def batch_axis(model: Model) -> bool:
    """Whether the model takes any number of examples: the first axis of all inputs varies under one name."""
    first = {tensor.shape[:1] for tensor in model.inputs}
    return len(first) == 1 and all(len(shape) == 1 and isinstance(shape[0], str) for shape in first)


def repeated(arrays: Mapping[str, np.ndarray], batch: int) -> Arrays:
    """The examples over and over, until there are `batch` of them."""
    return {name: np.ascontiguousarray(array[np.arange(batch) % len(array)]) for name, array in arrays.items()}


def _golden(path: Path, inputs: Sequence[Tensor]) -> Arrays:
    """The inputs of the case with most examples, the first of equals, whose arrays are called `case:in:input`; text as objects, as
    onnxruntime takes it. None where there is no such file."""
    texts = {tensor.name for tensor in inputs if tensor.dtype == "string"}
    best: Arrays = {}
    with contextlib.suppress(OSError, ValueError, EOFError, zipfile.BadZipFile):
        # From bytes: NumPy does not close a file that it cannot read.
        stored = np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)
        if not isinstance(stored, np.lib.npyio.NpzFile):
            return best
        for case in dict.fromkeys(key.partition(":")[0] for key in stored.files):
            keys = {tensor.name: f"{case}:in:{tensor.name}" for tensor in inputs}
            if not all(key in stored.files for key in keys.values()) or (texts and not case.startswith("batch-")):
                continue
            arrays = {name: stored[key].astype(object) if name in texts else stored[key] for name, key in keys.items()}
            if min(map(len, arrays.values())) > (len(next(iter(best.values()))) if best else 0):
                best = arrays
    return best


def _noise(model: Model, tensor: Tensor) -> np.ndarray:
    if tensor.dtype == "string":
        raise ZooError(f"{model.id} takes text, and its artifact has no golden vectors to measure it with.")
    generator = np.random.default_rng(0)
    sizes = [64 if number == 0 else LENGTH if isinstance(axis, str) else axis for number, axis in enumerate(tensor.shape)]
    if tensor.shape and isinstance(tensor.shape[0], int):
        sizes[0] = tensor.shape[0]
    low, high = 0 if tensor.low is None else tensor.low, 1 if tensor.high is None else tensor.high
    if tensor.dtype == "float32":
        return generator.uniform(low, high, sizes).astype(np.float32)
    return generator.integers(int(low), int(high), sizes, endpoint=True).astype(tensor.dtype)
