"""Inputs made up from a signature, with a seed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zoo.spec import TensorSpec

DTYPES = {"uint8": np.uint8, "int64": np.int64, "float32": np.float32, "bool": np.bool_}


def sample_input(spec: TensorSpec, sizes: Mapping[str, int], seed: int = 0) -> np.ndarray:
    """Uniform noise between `low` and `high` (0 and 1 where none are given; both ends included for integers).

    Args:
        spec: of the input; not a string.
        sizes: of its named axes.
        seed: of the noise.
    """
    shape = tuple(sizes[axis] if isinstance(axis, str) else axis for axis in spec.shape)
    generator = np.random.default_rng(seed)
    low = 0 if spec.low is None else spec.low
    high = 1 if spec.high is None else spec.high
    kind = DTYPES[spec.dtype]
    if spec.dtype == "float32":
        return generator.uniform(low, high, shape).astype(kind)
    return generator.integers(int(low), int(high), shape, endpoint=True).astype(kind)
