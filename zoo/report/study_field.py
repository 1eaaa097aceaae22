"""A study over two fields: filled contours where both are finely laid out, coloured cells where they are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import Sheet, width_of
from zoo.report.study_lines import number
from zoo.report.style import SMALL, STRONG, TEXT, Theme, blend, letters_on
from zoo.report.tables import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDE = 560
"""Pixels of the field, either way."""
LEFT = 84
SCALE = 150
"""Pixels for the scale right of the field."""
MOST_TICKS = 12
"""Places of a logarithmic axis that each bear a number."""
LEVELS = 12
"""Steps of colour of a contour plot, about."""
DEEPEST = 0.08
"""Share of the scale of colours that is left out at its pale end, so that the lowest value is no paper."""


@dataclass(frozen=True)
class Field(Plot):
    """The metric over two axes.

    Args:
        title: of the card.
        notes: under the title.
        values: [rows, columns], float64; NaN where a trial has no figure. Row 0 is drawn at the bottom.
        columns: labels across.
        rows: labels upward.
        x_title: of the axis across.
        y_title: of the axis upward.
        metric: what the values are.
        filled: contours, for labels that are numbers; else cells.
        log_x: whether the axis across is logarithmic; with contours alone.
        log_y: whether the axis upward is.
    """

    title: str
    notes: tuple[str, ...]
    values: np.ndarray
    columns: tuple[Any, ...]
    rows: tuple[Any, ...]
    x_title: str
    y_title: str
    metric: str
    filled: bool
    log_x: bool = False
    log_y: bool = False

    @property
    def shows(self) -> str:
        row, column = np.unravel_index(np.nanargmax(self.values), self.values.shape)
        where = f"{self.x_title} {self._word(self.columns[column])}, {self.y_title} {self._word(self.rows[row])}"
        low, high = float(np.nanmin(self.values)), float(np.nanmax(self.values))
        return f"{self.metric} from {figure(low)} to {figure(high)}, the highest at {where}"

    @property
    def lesson(self) -> str:
        return " ".join(self.notes)

    def facts(self) -> dict[str, Any]:
        return {"x": self.x_title, "y": self.y_title, "low": float(np.nanmin(self.values)), "high": float(np.nanmax(self.values))}

    def levels(self) -> np.ndarray:
        """Round numbers from below the lowest value to above the highest, float64 [levels]."""
        from matplotlib.ticker import MaxNLocator

        low, high = float(np.nanmin(self.values)), float(np.nanmax(self.values))
        if high - low < 1e-9:
            low, high = low - 0.005, high + 0.005
        return np.asarray(MaxNLocator(nbins=LEVELS, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high))

    def draw(self, theme: Theme) -> Sheet:
        sheet = Sheet(theme, self.title, self.notes, LEFT + SIDE + 40 + SCALE, 34 + SIDE + 66)
        top = 34
        axes = sheet.panel(LEFT, top, SIDE, SIDE)
        levels = self.levels()
        colours = blend(theme.heat, np.linspace(DEEPEST, 1, len(levels) - 1))  # [levels − 1, 3]
        if self.filled:
            self._contours(axes, levels, colours, theme)
        else:
            self._cells(sheet, axes, levels, theme, top)
        sheet.letter_ticks(axes)
        sheet.text(LEFT + SIDE, top + SIDE + 44, self.x_title, STRONG, align="right")
        sheet.text(LEFT, 14, self.y_title, STRONG)
        self._scale(sheet, levels, colours if self.filled else None, theme, top)
        return sheet

    def _contours(self, axes: Axes, levels: np.ndarray, colours: np.ndarray, theme: Theme) -> None:
        """Fields between levels, and thin lines along them."""
        from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

        x, y = np.array(self.columns, float), np.array(self.rows, float)
        painted = [tuple(colour / 255) for colour in colours]
        values = np.ma.masked_invalid(self.values)
        axes.contourf(x, y, values, levels=levels, colors=painted, antialiased=True, zorder=1)
        axes.contour(x, y, values, levels=levels, colors=theme.paper, linewidths=0.5, zorder=2)
        axes.grid(visible=False)
        for axis, places, log, scale in (
            (axes.xaxis, x, self.log_x, axes.set_xscale),
            (axes.yaxis, y, self.log_y, axes.set_yscale),
        ):
            if log:
                scale("log")
                axis.set_minor_locator(NullLocator())
            few = len(places) <= MOST_TICKS
            axis.set_major_locator(
                FixedLocator(places.tolist())
                if log and few
                else (LogLocator() if log else MaxNLocator(nbins=8, steps=[1, 2, 2.5, 5, 10]))
            )
            axis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))

    def _cells(self, sheet: Sheet, axes: Axes, levels: np.ndarray, theme: Theme, top: int) -> None:
        """A cell for each trial, with its number where there is room."""
        from matplotlib.ticker import FixedLocator, FuncFormatter

        axes.set_xlim(0, len(self.columns))
        axes.set_ylim(0, len(self.rows))
        axes.grid(visible=False)
        width, height = SIDE / len(self.columns), SIDE / len(self.rows)
        shares = DEEPEST + (1 - DEEPEST) * (self.values - levels[0]) / (levels[-1] - levels[0])
        colours = blend(theme.heat, shares)  # [rows, columns, 3]
        for row in range(len(self.rows)):
            for column in range(len(self.columns)):
                x, y = LEFT + column * width, top + SIDE - (row + 1) * height
                value = self.values[row, column]
                if np.isnan(value):
                    sheet.text(x + width / 2, y + height / 2, "–", TEXT, theme.muted, align="center")
                    continue
                colour = colours[row, column]
                sheet.fill(x, y, width, height, colour)
                words = figure(float(value))
                if width_of(words, SMALL) < width - 6 and height > 20:
                    sheet.text(x + width / 2, y + height / 2, words, SMALL, letters_on(colour), align="center")
        for axis, labels in ((axes.xaxis, self.columns), (axes.yaxis, self.rows)):
            axis.set_major_locator(FixedLocator([place + 0.5 for place in range(len(labels))]))
            axis.set_major_formatter(FuncFormatter(lambda place, _, labels=labels: self._word(labels[int(place)])))

    def _scale(self, sheet: Sheet, levels: np.ndarray, colours: np.ndarray | None, theme: Theme, top: int) -> None:
        """What the colours mean: the highest value at the top."""
        x, width = LEFT + SIDE + 40, 22
        sheet.text(x, 14, self.metric, STRONG)
        if colours is None:
            colours = blend(theme.heat, np.linspace(DEEPEST, 1, SIDE))
        step = SIDE / len(colours)
        for place, colour in enumerate(colours):
            lower, upper = top + SIDE - round(place * step), top + SIDE - round((place + 1) * step)
            sheet.fill(x, upper, width, lower - upper, colour)
        for level in levels:
            share = (level - levels[0]) / (levels[-1] - levels[0])
            sheet.text(x + width + 10, top + SIDE * (1 - share), f"{level:.6g}", SMALL)

    @staticmethod
    def _word(label: Any) -> str:
        return number(label) if isinstance(label, int | float) and not isinstance(label, bool) else str(label)
