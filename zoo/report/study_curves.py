"""A study over epochs: a learning curve for each trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.keys import KEYS, draw_keys
from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet
from zoo.report.study_lines import HEIGHT, LEFT, Line, key_lines, style_of, upward
from zoo.report.style import SMALL, STRONG, Theme
from zoo.report.tables import figure

MARKED = 16
"""Marks on a line: more would touch."""


@dataclass(frozen=True)
class EpochCurves(Plot):
    """The metric after each epoch.

    Args:
        title: of the card.
        notes: under the title.
        lines: over epochs 1, 2, …
        y_title: of the values.
    """

    title: str
    notes: tuple[str, ...]
    lines: tuple[Line, ...]
    y_title: str

    @property
    def shows(self) -> str:
        ends = ", ".join(f"{line.name} {figure(line.y[0])} → {figure(line.y[-1])}" for line in self.lines)
        return f"{self.y_title} over epochs: {ends}"

    @property
    def lesson(self) -> str:
        return " ".join(self.notes)

    def facts(self) -> dict[str, Any]:
        return {"lines": [{"name": line.name, "first": line.y[0], "last": line.y[-1]} for line in self.lines]}

    def draw(self, theme: Theme) -> Sheet:
        from matplotlib.ticker import MaxNLocator

        keys = key_lines(self.lines, theme)
        head = KEYS * len(keys) + 28
        sheet = Sheet(theme, self.title, self.notes, BODY, head + HEIGHT + 62)
        draw_keys(sheet, keys)
        axes = sheet.panel(LEFT, head, BODY - LEFT, HEIGHT)
        for place, line in enumerate(self.lines):
            style = style_of(theme, place)
            every = max(1, len(line.x) // MARKED)
            axes.plot(line.x, line.y, **style, markevery=every, zorder=3)
            if any(line.spread):
                y, spread = np.array(line.y), np.array(line.spread)
                axes.fill_between(line.x, y - spread, y + spread, color=style["color"], alpha=0.16, linewidth=0, zorder=2)
        longest = max(line.x[-1] for line in self.lines)
        axes.set_xlim(1 - 0.03 * longest, longest * 1.03)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
        upward(axes, [value for line in self.lines for value in line.y])
        sheet.letter_ticks(axes)
        sheet.text(LEFT, head - 16, self.y_title, STRONG)
        sheet.text(BODY, head + HEIGHT + 44, "epoch", SMALL, theme.muted, align="right")
        return sheet
