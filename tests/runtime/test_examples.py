"""A person's array → a batch: what is done to its values, and that it is said."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.runtime.examples import as_examples
from zoo.runtime.manifest import Tensor

BYTES = Tensor(name="image", dtype="uint8", shape=("batch", 2, 2), meaning="", low=0, high=255)
MASK = np.array([[0, 1], [1, 0]])
SCALED = "multiplied by 255, for no value is above 1"


@pytest.mark.parametrize(
    ("dtype", "said"),
    [
        (np.uint8, SCALED),
        (np.int8, SCALED),
        (np.uint16, SCALED),
        (np.int64, SCALED),
        (np.bool_, "true became 255, false 0"),
        (np.float32, "multiplied by 255 and rounded"),
    ],
)
def test_a_mask_is_black_and_white(dtype: type, said: str) -> None:
    values, notes = as_examples(MASK.astype(dtype), BYTES, name="x")
    assert (values.dtype, values.tolist(), notes) == (np.uint8, [[[0, 255], [255, 0]]], [said])


@pytest.mark.parametrize("array", [MASK * 0, MASK * 2, MASK * 255, MASK + 1])
@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_other_whole_numbers_are_taken_as_they_are(array: np.ndarray, dtype: type) -> None:
    values, notes = as_examples(array.astype(dtype), BYTES, name="x")
    assert (values.dtype, values.tolist(), notes) == (np.uint8, [array.tolist()], [])
