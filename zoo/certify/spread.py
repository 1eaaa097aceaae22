"""How errors and margins are spread: counted on a logarithmic scale, small enough for a certificate and fine enough to draw."""

from __future__ import annotations

import numpy as np

from zoo.spec import Spec

PARTS = 4
"""Bins of each power of ten."""


class Spread(Spec):
    """How many numbers, none negative, lie where.

    Args:
        zero: those that are 0.
        first: the first bin begins at 10 to the power of `first` / `PARTS`.
        counts: of each bin; the next begins where one ends. None, where all numbers are 0.
        median: of all.
        largest: of all.
    """

    zero: int
    first: int
    counts: tuple[int, ...]
    median: float
    largest: float

    @property
    def edges(self) -> list[float]:
        """Where the bins begin, and where the last one ends: [bins + 1]."""
        return [10 ** ((self.first + place) / PARTS) for place in range(len(self.counts) + 1)]

    @property
    def total(self) -> int:
        """How many numbers there are."""
        return self.zero + sum(self.counts)


class Errors(Spec):
    """How far two engines lie from the golden answers, number by number."""

    onnxruntime: Spread
    torch: Spread


class Margins(Spec):
    """How surely exact answers were given, example by example.

    Args:
        limit: of a margin; below it rounding alone may turn an answer.
        turnable: examples below it.
        closest: the smallest margin; `None` where none is finite.
        spread: of all margins that are finite: one is infinite where no other answer could have been given.
    """

    limit: float
    turnable: int
    closest: float | None
    spread: Spread


def spread(values: np.ndarray) -> Spread:
    """Count `values`, of any shape; what is not finite is left out."""
    values = np.abs(np.asarray(values, np.float64).ravel())  # [numbers]
    values = values[np.isfinite(values)]
    above = values[values > 0]
    bins = np.floor(PARTS * np.log10(above)).astype(np.int64)
    first = int(bins.min()) if len(bins) else 0
    return Spread(
        zero=len(values) - len(above),
        first=first,
        counts=tuple(np.bincount(bins - first).tolist()) if len(bins) else (),
        median=float(np.median(values)) if len(values) else 0.0,
        largest=float(values.max(initial=0)),
    )


def margins(values: np.ndarray, limit: float) -> Margins:
    """What there is to say of `values`, float64 [examples].

    Args:
        values: by how much each answer was preferred to the next best.
        limit: see `Margins`.
    """
    finite = values[np.isfinite(values)]
    return Margins(
        limit=limit,
        turnable=int((values < limit).sum()),
        closest=float(finite.min()) if len(finite) else None,
        spread=spread(finite),
    )
