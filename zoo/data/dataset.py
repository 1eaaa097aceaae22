"""A data set in memory: named splits of named arrays, in their raw dtype."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
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
        splits: of what is trained on `"train"` and `"test"` at least; every array of a split has the same first axis. Texts are
            arrays of dtype object that hold `str`.
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
                if array.dtype == object:  # its bytes are addresses
                    for piece in _framed(array):
                        digest.update(piece)
                else:
                    digest.update(array.data)
        return digest.hexdigest()


def _framed(texts: np.ndarray) -> Iterator[bytes]:
    """Each text of an array of `str` as the length of its UTF-8, eight bytes, and that: no two arrays give the same bytes."""
    for text in texts.ravel():  # [n]
        content = text.encode("utf-8", "surrogatepass")
        yield len(content).to_bytes(8, "little")
        yield content


def texts(items: Iterable[str]) -> np.ndarray:
    """Texts as an array, object [n], of `str`. Not NumPy's own text dtype: there each text takes the room of the longest."""
    given = list(items)
    array = np.empty(len(given), dtype=object)
    array[:] = given
    return array


def length(split: Split) -> int:
    """Examples in a split."""
    return len(next(iter(split.values())))
