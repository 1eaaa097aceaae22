"""The camera's pictures: 2×2 pixels, each −1 (dark) or +1 (bright)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo_camera import CLASSES

PATTERNS = {
    "solid": [[1, 1], [1, 1]],
    "vertical": [[1, -1], [1, -1]],
    "diagonal": [[1, -1], [-1, 1]],
    "horizontal": [[1, 1], [-1, -1]],
}
"""One picture of each class; the other is its negative."""

SIZES = {"train": 4000, "test": 1000}


def all_pictures() -> tuple[np.ndarray, np.ndarray]:
    """The eight pictures that can be: float32 [8, 2, 2], each class's two in turn, and int64 [8] labels."""
    pictures = [sign * np.array(PATTERNS[name]) for name in CLASSES for sign in (1, -1)]
    return np.stack(pictures).astype(np.float32), np.repeat(np.arange(len(CLASSES)), 2)


def load(files: Mapping[str, Path], seed: int = 0) -> dict[str, dict[str, np.ndarray]]:
    """4,000 training and 1,000 test pictures, drawn uniformly from the eight with a fixed seed.

    Args:
        files: none; the data are generated.
        seed: of the draw.
    """
    del files  # generated: nothing is fetched
    generator = np.random.default_rng(seed)
    pictures, labels = all_pictures()
    splits = {}
    for name, size in SIZES.items():
        chosen = generator.integers(len(pictures), size=size)
        splits[name] = {"pixels": pictures[chosen], "label": labels[chosen].astype(np.int64)}
    return splits
