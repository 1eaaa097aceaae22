"""A study over one field: the metric over its values, a line for each case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoo.report.keys import KEYS, Key, broken, draw_keys
from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet
from zoo.report.style import SMALL, STRONG, Theme
from zoo.report.tables import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEFT = 84
"""Pixels for the numbers left of a panel."""
HEIGHT = 400
SHAPES = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1, 2)))
MOST_KEYS = 12
"""Lines that are told apart; more are drawn alike."""


@dataclass(frozen=True)
class Line:
    """One line.

    Args:
        name: what it is of; empty where there is but one.
        x: rising.
        y: one for each.
        spread: standard deviation over seeds of each; 0 for one seed.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    spread: tuple[float, ...]


@dataclass(frozen=True)
class Lines(Plot):
    """The metric over one field.

    Args:
        title: of the card.
        notes: under the title.
        lines: one at least.
        x_title: of the axis across.
        y_title: of the values.
        log: base of a logarithmic axis.
        words: what the places 0, 1, … are called, where they are no numbers.
        ticks: the places that bear a number; empty for round numbers.
    """

    title: str
    notes: tuple[str, ...]
    lines: tuple[Line, ...]
    x_title: str
    y_title: str
    log: int | None = None
    words: tuple[str, ...] = ()
    ticks: tuple[float, ...] = ()

    @property
    def shows(self) -> str:
        low, high = min(min(line.y) for line in self.lines), max(max(line.y) for line in self.lines)
        return f"{self.y_title} over {self.x_title}, from {figure(low)} to {figure(high)}"

    @property
    def lesson(self) -> str:
        return " ".join(self.notes)

    def facts(self) -> dict[str, Any]:
        return {"lines": [{"name": line.name, "x": list(line.x), "y": list(line.y)} for line in self.lines]}

    def draw(self, theme: Theme) -> Sheet:
        keys = key_lines(self.lines, theme)
        head = KEYS * len(keys) + 28
        sheet = Sheet(theme, self.title, self.notes, BODY, head + HEIGHT + 62)
        draw_keys(sheet, keys)
        axes = sheet.panel(LEFT, head, BODY - LEFT, HEIGHT)
        for place, line in enumerate(self.lines):
            style = style_of(theme, place)
            spread = line.spread if any(line.spread) else None
            axes.errorbar(line.x, line.y, yerr=spread, elinewidth=1.0, capsize=2.5, **style, zorder=3)
        self._across(axes)
        pairs = [pair for line in self.lines for pair in zip(line.y, line.spread, strict=True)]
        upward(axes, [value + sign * spread for value, spread in pairs for sign in (-1, 1)])
        sheet.letter_ticks(axes)
        sheet.text(LEFT, head - 16, self.y_title, STRONG)
        sheet.text(BODY, head + HEIGHT + 44, self.x_title, SMALL, theme.muted, align="right")
        return sheet

    def _across(self, axes: Axes) -> None:
        """The numbers or words along the bottom."""
        from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

        low, high = min(min(line.x) for line in self.lines), max(max(line.x) for line in self.lines)
        if self.log:
            axes.set_xscale("log", base=self.log)
            room = (high / low) ** 0.045 if high > low else 1.5
            axes.set_xlim(low / room, high * room)
            axes.xaxis.set_minor_locator(NullLocator())
        else:
            room = 0.045 * (high - low) or 0.5
            axes.set_xlim(low - room, high + room)
        if self.words:
            axes.xaxis.set_major_locator(FixedLocator(range(len(self.words))))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: self.words[round(value)]))
            return
        if self.ticks:
            axes.xaxis.set_major_locator(FixedLocator(self.ticks))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def number(value: float) -> str:
    """A number along an axis."""
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e6 else f"{value:.4g}"


def style_of(theme: Theme, place: int, *, marks: bool = True) -> dict[str, Any]:
    """How the line at `place` is drawn: colour, mark and dashes all differ."""
    colours = (theme.first, theme.second, theme.heat[-1], theme.heat[2], theme.muted)
    colour = colours[place % len(colours)]
    return {
        "color": colour,
        "marker": SHAPES[place % len(SHAPES)] if marks else "",
        "markersize": 4.5,
        "markerfacecolor": colour if place % 2 == 0 else theme.paper,
        "markeredgewidth": 1.2,
        "linewidth": 1.5,
        "linestyle": DASHES[place % len(DASHES)],
    }


def key_lines(lines: tuple[Line, ...], theme: Theme) -> list[list[Key]]:
    """What the lines mean, broken into lines; nothing where there is but one, or too many to tell apart."""
    if len(lines) < 2 or len(lines) > MOST_KEYS:
        return []
    return broken((line.name, style_of(theme, place)) for place, line in enumerate(lines))


def upward(axes: Axes, values: list[float]) -> None:
    """The axis of the values: what there is, and a little more; plain numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    low, high = min(values), max(values)
    room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    axes.set_ylim(low - room, high + room)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}"))
