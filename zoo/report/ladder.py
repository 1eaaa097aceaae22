"""The ladder: what more accuracy costs, in numbers to store, bytes to ship and microseconds to wait."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet
from zoo.report.style import SMALL, STRONG, Theme
from zoo.report.tables import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PANEL = 420
"""Height of a panel, pixels."""
LEFT = 66
BETWEEN = 34
WIDTH = 272
"""Of a panel, about."""
NEAR = 14
"""Pixels between two marks of which one would hide the other's number."""
LINE = 22
"""Pixels of a line of the legend."""


@dataclass(frozen=True)
class Rung:
    """One model.

    Args:
        id: of its artifact.
        accuracy: on the test split.
        examples: of the test split, so that an error of 0 has a place on the axis.
        numbers: floating-point numbers in its file.
        size: bytes of its file.
        microseconds: of one call with one example, median.
    """

    id: str
    accuracy: float
    examples: int
    numbers: int
    size: int
    microseconds: float

    @property
    def error(self) -> float:
        """Share of wrong answers in per cent; at least that of half an example."""
        return max(100 * (1 - self.accuracy), 50 / self.examples)


@dataclass(frozen=True)
class Ladder(Plot):
    """Error against three prices, both axes logarithmic; a number at each point leads to its model below.

    Args:
        dataset: that all of them were tested on.
        rungs: the models, from the most accurate down.
        machine: the times are of.
    """

    dataset: str
    rungs: tuple[Rung, ...]
    machine: str

    @property
    def shows(self) -> str:
        best, least = self.rungs[0], self.rungs[-1]
        span = f"from {least.id} {figure(least.accuracy)} to {best.id} {figure(best.accuracy)}"
        return f"{len(self.rungs)} models of {self.dataset}: {span}"

    @property
    def lesson(self) -> str:
        return "Lower is more accurate, further left is cheaper; a ring marks what no other model beats in both."

    def facts(self) -> dict[str, Any]:
        """The models with their figures, and which of them no other beats, by price."""
        frontiers = {name: [rung.id for rung in self.frontier(price)] for name, price in PRICES.items()}
        models = [asdict(rung) for rung in self.rungs]
        return {"dataset": self.dataset, "machine": self.machine, "models": models, "frontier": frontiers}

    def frontier(self, price: Callable[[Rung], float]) -> list[Rung]:
        """The models of which none other is at least as accurate and cheaper, or more accurate and no dearer."""
        return [rung for rung in self.rungs if not any(_beats(other, rung, price) for other in self.rungs)]

    def draw(self, theme: Theme) -> Sheet:
        """The card."""
        columns = 3
        rows = -(-len(self.rungs) // columns)
        sheet = Sheet(theme, f"{self.dataset}: what accuracy costs", (self.lesson, self.machine), BODY, PANEL + 88 + LINE * rows)
        width = (BODY - LEFT - 2 * BETWEEN) / 3
        for number, (label, price) in enumerate(PRICES.items()):
            axes = sheet.panel(LEFT + number * (width + BETWEEN), 26, width, PANEL)
            self._panel(axes, theme, price, labelled=number == 0)
            sheet.letter_ticks(axes)
            sheet.text(LEFT + number * (width + BETWEEN) + width, 26 + PANEL + 42, label, SMALL, theme.muted, align="right")
        sheet.text(0, 8, "error on the test split, %", STRONG)
        for number, rung in enumerate(self.rungs):
            column, row = divmod(number, rows)
            words = f"{number + 1}  {rung.id}  {figure(rung.accuracy)}"
            sheet.text(column * BODY / columns, PANEL + 92 + LINE * row, words, SMALL)
        return sheet

    def _panel(self, axes: Axes, theme: Theme, price: Callable[[Rung], float], *, labelled: bool) -> None:
        from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

        axes.set_xscale("log")
        axes.set_yscale("log")
        front = sorted(self.frontier(price), key=price)
        axes.plot([price(rung) for rung in front], [rung.error for rung in front], color=theme.frame, linewidth=1.2, zorder=1)
        placed: list[tuple[float, float]] = []
        span = math.log(4 * max(map(price, self.rungs)) / min(map(price, self.rungs)))
        height = math.log(1.96 * max(rung.error for rung in self.rungs) / min(rung.error for rung in self.rungs))
        for number, rung in enumerate(self.rungs, 1):
            ringed = rung in front
            axes.plot(
                price(rung),
                rung.error,
                marker="o",
                markersize=11,
                color=theme.paper if ringed else theme.frame,
                markeredgecolor=theme.second if ringed else theme.muted,
                markeredgewidth=1.6 if ringed else 0.6,
                zorder=3 if ringed else 2,
            )
            # Where marks lie on each other, the later numbers stand beside them.
            x, y = math.log(price(rung)) / span * WIDTH, math.log(rung.error) / height * PANEL
            near = sum(math.hypot(x - other[0], y - other[1]) < NEAR for other in placed)
            placed.append((x, y))
            axes.annotate(
                f", {number}" if near else str(number),
                (price(rung), rung.error),
                xytext=(4 + 5 * near if near else 0, 0),
                textcoords="offset points",
                ha="left" if near else "center",
                va="center",
                fontsize=5.5,
                color=theme.ink,
                zorder=4,
            )
        prices, errors = [price(rung) for rung in self.rungs], [rung.error for rung in self.rungs]
        axes.set_xlim(min(prices) / 2, max(prices) * 2)
        axes.set_ylim(min(errors) / 1.4, max(errors) * 1.4)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0), numticks=20))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}" if labelled else ""))
        axes.yaxis.set_minor_formatter(NullFormatter())
        wide = max(prices) / min(prices) > 30
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0), numticks=9))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
        axes.xaxis.set_minor_formatter(NullFormatter())


PRICES: dict[str, Callable[[Rung], float]] = {
    "numbers in the file": lambda rung: rung.numbers,
    "bytes of the file": lambda rung: rung.size,
    "µs for one picture": lambda rung: rung.microseconds,
}


def _beats(other: Rung, rung: Rung, price: Callable[[Rung], float]) -> bool:
    """Whether `other` is no worse in both and better in one."""
    no_worse = other.accuracy >= rung.accuracy and price(other) <= price(rung)
    return no_worse and (other.accuracy, -price(other)) != (rung.accuracy, -price(rung))


def _short(value: float) -> str:
    """10,000 as `10k`, a million as `1M`."""
    for least, letter in ((1e6, "M"), (1e3, "k")):
        if value >= least:
            return f"{value / least:g}{letter}"
    return f"{value:g}"
