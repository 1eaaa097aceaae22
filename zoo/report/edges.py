"""A hand-made filter laid on a picture: what a convolution does, before anything is learned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import Sheet, fitted, shortened, width_of
from zoo.report.style import SMALL, STRONG, TITLE, Theme, grey, letters_on, limit_of, signed
from zoo.report.tiles import signed_key

BOX = 140
CELL = 44
"""Pixels of one of a kernel's numbers."""
SIGN = 40
"""Pixels for the sign between two things."""
BOTH = "both: √(v² + h²)"


@dataclass(frozen=True)
class Edges(Plot):
    """Kernels worked out by hand, and what they find.

    Args:
        id: of the model whose data these are.
        split: the picture is from.
        index: of it in the split.
        label: its label, or nothing.
        picture: [height, width].
        low: brightness of black.
        high: brightness of white.
        kernels: what each finds → float [3, 3].
        answers: the same → float [height − 2, width − 2].
        source: of the kernels.
    """

    id: str
    split: str
    index: int
    label: str
    picture: np.ndarray
    low: float
    high: float
    kernels: dict[str, np.ndarray]
    answers: dict[str, np.ndarray]
    source: str

    @property
    def shows(self) -> str:
        label = f" ({self.label})" if self.label else ""
        return f"hand-made filters for {' and '.join(self.kernels)} on {self.split} picture {self.index}{label}"

    @property
    def lesson(self) -> str:
        height, width = self.picture.shape
        return (
            "What a convolution is: nine numbers are laid on every 3×3 pixels, multiplied and added up, so "
            f"{height}×{width} pixels give {height - 2}×{width - 2} sums. These two "
            f"find edges; a network's first layer learns such numbers. {self.source}."
        )

    def facts(self) -> dict[str, Any]:
        return {
            "split": self.split,
            "index": self.index,
            "label": self.label,
            "kernels": {name: kernel.tolist() for name, kernel in self.kernels.items()},
        }

    def draw(self, theme: Theme) -> Sheet:
        size = fitted(self.picture.shape, BOX)
        rows, step = list(self.kernels), max(size[0], 3 * CELL) + 54
        whole = np.sqrt(sum(answer**2 for answer in self.answers.values()))
        answer = fitted(whole.shape, BOX)
        kernel_left = size[1] + SIGN
        answer_left = kernel_left + 3 * CELL + SIGN
        last_left = answer_left + answer[1] + SIGN
        width = last_left + max(answer[1], width_of(BOTH, STRONG))
        sheet = Sheet(theme, f"{self.id}: an edge filter made by hand", [self.lesson], width, len(rows) * step + 24)
        limit = limit_of(np.stack(list(self.answers.values())))
        for row, name in enumerate(rows):
            y = row * step + 30
            middle = y + max(size[0], 3 * CELL) / 2
            sheet.text(0, y - 18, shortened(f"label {self.label}" if self.label else "picture", STRONG, kernel_left - 10), STRONG)
            sheet.picture(0, middle - size[0] / 2, grey(self.picture, self.low, self.high), size)
            sheet.text(size[1] + SIGN / 2, middle, "∗", TITLE, align="center")
            sheet.text(kernel_left, y - 18, name, STRONG)
            self._kernel(sheet, kernel_left, middle - 1.5 * CELL, self.kernels[name])
            sheet.text(answer_left - SIGN / 2, middle, "=", TITLE, align="center")
            sheet.picture(answer_left, middle - answer[0] / 2, signed(self.answers[name], limit), answer)
        middle = (len(rows) * step - 24) / 2 + 30
        sheet.text(last_left - SIGN / 2, middle, "→", TITLE, align="center")
        sheet.text(last_left, middle - answer[0] / 2 - 18, BOTH, STRONG)
        sheet.picture(last_left, middle - answer[0] / 2, signed(whole, limit), answer)
        signed_key(sheet, len(rows) * step, limit)
        return sheet

    @staticmethod
    def _kernel(sheet: Sheet, x: float, y: float, kernel: np.ndarray) -> None:
        """The kernel's numbers on their colours."""
        colours = signed(kernel, float(np.abs(kernel).max()))
        sheet.picture(x, y, colours, (3 * CELL, 3 * CELL))
        for row, column in np.ndindex(3, 3):
            words = f"{kernel[row, column]:+.0f}".replace("-", "−").replace("+0", "0")
            ink = letters_on(colours[row, column])
            sheet.text(x + (column + 0.5) * CELL, y + (row + 0.5) * CELL, words, SMALL, ink, align="center")
