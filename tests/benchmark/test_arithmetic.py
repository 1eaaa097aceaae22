"""Multiply-adds from shapes, beside those that a textbook counts."""

from __future__ import annotations

import pytest

from zoo.benchmark.arithmetic import COUNTS, Shape, multiply_adds

CASES: list[tuple[str, list[Shape], Shape, list[Shape], int]] = [
    ("MatMul", [(2, 3, 4), (4, 5)], (2, 3, 5), [], 2 * 3 * 4 * 5),
    ("MatMul", [(2, 3, 4)], (2, 3, 5), [(4, 5)], 2 * 3 * 4 * 5),  # the weight was packed
    ("MatMulInteger", [(1, 256), ()], (1, 768), [(256, 768)], 256 * 768),
    ("Gemm", [(8, 256), (10,)], (8, 10), [(256, 10)], 8 * 256 * 10),
    ("Gemm", [(256, 8), (10,)], (8, 10), [(256, 10)], 8 * 256 * 10),  # its first factor is turned
    ("Conv", [(1, 1, 28, 28), (32, 1, 5, 5)], (1, 32, 24, 24), [(32, 1, 5, 5), (32,)], 32 * 24 * 24 * 25),
    ("Conv", [(1, 4, 9, 9)], (1, 4, 7, 7), [(4, 1, 3, 3)], 4 * 7 * 7 * 9),  # a channel each, packed
    ("ConvTranspose", [(1, 8, 7, 7)], (1, 4, 14, 14), [(8, 4, 2, 2)], 8 * 7 * 7 * 4 * 4),
    ("GRU", [(12, 3, 20), (2, 90)], (12, 2, 3, 15), [(2, 45, 20), (2, 45, 15), (2, 90)], 12 * 3 * 2 * 45 * 35),
    ("LSTM", [(5, 1, 7), (1, 12, 7), (1, 12, 3)], (5, 1, 1, 3), [], 5 * 12 * 10),
    ("Add", [(2, 2), (2, 2)], (2, 2), [], 0),
]


@pytest.mark.parametrize(("operator", "inputs", "output", "weights", "expected"), CASES)
def test_counts(operator: str, inputs: list[Shape], output: Shape, weights: list[Shape], expected: int) -> None:
    assert multiply_adds(operator, inputs, [output], weights) == expected


@pytest.mark.parametrize("operator", sorted(COUNTS))
def test_shapes_that_are_missing_or_empty_count_nothing(operator: str) -> None:
    assert multiply_adds(operator, [], [], []) == 0
    assert multiply_adds(operator, [(0, 0, 0)], [(0, 0, 0)], []) == 0
