"""The first mistakes: the picture, its label, and what the network held more likely."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet, fitted, shortened, width_of
from zoo.report.style import SMALL, STRONG, Theme, grey

# Pixels: of a picture; for its classes with their bars; for a percentage; between two cards; over the first; cards in a row.
BOX = 84
LIKELY_HEIGHT = 90
PERCENT = 48
GAP = 40
HEAD = 36
ACROSS = 3


@dataclass(frozen=True)
class Mistakes(Plot):
    """The first wrong answers of a split.

    Args:
        id: of the model.
        split: it was asked about.
        classes: names.
        wrong: mistakes in all.
        examples: of the split.
        often: the most frequent mistakes: label, answer, times.
        indices: of the first mistakes in the split, int64 [shown].
        pictures: of them, [shown, height, width].
        low: brightness of black.
        high: brightness of white.
        labels: int64 [shown].
        likely: the most probable classes, the answer first, int64 [shown, k]; the last is the label where it would be missing.
        probabilities: of these, float64 [shown, k].
    """

    id: str
    split: str
    classes: tuple[str, ...]
    wrong: int
    examples: int
    often: tuple[tuple[int, int, int], ...]
    indices: np.ndarray
    pictures: np.ndarray
    low: float
    high: float
    labels: np.ndarray
    likely: np.ndarray
    probabilities: np.ndarray

    @property
    def shows(self) -> str:
        return f"{counted(self.wrong)} of {self.examples:,}; {often_said(self.often, self.classes)}"

    @property
    def lesson(self) -> str:
        shown = len(self.indices)
        which = f"The first {shown} of {counted(self.wrong)}" if self.wrong > shown else f"All {counted(shown)}"
        return f"{which} among {self.examples:,} {self.split} examples: the label, the answer, and how probable each was held."

    def facts(self) -> dict[str, Any]:
        first = [
            {
                "index": int(index),
                "label": self.classes[label],
                "prediction": self.classes[likely[0]],
                "probability": float(probabilities[0]),
            }
            for index, label, likely, probabilities in zip(self.indices, self.labels, self.likely, self.probabilities, strict=True)
        ]
        often = [{"label": self.classes[a], "prediction": self.classes[b], "times": times} for a, b, times in self.often]
        return {"wrong": self.wrong, "examples": self.examples, "often": often, "first": first}

    def draw(self, theme: Theme) -> Sheet:
        size = fitted(self.pictures.shape[1:], BOX)
        across = min(ACROSS, len(self.indices))
        cell, step = (BODY + GAP) / ACROSS, max(size[0], LIKELY_HEIGHT) + 50
        down = -(-len(self.indices) // across)
        title = f"{self.id}: {'the first ' if self.wrong > len(self.indices) else ''}{counted(len(self.indices))}"
        sheet = Sheet(theme, title, [self.lesson], across * cell - GAP, HEAD + down * step - 24)
        x = 0.0
        for words, colour in (("label", theme.first), ("answer", theme.second), ("other classes", theme.frame)):
            sheet.fill(x, 2, 22, 12, colour)
            sheet.text(x + 30, 8, words, SMALL)
            x += 60 + width_of(words, SMALL)
        for number in range(len(self.indices)):
            self._card(sheet, number, number % across * cell, HEAD + number // across * step, size)
        return sheet

    def _card(self, sheet: Sheet, number: int, x: float, y: float, size: tuple[int, int]) -> None:
        """What it is and what it was taken for; the picture; bars for the probabilities."""
        theme, room = sheet.theme, (BODY + GAP) / ACROSS - GAP
        label, likely = int(self.labels[number]), [int(index) for index in self.likely[number]]
        place, between = f"#{self.indices[number]:,}", " taken for "
        sheet.text(x + room, y + 10, place, SMALL, theme.muted, align="right")
        free = room - width_of(place, SMALL) - 12
        parts = [
            (self.classes[label], STRONG, theme.first),
            (between, SMALL, theme.muted),
            (self.classes[likely[0]], STRONG, theme.second),
        ]
        if sum(width_of(words, face) for words, face, _ in parts) > free:  # the answer is the first of the bars below
            parts = [(shortened(self.classes[label], STRONG, free), STRONG, theme.first)]
        end = x
        for words, face, colour in parts:
            said = shortened(words, face, free)
            sheet.text(end, y + 10, said, face, colour)
            end += width_of(said, face)
        top = y + 26
        sheet.picture(x, top, grey(self.pictures[number], self.low, self.high), size)
        left = x + size[1] + 14
        room -= left - x
        # Digits stand before their bars, longer names above them.
        longest = max(width_of(self.classes[index], SMALL) for index in {*self.labels.tolist(), *self.likely.ravel().tolist()})
        before = longest + 10 if longest <= 40 else 0.0
        step = LIKELY_HEIGHT / len(likely)
        for row, (index, share) in enumerate(zip(likely, self.probabilities[number], strict=True)):
            middle = top + (row + 0.5) * step
            colour = theme.first if index == label else theme.second if row == 0 else theme.frame
            sheet.text(left, middle - 7 * (not before), shortened(self.classes[index], SMALL, room - PERCENT), SMALL)
            bar, thick = (middle, 14) if before else (middle + 9, 7)
            length = (room - before - PERCENT) * float(share)
            sheet.fill(left + before, bar - thick / 2, max(2, length), thick, colour)
            sheet.text(left + room, middle, f"{100 * share:.0f} %", SMALL, theme.muted, align="right")


def counted(mistakes: int) -> str:
    """`1 mistake`, `203 mistakes`."""
    return f"{mistakes:,} mistake{'s' * (mistakes != 1)}"


def often_said(often: tuple[tuple[int, int, int], ...], classes: tuple[str, ...]) -> str:
    """The most frequent mistake in words."""
    label, answer, times = often[0]
    return f"most often {classes[label]} taken for {classes[answer]} ({times:,}×)"
