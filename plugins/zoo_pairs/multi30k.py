"""Multi30k's files, a sentence a line → pairs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo.data.dataset import texts
from zoo.errors import DataError

SPLITS = {"train": "train", "validation": "val", "test": "test_2016_flickr"}


def load(files: Mapping[str, Path], *, source: str, target: str) -> dict[str, dict[str, np.ndarray]]:
    """The splits of Multi30k.

    Args:
        files: name → checked raw file, `train.de` and the like.
        source: language that is translated from, as the files' names end.
        target: language that is translated to.

    Returns:
        `train`, `validation` and `test`, each with `source` and `target`, object [29000, 1014 or 1000], of `str`.

    Raises:
        DataError: the two files of a split have different numbers of lines.
    """
    return {split: _pairs(files[f"{name}.{source}"], files[f"{name}.{target}"]) for split, name in SPLITS.items()}


def _pairs(source: Path, target: Path) -> dict[str, np.ndarray]:
    left, right = _lines(source), _lines(target)
    if len(left) != len(right):
        raise DataError(f"{source} has {len(left):,} lines and {target} {len(right):,}; they should be pairs.")
    return {"source": texts(left), "target": texts(right)}


def _lines(path: Path) -> list[str]:
    """The lines of a file without their ends.

    Parted at line feeds alone: `str.splitlines` would also part at U+2028 and others that stand within a sentence, and every
    pair after it would be a wrong one.
    """
    lines = path.read_bytes().decode().split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.rstrip("\r") for line in lines]
