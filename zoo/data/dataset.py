"""A data set in memory: named splits of named arrays, in their raw dtype."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from zoo.spec import Picture

Split = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Dataset:
    """What a model is trained and judged on.

    Args:
        id: of its spec, or of a person's own data the name they gave.
        splits: `"train"` and `"test"` at least; every array of a split has the same first axis.
        classes: names of the labels, where there are labels.
        origin: where it came from, in words for the person who asked.
        picture: how a picture enters, for data of pictures.
        licence: under which it may be used.
    """

    id: str
    splits: Mapping[str, Split]
    classes: tuple[str, ...]
    origin: str
    picture: Picture | None = None
    licence: str = "unknown"

    @cached_property
    def sha256(self) -> str:
        """Hash of all names, dtypes, shapes and bytes: equal data have equal hashes, whichever way they came."""
        digest = hashlib.sha256()
        for split in sorted(self.splits):
            for name in sorted(self.splits[split]):
                array = np.ascontiguousarray(self.splits[split][name])
                digest.update(f"{split}/{name}/{array.dtype.str}/{array.shape}\n".encode())
                digest.update(array.data)
        return digest.hexdigest()


def length(split: Split) -> int:
    """Examples in a split."""
    return len(next(iter(split.values())))
