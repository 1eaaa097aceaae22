"""Inputs that an artifact brings along, for people to begin with."""

from __future__ import annotations

import io
import json
import math
import zipfile
from collections.abc import Mapping

import numpy as np

from zoo.runtime.manifest import Manifest, Tensor

EXAMPLES = 10
NUMBERS = 4096
"""Of an input of which examples are given."""
UNPACKED = 2**28
"""Bytes of vectors that are read."""


def examples(golden: bytes, manifest: Manifest) -> bytes | None:
    """JSON: input → some of its values in the certificate's largest batch, each once, as nested lists.

    Of texts none that is blank or not known is given, and those that are scored come best first: they are what was learned.

    Args:
        golden: the content of `golden.npz`.
        manifest: of the model.
    """
    if any(_numbers(tensor) > NUMBERS for tensor in manifest.inputs):
        return None
    arrays = _largest(golden)
    found = {tensor.name: _fitting(arrays, "in", tensor) for tensor in manifest.inputs}
    inputs = {name: array for name, array in found.items() if array is not None}
    if len(inputs) < len(manifest.inputs):
        return None
    rows = np.arange(min(map(len, inputs.values())))
    for array in inputs.values():
        if array.dtype.kind == "f":  # JSON has nothing else than finite numbers
            rows = rows[np.isfinite(array[rows].reshape(len(rows), -1)).all(1)]
    if all(tensor.dtype == "string" and len(tensor.shape) == 1 for tensor in manifest.inputs):
        rows = np.array([row for row in rows if all(array[row].strip() for array in inputs.values())], np.int64)
        for tensor in manifest.outputs:
            answers = _fitting(arrays, "out", tensor) if len(tensor.shape) == 1 else None
            if answers is None or len(answers) <= rows.max(initial=0):
                continue
            if tensor.dtype == "bool":
                rows = rows[answers[rows]]
            elif tensor.dtype == "float32":
                rows = rows[np.argsort(-answers[rows], kind="stable")]
    values = [[array[row].tolist() for row in rows] for array in inputs.values()]
    once = {json.dumps(example): example for example in zip(*values, strict=True)}
    shown = list(once.values())[:EXAMPLES]
    named = {name: [example[place] for example in shown] for place, name in enumerate(inputs)}
    return json.dumps(named, ensure_ascii=False).encode(errors="backslashreplace")


def _fitting(arrays: Mapping[str, np.ndarray], side: str, tensor: Tensor) -> np.ndarray | None:
    """A tensor's vectors, or `None` where they are not there, or of another form than the manifest says."""
    array = arrays.get(f"{side}:{tensor.name}")
    if array is None or array.ndim != len(tensor.shape):
        return None
    if array.dtype.kind != ("U" if tensor.dtype == "string" else np.dtype(tensor.dtype).kind):  # reference floats are float64
        return None
    fixed = all(size == wanted for size, wanted in zip(array.shape, tensor.shape, strict=True) if isinstance(wanted, int))
    return array if fixed else None


def _largest(golden: bytes) -> dict[str, np.ndarray]:
    """`in:name` and `out:name` of the largest batch; nothing where that cannot be read: `zoo verify` says what is wrong then."""
    try:
        with zipfile.ZipFile(io.BytesIO(golden)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > UNPACKED:
                return {}
        with np.load(io.BytesIO(golden), allow_pickle=False) as stored:
            batches = [int(name[6:]) for name in {key.split(":")[0] for key in stored.files} if name[:6] == "batch-"]
            case = f"batch-{max(batches)}:"
            return {key.removeprefix(case): stored[key] for key in stored.files if key.startswith(case)}
    except Exception:  # zipfile, zlib and numpy's parser of headers have no common error
        return {}


def _numbers(tensor: Tensor) -> int:
    return math.prod(size for size in tensor.shape if isinstance(size, int))
