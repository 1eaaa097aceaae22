"""Inputs that an artifact brings along, for people to begin with."""

from __future__ import annotations

import io
import json
import math
import zipfile

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
    if any(f"in:{tensor.name}" not in arrays for tensor in manifest.inputs):
        return None
    inputs = {tensor.name: arrays[f"in:{tensor.name}"] for tensor in manifest.inputs}
    rows = np.arange(min(map(len, inputs.values())))
    for array in inputs.values():
        if array.dtype.kind == "f":  # JSON has nothing else than finite numbers
            rows = rows[np.isfinite(array[rows].reshape(len(rows), -1)).all(1)]
    if all(tensor.dtype == "string" and len(tensor.shape) == 1 for tensor in manifest.inputs):
        rows = np.array([row for row in rows if all(array[row].strip() for array in inputs.values())], np.int64)
        for tensor in manifest.outputs:
            values = arrays.get(f"out:{tensor.name}") if len(tensor.shape) == 1 else None
            if values is not None and tensor.dtype == "bool":
                rows = rows[values[rows]]
            elif values is not None and tensor.dtype == "float32":
                rows = rows[np.argsort(-values[rows], kind="stable")]
    found = {name: [array[row].tolist() for row in rows] for name, array in inputs.items()}
    once = {json.dumps(example): example for example in zip(*found.values(), strict=True)}
    shown = list(once.values())[:EXAMPLES]
    named = {name: [example[place] for example in shown] for place, name in enumerate(found)}
    return json.dumps(named, ensure_ascii=False).encode()


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
