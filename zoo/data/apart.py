"""Pairs of texts split so that no text stands in two splits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

SIZE = 1000
"""Pairs of validation and of test, each, where there are enough."""
SHARE = 20
"""Of so many pairs, one is held out for validation and one for test, where there are few."""


def split_apart(source: Sequence[str], target: Sequence[str], *, seed: int = 0) -> dict[str, np.ndarray]:
    """Places of the pairs of each split.

    Pairs that share a text, be it a source or a target and whatever its case and white space, go to the same split, and so do
    all that are joined by a chain of such pairs. Which groups are held out follows from their own texts and the seed, not from
    the order of the pairs or of the two sides: data that grow keep most of their test split.

    Args:
        source: n texts.
        target: n texts.
        seed: of what is held out.

    Returns:
        `train`, `validation` and `test`, int64 [≤ n], ascending; the last two have `SIZE` pairs or n / `SHARE` where that is
        less (at least one), or fewer where every further group is too large. A split may be empty where there are too few groups.
    """
    groups = _groups(source, target)
    wanted = min(SIZE, max(1, len(source) // SHARE))
    left = {"test": wanted, "validation": wanted}
    places: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for group in sorted(groups, key=lambda group: _rank(group[0], seed)):
        split = next((name for name, room in left.items() if len(group[1]) <= room), "train")
        if split != "train":
            left[split] -= len(group[1])
        places[split] += group[1]
    return {name: np.array(sorted(found), dtype=np.int64) for name, found in places.items()}


def folded(text: str) -> str:
    """What two texts have in common that differ in case and white space alone."""
    return " ".join(text.casefold().split())


def _groups(source: Sequence[str], target: Sequence[str]) -> list[tuple[str, list[int]]]:
    """The groups of pairs that share texts, each as the least of its texts and its places."""
    parents: list[int] = list(range(len(source)))

    def root(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]  # halves the way for the next who asks
            place = parents[place]
        return place

    first: dict[str, int] = {}
    for place, pair in enumerate(zip(source, target, strict=True)):
        for text in pair:
            other = first.setdefault(folded(text), place)
            parents[root(place)] = root(other)
    groups: dict[int, list[int]] = {}
    for place in range(len(source)):
        groups.setdefault(root(place), []).append(place)
    # The least of both sides: in reverse, the same pairs are held out.
    return [(min(folded(side[place]) for place in places for side in (source, target)), places) for places in groups.values()]


def _rank(text: str, seed: int) -> bytes:
    """A number as good as drawn, the same on every machine."""
    return hashlib.blake2b(f"{seed}/{text}".encode("utf-8", "surrogatepass"), digest_size=16).digest()
