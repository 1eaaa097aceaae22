"""Many small pictures of one kind side by side, each with a word below, on one scale of colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zoo.report.sheet import BODY, Sheet, fitted, shortened
from zoo.report.style import SIGNED, SMALL, limit_of, signed

KEY = 200
"""Pixels of the scale of colours."""


@dataclass(frozen=True)
class Tiles:
    """Sizes of a block of pictures.

    Args:
        count: pictures.
        shape: of each, (rows, columns).
        across: in a row, at most.
        box: pixels each may take, at most.
        named: whether there is a word below each.
        room: pixels for a row.
    """

    count: int
    shape: tuple[int, int]
    across: int
    box: int
    named: bool = True
    room: int = BODY

    @property
    def columns(self) -> int:
        """Pictures in a row."""
        return min(self.across, self.count)

    @property
    def cell(self) -> float:
        """Pixels from one to the next."""
        return min(self.room / self.across, self.size[1] + (44 if self.named else 6))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of one."""
        return fitted(self.shape, min(self.box, int(self.room / self.across) - 6))

    @property
    def step(self) -> int:
        """Pixels from one row to the next."""
        return self.size[0] + (34 if self.named else 6)

    @property
    def width(self) -> float:
        """Of the block."""
        return self.columns * self.cell

    @property
    def height(self) -> int:
        """Of the block."""
        return -(-self.count // self.columns) * self.step

    def paste(self, sheet: Sheet, y: float, colours: np.ndarray, names: Sequence[str] = (), x: float = 0) -> None:
        """Put uint8 [count, rows, columns, 3] on the sheet, row by row from (x, y)."""
        for number in range(self.count):
            left, top = x + number % self.columns * self.cell, y + number // self.columns * self.step
            sheet.picture(left, top, colours[number], self.size)
            if self.named and names:
                sheet.text(left, top + self.size[0] + 13, shortened(names[number], SMALL, self.cell - 6), SMALL)


def signed_key(sheet: Sheet, y: float, limit: float, words: str = "") -> None:
    """The scale of what has a sign, from −limit to limit."""
    sheet.scale(0, y, KEY, SIGNED, [f"−{limit:.2g}", "0", f"+{limit:.2g}"])
    if words:
        sheet.text(KEY + 20, y + 5, words, SMALL, sheet.theme.muted)


def pictures_of(weights: np.ndarray) -> tuple[np.ndarray, float]:
    """Colours uint8 [..., 3] of weights [...], on one scale for all, and its limit."""
    limit = limit_of(weights)
    return signed(weights, limit), limit
