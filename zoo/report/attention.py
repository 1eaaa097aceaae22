"""Where a translator looks: for each word that it writes, its weights on the words that it reads."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet, shortened, width_of
from zoo.report.style import SMALL, TEXT, TINY, Theme, blend, letters_on

CELL = 30
"""Pixels of a weight."""
NAME = 130
"""Pixels of a word at most."""
LEAST = 0.1
"""From here on a weight is written into its cell."""
TURN = 45
"""Degrees by which the words above the columns are turned."""
APART = 40
"""Pixels between two sentences."""
THE_END = "(end)"


@dataclass(frozen=True)
class Looked:
    """One sentence.

    Args:
        read: its words; the end as nothing.
        written: words of its translation; the end as nothing.
        weights: float64 [written, read]; a row sums to 1.
        cut: whether the translation goes on.
    """

    read: tuple[str, ...]
    written: tuple[str, ...]
    weights: np.ndarray
    cut: bool = False


@dataclass(frozen=True)
class Attention(Plot):
    """Weights of some sentences.

    Args:
        id: of the model.
        sentences: with their weights.
    """

    id: str
    sentences: tuple[Looked, ...]

    @property
    def shows(self) -> str:
        told = "; ".join(f"{_told(one.written)} from {_told(one.read)}" for one in self.sentences)
        return f"attention's weights in {len(self.sentences)} translation{'s' * (len(self.sentences) != 1)}: {told}"

    @property
    def lesson(self) -> str:
        words = [word for one in self.sentences for word in one.written]
        copied = any(word.startswith("‹") for word in words)
        return (
            "A row is a word that was written, a column a word that was read; the more a cell stands out from the page, the more "
            "of the row's attention, which sums to 100 %, lay there. Where both languages have the same order of words, that is "
            "near the diagonal."
            + " A word in ‹ › was unknown, and is copied from where the network looked most." * copied
            + " The rest of a long translation is left out." * any(one.cut for one in self.sentences)
        )

    def facts(self) -> dict[str, Any]:
        return {
            "sentences": [
                {"read": list(one.read), "written": list(one.written), "weights": one.weights.round(4).tolist()}
                for one in self.sentences
            ]
        }

    def draw(self, theme: Theme) -> Sheet:
        blocks = [_Block(one) for one in self.sentences]
        rows: list[list[_Block]] = []
        for block in blocks:
            if rows and sum(other.width + APART for other in rows[-1]) + block.width <= BODY:
                rows[-1].append(block)
            else:
                rows.append([block])
        width = max(sum(block.width + APART for block in row) - APART for row in rows)
        height = sum(max(block.height for block in row) + APART for row in rows) + 40
        sheet = Sheet(theme, f"{self.id}: where it looks", [self.lesson], width, height)
        y = 0.0
        for row in rows:
            head, x = max(block.head for block in row), 0.0
            for block in row:
                block.draw(sheet, x, y + head - block.head)
                x += block.width + APART
            y += max(block.height for block in row) + APART
        sheet.text(0, y + 6, "share of a row's attention", SMALL, theme.muted)
        sheet.scale(round(width_of("share of a row's attention", SMALL)) + 16, y, 200, theme.heat, ["0", "50 %", "100 %"])
        return sheet


class _Block:
    """One sentence, laid out in pixels.

    Args:
        sentence: with its weights.
    """

    def __init__(self, sentence: Looked) -> None:
        self.weights = sentence.weights
        self.read, self.written = (
            [shortened(word or THE_END, TEXT, NAME) for word in words] for words in (sentence.read, sentence.written)
        )
        self.ends = [[not word for word in words] for words in (sentence.read, sentence.written)]
        self.left = max(width_of(word, TEXT) for word in self.written) + 10
        slope = math.cos(math.radians(TURN))
        reach = [width_of(word, TEXT) * slope for word in self.read]
        self.head = round(max(reach)) + 24
        # A turned word may lean out beyond the last column.
        lean = max(place * CELL + CELL / 2 + out + 12 for place, out in enumerate(reach))
        self.width = self.left + max(lean, CELL * len(self.read))
        self.height = self.head + CELL * len(self.written)

    def draw(self, sheet: Sheet, x: float, y: float) -> None:
        """Put it with its upper left corner at (x, y)."""
        theme = sheet.theme
        left, top = x + self.left, y + self.head
        colours = blend(theme.heat, self.weights)  # [written, read, 3]
        rows, columns = self.weights.shape
        sheet.picture(left, top, colours, (CELL * rows, CELL * columns))
        for line in range(1, columns):
            sheet.fill(left + line * CELL, top, 1, CELL * rows, theme.frame)
        for line in range(1, rows):
            sheet.fill(left, top + line * CELL, CELL * columns, 1, theme.frame)
        for row, column in np.argwhere(self.weights >= LEAST):
            place = (left + (column + 0.5) * CELL, top + (row + 0.5) * CELL)
            sheet.text(*place, f"{100 * self.weights[row, column]:.0f}", TINY, letters_on(colours[row, column]), align="center")
        for number, (word, end) in enumerate(zip(self.read, self.ends[0], strict=True)):
            sheet.text(left + (number + 0.5) * CELL, top - 8, word, TEXT, theme.muted if end else None, turn=TURN)
        for number, (word, end) in enumerate(zip(self.written, self.ends[1], strict=True)):
            sheet.text(left - 10, top + (number + 0.5) * CELL, word, TEXT, theme.muted if end else None, align="right")


def _told(words: tuple[str, ...]) -> str:
    return f"“{' '.join(word for word in words if word)}”"
