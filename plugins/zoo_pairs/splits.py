"""Pairs without splits of their own → splits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from zoo.data.apart import split_apart
from zoo.data.dataset import texts


def split_columns(source: Sequence[str], target: Sequence[str]) -> dict[str, dict[str, np.ndarray]]:
    """`train`, `validation` and `test`, the last two of at most 1,000 pairs; no sentence is in two of them."""
    sides = {"source": texts(source), "target": texts(target)}
    return {split: {side: array[places] for side, array in sides.items()} for split, places in split_apart(source, target).items()}
