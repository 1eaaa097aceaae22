"""Walks from one picture's code to another's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet, fitted
from zoo.report.style import SMALL, Theme, grey

BOX = 84
APART = 22
"""Between a test picture and what is made from its code."""


@dataclass(frozen=True)
class Walk(Plot):
    """Pictures made from codes on straight lines.

    Args:
        id: of the model.
        pairs: indices of the test pictures at the ends, int64 [pairs, 2].
        labels: of them.
        ends: these pictures, uint8 [pairs, 2, height, width].
        made: uint8 [pairs, steps, height, width].
    """

    id: str
    pairs: np.ndarray
    labels: tuple[tuple[str, str], ...]
    ends: np.ndarray
    made: np.ndarray

    @property
    def shows(self) -> str:
        ways = ", ".join(f"{a} to {b}" if a and b else f"{first} to {last}" for (a, b), (first, last) in self._named())
        return f"pictures from codes in {self.made.shape[1]} even steps between those of two test pictures: {ways}"

    @property
    def lesson(self) -> str:
        return (
            "On the left and right two test pictures; between them what is made of their codes, and of codes on the straight line "
            "from one to the other. A code that orders digits well gives a digit at each step, not two that lie over each other."
        )

    def facts(self) -> dict[str, Any]:
        return {
            "steps": self.made.shape[1],
            "walks": [{"indices": pair, "labels": list(labels)} for labels, pair in self._named()],
        }

    def draw(self, theme: Theme) -> Sheet:
        steps = self.made.shape[1]
        size = fitted(self.ends.shape[2:], min(BOX, int((BODY - 2 * APART) / (steps + 2)) - 2))
        step, down = size[1] + 2, size[0] + 12
        width = (steps + 2) * step + 2 * APART - 2
        sheet = Sheet(theme, f"{self.id}: walks from code to code", [self.lesson], width, len(self.made) * down + 18)
        made = APART + step
        for x, words in ((0.0, "picture"), (made, "made from its code …"), (made + steps * step + APART, "picture")):
            sheet.text(x, 6, words, SMALL, theme.muted)
        last = "… from its code"
        sheet.text(made + steps * step - 2, 6, last, SMALL, theme.muted, align="right")
        for row in range(len(self.made)):
            y = 24 + row * down
            sheet.picture(0, y, grey(self.ends[row, 0], 0, 255), size)
            for number in range(steps):
                sheet.picture(made + number * step, y, grey(self.made[row, number], 0, 255), size)
            sheet.picture(made + steps * step + APART, y, grey(self.ends[row, 1], 0, 255), size)
        return sheet

    def _named(self) -> list[tuple[tuple[str, str], list[int]]]:
        return list(zip(self.labels, self.pairs.tolist(), strict=True))
