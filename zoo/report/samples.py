"""The pictures of a data set: some of each class, with its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet, fitted, shortened, width_of
from zoo.report.style import SMALL, STRONG, Theme, grey

ROWS = 12
"""More classes than this are shown by one picture each."""
MOST = 100
"""Classes shown at most."""
NAME = 300
"""Pixels for a name beside its pictures, at most."""
CAPTION = 104
"""Pixels for a name below its picture, at most."""
GAP = 8


@dataclass(frozen=True)
class Samples(Plot):
    """The first different pictures of each class.

    Args:
        id: of the data set.
        split: they are from.
        classes: names.
        pictures: for each class, [its pictures, height, width].
        low: brightness of black.
        high: brightness of white.
        counts: examples of each class in the split, int64 [classes].
    """

    id: str
    split: str
    classes: tuple[str, ...]
    pictures: tuple[np.ndarray, ...]
    low: float
    high: float
    counts: np.ndarray

    @property
    def shows(self) -> str:
        height, width = self.pictures[0].shape[1:]
        return f"{self.split} pictures of {self.id} with their labels: {len(self.classes)} classes, {height}×{width} pixels"

    @property
    def lesson(self) -> str:
        return f"What the network is given: the first {self.split} pictures of each class, with their label."

    def facts(self) -> dict[str, Any]:
        return {"classes": list(self.classes), "examples": self.counts.tolist()}

    def draw(self, theme: Theme) -> Sheet:
        return self._rows(theme) if len(self.classes) <= ROWS else self._grid(theme)

    def _rows(self, theme: Theme) -> Sheet:
        """A row for each class, its name before it."""
        height, width = fitted(self.pictures[0].shape[1:], 84 if len(self.classes) <= 5 else 56)
        names = [shortened(name, STRONG, NAME) for name in self.classes]
        left = max(width_of(name, STRONG) for name in names) + 22
        across = max(1, min(int((BODY - left + GAP) // (width + GAP)), max(map(len, self.pictures))))
        note = f"The first of each class in the {self.split} split of {len_of(self.counts)}, as the network is given them."
        body = left + across * (width + GAP) - GAP
        sheet = Sheet(theme, f"{self.id}: examples and their labels", [note], body, len(names) * (height + GAP) - GAP)
        for row, (name, pictures) in enumerate(zip(names, self.pictures, strict=True)):
            y = row * (height + GAP)
            sheet.text(0, y + height / 2, name, STRONG)
            for column, picture in enumerate(pictures[:across]):
                sheet.picture(left + column * (width + GAP), y, grey(picture, self.low, self.high), (height, width))
        return sheet

    def _grid(self, theme: Theme) -> Sheet:
        """One picture of each class, its name below."""
        height, width = fitted(self.pictures[0].shape[1:], 84)
        longest = max(width_of(shortened(name, SMALL, CAPTION), SMALL) for name in self.classes[:MOST])
        cell = max(width, longest) + 12
        shown = min(len(self.classes), MOST)
        across = min(shown, int((BODY + 12) // cell))
        down = -(-shown // across)
        few = "" if shown == len(self.classes) else f"; {shown} of {len(self.classes):,} classes"
        note = f"The first of each class in the {self.split} split of {len_of(self.counts)}{few}."
        step = height + 34
        sheet = Sheet(theme, f"{self.id}: examples and their labels", [note], across * cell - 12, down * step - 8)
        for number in range(shown):
            x, y = number % across * cell, number // across * step
            for picture in self.pictures[number][:1]:
                sheet.picture(x, y, grey(picture, self.low, self.high), (height, width))
            sheet.text(x, y + height + 13, shortened(self.classes[number], SMALL, cell - 12), SMALL)
        return sheet


def len_of(counts: np.ndarray) -> str:
    """How many there are."""
    return f"{int(counts.sum()):,}"
