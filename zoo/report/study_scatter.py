"""A sampled search: the metric over each field, a point for each trial."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet
from zoo.report.study_lines import number
from zoo.report.style import SMALL, STRONG, Theme
from zoo.report.tables import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ACROSS = 2
LEFT, BETWEEN, BELOW, HEIGHT = 84, 84, 84, 260
"""Pixels left of the first panel, left of each other, under each, and of its height."""


@dataclass(frozen=True)
class Panel:
    """One field.

    Args:
        title: of it.
        x: of each trial, float64 [trials].
        log: whether its axis is logarithmic.
        words: what the places 0, 1, … are called, where they are no numbers.
    """

    title: str
    x: np.ndarray
    log: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scatter(Plot):
    """The metric over each field.

    Args:
        title: of the card.
        notes: under the title.
        panels: one for each field.
        values: the metric of each trial, float64 [trials].
        metric: what the values are.
        best: place of the trial that was chosen; `None` where none is.
    """

    title: str
    notes: tuple[str, ...]
    panels: tuple[Panel, ...]
    values: np.ndarray
    metric: str
    best: int | None = None

    @property
    def shows(self) -> str:
        fields = ", ".join(panel.title for panel in self.panels)
        low, high = figure(float(self.values.min())), figure(float(self.values.max()))
        return f"{self.metric} of {len(self.values):,} trials over {fields}: {low} to {high}"

    @property
    def lesson(self) -> str:
        return " ".join(self.notes)

    def facts(self) -> dict[str, Any]:
        return {"trials": len(self.values), "low": float(self.values.min()), "high": float(self.values.max())}

    def draw(self, theme: Theme) -> Sheet:
        across = min(ACROSS, len(self.panels))
        down = math.ceil(len(self.panels) / across)
        width = (BODY - LEFT - (across - 1) * BETWEEN) / across
        head = 58
        sheet = Sheet(theme, self.title, self.notes, BODY, head + down * (HEIGHT + BELOW) - BELOW + 52)
        x = sheet.key(0, 8, "a trial", **self._style(theme)) + 32
        if self.best is not None:
            sheet.key(x, 8, "the best", **self._style(theme, best=True))
        for place, panel in enumerate(self.panels):
            x, y = LEFT + place % across * (width + BETWEEN), head + place // across * (HEIGHT + BELOW)
            axes = sheet.panel(x, y, width, HEIGHT)
            places = panel.x + (_aside(len(panel.x)) if panel.words else 0.0)
            axes.plot(places, self.values, **self._style(theme), zorder=3)
            if self.best is not None:
                axes.plot(places[[self.best]], self.values[[self.best]], **self._style(theme, best=True), zorder=4)
            self._axes(axes, panel)
            sheet.letter_ticks(axes)
            sheet.text(x, y - 16, self.metric, STRONG)
            sheet.text(x + width, y + HEIGHT + 42, panel.title, SMALL, theme.muted, align="right")
        return sheet

    def _style(self, theme: Theme, *, best: bool = False) -> dict[str, Any]:
        colour = theme.second if best else theme.first
        return {
            "color": colour,
            "marker": "D" if best else "o",
            "markersize": 7 if best else 4,
            "markerfacecolor": theme.paper if best else colour,
            "markeredgewidth": 1.6 if best else 0.0,
            "alpha": 1.0 if best else 0.75,
            "linestyle": "",
        }

    def _axes(self, axes: Axes, panel: Panel) -> None:
        """The numbers along both axes."""
        from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

        low, high = float(panel.x.min()), float(panel.x.max())
        if panel.log:
            axes.set_xscale("log")
            room = (high / low) ** 0.05 if high > low else 1.5
            axes.set_xlim(low / room, high * room)
            axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 30 else (1.0,), numticks=12))
            axes.xaxis.set_minor_locator(NullLocator())
        elif panel.words:
            axes.set_xlim(-0.5, len(panel.words) - 0.5)
            axes.xaxis.set_major_locator(FixedLocator(range(len(panel.words))))
        else:
            room = 0.05 * (high - low) or 0.5
            axes.set_xlim(low - room, high + room)
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
        if panel.words:
            axes.xaxis.set_major_formatter(FuncFormatter(lambda place, _: panel.words[round(place)]))
        else:
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
        least, most = float(self.values.min()), float(self.values.max())
        room = 0.08 * (most - least) or 0.05 * abs(most) or 1.0
        axes.set_ylim(least - room, most + room)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))


def _aside(number_of_points: int) -> np.ndarray:
    """How far points of one word are set aside, −0.2 … 0.2, so that they do not hide each other; the same each time."""
    golden = (np.arange(number_of_points) * 0.6180339887) % 1
    aside: np.ndarray = 0.4 * golden - 0.2
    return aside
