"""MNIST's four idx files → arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo.data.idx import read_idx

PREFIXES = {"train": "train", "test": "t10k"}


def load(files: Mapping[str, Path]) -> dict[str, dict[str, np.ndarray]]:
    """The splits of MNIST.

    Args:
        files: name → checked raw file.

    Returns:
        `train` and `test`, each with `image`, uint8 [60000 or 10000, 28, 28], and `label`, int64 [60000 or 10000].
    """
    return {
        split: {
            "image": read_idx(files[f"{prefix}-images-idx3-ubyte"], axes=3),
            "label": read_idx(files[f"{prefix}-labels-idx1-ubyte"], axes=1).astype(np.int64),
        }
        for split, prefix in PREFIXES.items()
    }
