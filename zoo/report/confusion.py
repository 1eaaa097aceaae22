"""The confusion matrix: how often each label got each answer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from zoo.report.mistakes import counted, often_said
from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet, shortened, width_of, wrapped
from zoo.report.style import SMALL, STRONG, TEXT, TINY, Theme, blend, letters_on, rgb

NAME = 240
"""Pixels for a name before its row, at most."""
ABOVE = 170
"""Pixels for a name above its column, at most, where it stands on end."""
NUMBERED = 26
"""More classes than this leave no room for a number in each cell."""
SHARES = 74
"""Pixels for the column of shares."""


@dataclass(frozen=True)
class Confusion(Plot):
    """Labels against answers over a whole split.

    Args:
        id: of the model.
        split: it was asked about.
        classes: names.
        counts: int64 [classes, classes]; a row is a label, a column an answer.
    """

    id: str
    split: str
    classes: tuple[str, ...]
    counts: np.ndarray

    @property
    def examples(self) -> int:
        """Examples of the split."""
        return int(self.counts.sum())

    @property
    def wrong(self) -> int:
        """Mistakes."""
        return self.examples - int(np.trace(self.counts))

    @property
    def often(self) -> tuple[tuple[int, int, int], ...]:
        """Label, answer and times of the mistakes made most often, at most five; ties in the order of the labels."""
        errors = self.counts * ~np.eye(len(self.classes), dtype=bool)
        order = np.argsort(-errors, axis=None, kind="stable")[:5]
        pairs = [divmod(int(place), len(self.classes)) for place in order]
        return tuple((label, answer, int(errors[label, answer])) for label, answer in pairs if errors[label, answer])

    @property
    def shows(self) -> str:
        right = self.examples - self.wrong
        told = f"; {often_said(self.often, self.classes)}" if self.wrong else ""
        return f"{right:,} of {self.examples:,} right ({percent(right, self.examples)}), {counted(self.wrong)}{told}"

    @property
    def lesson(self) -> str:
        return (
            "A row for each label, a column for each answer: the diagonal is right; the more any other cell stands out from "
            "the page, the more often that mistake is made."
        )

    def facts(self) -> dict[str, Any]:
        often = [{"label": self.classes[a], "prediction": self.classes[b], "times": times} for a, b, times in self.often]
        return {
            "classes": list(self.classes),
            "matrix": self.counts.tolist(),
            "examples": self.examples,
            "wrong": self.wrong,
            "often": often,
        }

    def draw(self, theme: Theme) -> Sheet:
        plan = _Plan(self.classes, int(self.counts.max(initial=0)))
        right = self.examples - self.wrong
        how = f"{right:,} of {self.examples:,} {self.split} examples right ({percent(right, self.examples)})"
        notes = [f"{how}. A row is a label, a column the network's answer."]
        width, height = plan.width * len(self.classes), plan.height * len(self.classes)
        body = plan.left + width + SHARES
        if self.wrong:
            notes.append(self._often_note(body))
        foot = 30 * plan.precise + 44 * (self.wrong > 0)
        sheet = Sheet(theme, f"{self.id}: confusion matrix", notes, body, plan.head + height + foot)
        self._cells(sheet, plan)
        self._names(sheet, plan)
        self._shares(sheet, plan)
        if self.wrong:
            most = self.often[0][2]
            y = plan.head + height + 30 * plan.precise + 16
            sheet.text(plan.left, y + 6, "mistakes", SMALL, theme.muted)
            sheet.scale(plan.left + 80, y, 200, theme.heat[1:], ["1", f"{most:,}"] if most > 1 else ["1"])
        return sheet

    def _often_note(self, room: float) -> str:
        """The most frequent mistakes, as many as a line holds."""
        pairs = [f"{self.classes[a]} taken for {self.classes[b]} ({times:,}×)" for a, b, times in self.often]
        while len(pairs) > 1 and len(wrapped(f"Most often: {', '.join(pairs)}.", TEXT, room)) > 1:
            pairs.pop()
        return f"Most often: {', '.join(pairs)}."

    def _cells(self, sheet: Sheet, plan: _Plan) -> None:
        """The diagonal in a colour of its own; the others by the logarithm of their count, so that one mistake can be seen too."""
        theme, classes = sheet.theme, len(self.classes)
        diagonal = np.eye(classes, dtype=bool)
        most = max((times for _, _, times in self.often), default=1)
        share = np.log(np.maximum(self.counts, 1)) / (np.log(most) or 1.0)
        colours = blend(theme.heat[1:], share)  # [classes, classes, 3]
        colours[self.counts == 0] = rgb(theme.paper)
        colours[diagonal] = rgb(theme.right)
        sheet.picture(plan.left, plan.head, colours, (plan.height * classes, plan.width * classes))
        if plan.numbers is None:
            return
        for line in range(1, classes):
            sheet.fill(plan.left + line * plan.width, plan.head, 1, plan.height * classes, theme.frame)
            sheet.fill(plan.left, plan.head + line * plan.height, plan.width * classes, 1, theme.frame)
        for label, answer in np.argwhere(self.counts):
            x, y = plan.left + (answer + 0.5) * plan.width, plan.head + (label + 0.5) * plan.height
            face = replace(plan.numbers, bold=bool(label == answer))
            colour = theme.ink if label == answer else letters_on(colours[label, answer])
            sheet.text(x, y, f"{self.counts[label, answer]:,}", face, colour, align="center")

    def _names(self, sheet: Sheet, plan: _Plan) -> None:
        """The labels down the left side, the answers along the top, at every row and column that leaves room for one."""
        for number, name in enumerate(self.classes):
            if number % plan.each:
                continue
            y = plan.head + (number + 0.5) * plan.height
            sheet.text(plan.left - 10, y, shortened(name, plan.names, NAME), plan.names, align="right")
            x = plan.left + (number + 0.5) * plan.width
            if plan.turned:
                sheet.text(x, plan.head - 8, shortened(name, plan.names, ABOVE), plan.names, turn=90)
            else:
                sheet.text(x, plan.head - 16, shortened(name, plan.names, plan.width - 8), plan.names, align="center")

    def _shares(self, sheet: Sheet, plan: _Plan) -> None:
        """How many of each label were found, and how many of each answer were right."""
        theme, classes = sheet.theme, len(self.classes)
        right, labels, answers = np.diagonal(self.counts), self.counts.sum(1), self.counts.sum(0)
        x, y = plan.left + plan.width * classes, plan.head + plan.height * classes
        sheet.text(x + SHARES, plan.head - 16, "recall %", SMALL, theme.muted, align="right")
        if plan.precise:
            sheet.text(plan.left - 10, y + 18, "precision %", SMALL, theme.muted, align="right")
        for number in range(0, classes, plan.each):
            share = percent(int(right[number]), int(labels[number]), plain=True)
            sheet.text(x + SHARES, plan.head + (number + 0.5) * plan.height, share, plan.small, theme.muted, align="right")
            share = percent(int(right[number]), int(answers[number]), plain=True)
            if plan.precise:
                place = plan.left + (number + 0.5) * plan.width
                sheet.text(place, y + 18, share, plan.small, theme.muted, align="center")


class _Plan:
    """Sizes of a matrix, in pixels.

    Args:
        classes: names.
        largest: count.
    """

    def __init__(self, classes: tuple[str, ...], largest: int) -> None:
        self.names = STRONG if len(classes) <= 12 else SMALL if len(classes) <= NUMBERED else TINY
        self.small = SMALL if len(classes) <= 20 else TINY
        longest = max(width_of(name, self.names) for name in classes)
        self.left = round(min(longest, NAME)) + 12
        self.left = max(self.left, round(width_of("precision %", SMALL)) + 12)
        room = (BODY - self.left - SHARES) / len(classes)
        # As wide as a name, where there is room: names that stand upright are read more easily.
        self.width = int(max(1, min(room, max(66, longest + 12))))
        self.height = min(46, self.width)
        number = f"{largest:,}"
        self.numbers = next(
            (face for face in (TEXT, SMALL, TINY) if width_of(number, replace(face, bold=True)) <= self.width - 4), None
        )
        if self.height < 18:
            self.numbers = None
        # A name that would lose most of itself stands on end instead.
        self.turned = longest > self.width - 8 and self.width < 110
        self.head = round(min(longest, ABOVE)) + 14 if self.turned else 32
        self.precise = width_of("99.9", self.small) <= self.width - 2
        self.each = max(1, math.ceil(1.15 * self.names.pixels / self.height))


def percent(part: int, whole: int, *, plain: bool = False) -> str:
    """A share with the digits that matter: `99.34 %`, and never 100 for less than all; plain, `99.3` of 100."""
    if not whole:
        return "–"
    share, places = 100 * part / whole, 1 if plain else 2
    most = 100 - 10.0**-places
    words = f"{share:.0f}" if part in (0, whole) else f"{min(share, most):.{places}f}"
    return words if plain else f"{words} %"
