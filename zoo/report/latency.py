"""Latency over batch sizes, and ratios beside it: what `zoo bench --plot` draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from zoo.report.keys import KEYS, Key, broken, draw_keys
from zoo.report.sheet import BODY, Sheet
from zoo.report.style import SMALL, STRONG, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL_HEIGHT = 330
LEFT = 84
"""Pixels for the numbers left of a panel."""
BETWEEN = 96
SHAPES = ("o", "s", "^", "D", "v", "P")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1, 2)))
APART = 1.3
"""Factor between the places of the first and the last of several at one batch size: set apart, no interval hides another."""


@dataclass(frozen=True)
class Series:
    """One line.

    Args:
        name: who: a colour and a mark.
        variant: under what: a kind of line; empty where there is but one.
        batches: sizes, rising.
        values: in milliseconds, or ratios.
        low: lower end of each value's interval or band.
        high: upper end.
    """

    name: str
    variant: str
    batches: tuple[int, ...]
    values: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class LatencyPlot:
    """Times on the left, logarithmic both ways, and ratios with their intervals on the right.

    Args:
        title: of the card.
        notes: under the title.
        times: lines with bands.
        ratios: points with intervals.
        band: what the bands are, in words.
        ratio: what the ratios are, in words.
        margin: share around 1 within which nothing is concluded.
    """

    title: str
    notes: tuple[str, ...]
    times: tuple[Series, ...]
    ratios: tuple[Series, ...]
    band: str
    ratio: str
    margin: float = 0.0

    @property
    def names(self) -> list[str]:
        """Everyone who is drawn, in order."""
        return list(dict.fromkeys(series.name for series in (*self.times, *self.ratios)))

    @property
    def variants(self) -> list[str]:
        """Every kind of line, in order."""
        return list(dict.fromkeys(series.variant for series in (*self.times, *self.ratios)))

    def draw(self, theme: Theme) -> Sheet:
        """The card."""
        keys = self._key_lines(theme)
        head = KEYS * len(keys) + 34
        sheet = Sheet(theme, self.title, self.notes, BODY, head + PANEL_HEIGHT + 62)
        draw_keys(sheet, keys)
        width = (BODY - 2 * LEFT - BETWEEN + LEFT) / 2
        places = (LEFT, LEFT + width + BETWEEN)
        for x, label, draw in zip(places, (f"ms, {self.band}", self.ratio), (self._times, self._ratios), strict=True):
            axes = sheet.panel(x, head, width, PANEL_HEIGHT)
            draw(axes, theme)
            self._batches(axes)
            sheet.letter_ticks(axes)
            sheet.text(x, head - 18, label, STRONG)
            sheet.text(x + width, head + PANEL_HEIGHT + 44, "batch size", SMALL, theme.muted, align="right")
        return sheet

    def _key_lines(self, theme: Theme) -> list[list[Key]]:
        """What marks and kinds of line mean, broken into lines."""
        keys = [(name, self._style(theme, name, self.variants[0])) for name in self.names]
        if len(self.variants) > 1:
            plain = {"color": theme.ink, "marker": "", "linewidth": 1.3}
            keys += [(variant, {**plain, "linestyle": self._dash(variant)}) for variant in self.variants]
        return broken(keys)

    def _dash(self, variant: str) -> Any:
        return DASHES[self.variants.index(variant) % len(DASHES)]

    def _style(self, theme: Theme, name: str, variant: str) -> dict[str, Any]:
        place = self.names.index(name)
        colours = (theme.first, theme.second, theme.heat[-1], theme.heat[2], theme.ink)
        # What is a ratio and no time, such as a control, stands behind.
        timed = any(series.name == name for series in self.times)
        colour = colours[place % len(colours)] if timed else theme.muted
        return {
            "color": colour,
            "marker": SHAPES[place % len(SHAPES)],
            "markersize": 4.5,
            "markerfacecolor": colour if place % 2 == 0 else theme.paper,
            "markeredgewidth": 1.2,
            "linewidth": 1.4,
            "linestyle": self._dash(variant),
        }

    def _times(self, axes: Axes, theme: Theme) -> None:
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        axes.set_yscale("log")
        for number, series in enumerate(self.times):
            style = self._style(theme, series.name, series.variant)
            if len(series.batches) > 1:
                axes.plot(series.batches, series.values, **style, zorder=3)
                axes.fill_between(series.batches, series.low, series.high, color=style["color"], alpha=0.16, linewidth=0, zorder=2)
            else:  # a band would have no width
                places = _aside(series, number, len(self.times))
                axes.plot(places, series.values, **style, zorder=3)
                axes.vlines(places, series.low, series.high, color=style["color"], linewidth=1, zorder=2)
        low, high = _ends(self.times)
        axes.set_ylim(low / 1.3, high * 1.3)
        # Within one power of ten the powers alone would leave an axis with hardly a number.
        subs = (1.0, 2.0, 5.0) if high / low < 300 else (1.0,)
        axes.yaxis.set_major_locator(LogLocator(subs=subs, numticks=20))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())

    def _ratios(self, axes: Axes, theme: Theme) -> None:
        from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

        axes.axhline(1, color=theme.ink, linewidth=0.9, zorder=1)
        if self.margin:
            axes.axhspan(1 / (1 + self.margin), 1 + self.margin, color=theme.frame, alpha=0.45, linewidth=0, zorder=0)
        for number, series in enumerate(self.ratios):
            style = self._style(theme, series.name, series.variant)
            below = [value - low for value, low in zip(series.values, series.low, strict=True)]
            above = [high - value for value, high in zip(series.values, series.high, strict=True)]
            places = _aside(series, number, len(self.ratios))
            axes.errorbar(places, series.values, yerr=[below, above], elinewidth=1.0, capsize=2.5, **style, zorder=3)
        low, high = _ends(self.ratios)
        low, high = min(low, 1 / (1 + self.margin)), max(high, 1 + self.margin)
        if high / low > 3:
            axes.set_yscale("log")
            axes.set_ylim(low / 1.15, high * 1.15)
            axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=20))
        else:
            room = max(0.08 * (high - low), 0.005)
            axes.set_ylim(low - room, high + room)
            axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())

    def _batches(self, axes: Axes) -> None:
        """The sizes that were measured, and no other number, along the bottom."""
        from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

        sizes = sorted({batch for series in (*self.times, *self.ratios) for batch in series.batches})
        axes.set_xscale("log", base=2)
        axes.set_xlim(sizes[0] / 1.6, sizes[-1] * 1.6)
        axes.xaxis.set_major_locator(FixedLocator(sizes))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _aside(series: Series, number: int, several: int) -> list[float]:
    """Places of a series' points, a little aside of their batch sizes: it is `number` of `several`."""
    shift = APART ** ((number + 0.5) / several - 0.5)
    return [batch * shift for batch in series.batches]


def _ends(several: Sequence[Series]) -> tuple[float, float]:
    """The lowest and the highest end."""
    return min(min(series.low) for series in several), max(max(series.high) for series in several)
