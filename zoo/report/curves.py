"""Learning curves: cost and accuracy over steps and over epochs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet
from zoo.report.style import SMALL, STRONG, Theme
from zoo.report.tables import figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DRAWN = 1500
"""More points than a panel has pixels say no more."""
SMOOTHED = 40
"""Stretches that a line is averaged over: enough to show a trend, few enough to hide the batches' noise."""
MARKED = 16
PANELS = 3
"""Metrics that a card has room for."""
LOGARITHMIC = 50
"""A cost that falls by more than this factor is drawn on a logarithmic axis."""
# Pixels: of a panel; over the first one; under each; left of the first one, and of each other.
PANEL_HEIGHT = 250
HEAD = 66
BELOW = 92
AXIS = 62
LEFT = 92

By = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Curves(Plot):
    """The history of a run.

    Args:
        id: of the model.
        steps: numbers of the steps, int64 [steps].
        by_step: metric → of each step's training batch, float64 [steps].
        epochs: numbers of the epochs, int64 [epochs].
        ends: step at which each epoch ended, int64 [epochs].
        by_epoch: split (training first) → metric → float64 [epochs].
        judged: the metric that the model is judged by, where that is known; it is among those that are drawn.
        higher_is_better: of that metric.
    """

    id: str
    steps: np.ndarray
    by_step: By
    epochs: np.ndarray
    ends: np.ndarray
    by_epoch: Mapping[str, By]
    judged: str = ""
    higher_is_better: bool = False

    @property
    def metrics(self) -> list[str]:
        """Names of those that are drawn: the cost, what the model is judged by, and others."""
        names = list(dict.fromkeys([*self.by_step, *(name for values in self.by_epoch.values() for name in values)]))
        return sorted(names, key=lambda name: (name != names[0], name != self.judged))[:PANELS]

    @property
    def held_out(self) -> str | None:
        """The split that is evaluated after each epoch."""
        return next((split for split in self.by_epoch if split != "train"), None)

    @property
    def shows(self) -> str:
        last = ", ".join(
            f"{split} {name.replace('_', ' ')} {figure(float(values[name][-1]))}"
            for split, values in self.by_epoch.items()
            for name in values
        )
        return f"{' and '.join(self.metrics)} over {self._length()}" + (f"; at the end {last}" if last else "")

    @property
    def lesson(self) -> str:
        return (
            "The training loss is what was minimised: with dropout, augmentation, smoothing and penalties where there are any."
            " Faint: each batch; strong: their running mean; points: whole epochs."
        )

    def _length(self) -> str:
        steps, epochs = len(self.steps), len(self.epochs)
        counted = [f"{steps:,} step{'s' * (steps != 1)}"] * bool(steps) + [f"{epochs:,} epoch{'s' * (epochs != 1)}"] * bool(epochs)
        return " and ".join(counted)

    def facts(self) -> dict[str, Any]:
        last = {f"{split}_{name}": float(values[name][-1]) for split, values in self.by_epoch.items() for name in values}
        return {"steps": len(self.steps), "epochs": len(self.epochs), **last}

    def draw(self, theme: Theme) -> Sheet:
        metrics = self.metrics
        rows = [self._steps] * (len(self.steps) > 1) + [self._epochs] * (len(self.epochs) > 1)
        width = (BODY + LEFT - AXIS) / len(metrics) - LEFT
        height = HEAD + len(rows) * (PANEL_HEIGHT + BELOW) - BELOW + 48
        sheet = Sheet(theme, f"{self.id}: learning curves", [], BODY, height)
        self._keys(sheet)
        for row, draw in enumerate(rows):
            unit = "step" if draw == self._steps else "epoch"
            for column, metric in enumerate(metrics):
                x, y = AXIS + column * (width + LEFT), HEAD + row * (PANEL_HEIGHT + BELOW)
                axes = sheet.panel(x, y, width, PANEL_HEIGHT)
                grows = "accuracy" in metric or (metric == self.judged and self.higher_is_better)
                finite = _range(axes, draw(axes, metric, theme), logarithmic=not grows)
                _finish(sheet, axes, np.concatenate([self.steps, self.ends]) if draw == self._steps else self.epochs)
                if not finite:  # of a run that diverged
                    axes.set_yticks([])
                    sheet.text(x + width / 2, y + PANEL_HEIGHT / 2, "no finite values", SMALL, theme.muted, align="center")
                sheet.text(x, y - 18, metric.replace("_", " "), STRONG)
                sheet.text(x + width, y + PANEL_HEIGHT + 40, unit, SMALL, theme.muted, align="right")
        return sheet

    def _keys(self, sheet: Sheet) -> None:
        """What the lines mean, under the title."""
        x = 0.0
        if len(self.steps) > 1:
            x = sheet.key(x, 8, "training, single batches", **_faint(sheet.theme)) + 36
            x = sheet.key(x, 8, "training, running mean", color=sheet.theme.first, linewidth=1.5, marker="") + 36
        if len(self.epochs) > 1:
            x = sheet.key(x, 8, "training, whole epochs", **_whole(sheet.theme)) + 36
        if self.held_out:
            sheet.key(x, 8, f"{self.held_out}, after each epoch", **_points(sheet.theme))

    def _steps(self, axes: Axes, metric: str, theme: Theme) -> list[np.ndarray]:
        """Each batch faint, their running mean strong, and the held-out split at the ends of the epochs; the strong lines."""
        shown = []
        if metric in self.by_step:
            good = np.isfinite(self.by_step[metric])
            steps, values = self.steps[good], self.by_step[metric][good]
            smooth = running_mean(values, max(5, len(values) // SMOOTHED) if len(values) > SMOOTHED // 2 else 1)
            x, y = thinned(steps, values)
            axes.plot(x, y, **_faint(theme), zorder=2)
            x, y = thinned(steps, smooth)
            axes.plot(x, y, color=theme.first, linewidth=1.5, linestyle="-", marker="", zorder=3)
            shown += [smooth]
        if self.held_out and metric in self.by_epoch[self.held_out]:
            values = self.by_epoch[self.held_out][metric]
            axes.plot(self.ends, values, **_points(theme), markevery=_every(values), zorder=4)
            shown += [values]
        for end in self.ends if len(self.ends) <= 30 else ():
            axes.axvline(end, color=theme.frame, linewidth=0.6, linestyle=(0, (2, 2)), marker="", zorder=1)
        return shown

    def _epochs(self, axes: Axes, metric: str, theme: Theme) -> list[np.ndarray]:
        """Whole epochs: the training split as it was being learned, the held-out split after; the lines."""
        shown = []
        for split, values in self.by_epoch.items():
            if metric not in values:
                continue
            if split == "train":
                axes.plot(self.epochs, values[metric], **_whole(theme), markevery=_every(self.epochs), zorder=3)
            else:
                axes.plot(self.epochs, values[metric], **_points(theme), markevery=_every(self.epochs), zorder=4)
            shown.append(values[metric])
        return shown


def _every(points: np.ndarray) -> int:
    """Of so many points each how-manieth is marked, that the marks stay apart."""
    return max(1, len(points) // MARKED)


def _faint(theme: Theme) -> dict[str, Any]:
    """How single batches are drawn."""
    return {"color": theme.first, "alpha": 0.35, "linewidth": 0.6, "linestyle": "-", "marker": ""}


def _whole(theme: Theme) -> dict[str, Any]:
    """How whole epochs of training are drawn: full dots on a full line."""
    return {"color": theme.first, "linewidth": 1.5, "linestyle": "-", "marker": "o", "markersize": 4}


def _points(theme: Theme) -> dict[str, Any]:
    """How held-out data are marked: open squares on a broken line."""
    return {
        "color": theme.second,
        "linewidth": 1.5,
        "linestyle": (0, (4, 2)),
        "marker": "s",
        "markersize": 4.5,
        "markerfacecolor": theme.paper,
        "markeredgewidth": 1.3,
    }


def _range(axes: Axes, shown: list[np.ndarray], *, logarithmic: bool) -> bool:
    """The axis of the values: the strong lines and a little more, which single batches may leave; a logarithmic one, where that is
    allowed and helps. Whether any value is finite."""
    values = np.concatenate([array[np.isfinite(array)] for array in shown]) if shown else np.zeros(0)
    if not values.size:
        return False
    low, high = float(values.min()), float(values.max())
    if logarithmic and low > 0 and high / low > LOGARITHMIC:
        axes.set_yscale("log")
        axes.set_ylim(low / 1.5, high * 1.5)
    else:
        room = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
        axes.set_ylim(low - room, high + room)
    return True


def _finish(sheet: Sheet, axes: Axes, places: np.ndarray) -> None:
    """All `places` along the bottom, whatever of them is drawn, as whole numbers; plain ones up the side, unless huge or tiny."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter, ScalarFormatter

    steps = [1, 2, 2.5, 5, 10]
    first, last = float(places.min()), float(places.max())
    room = 0.045 * (last - first) or 1.0
    axes.set_xlim(first - room, last + room)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=steps, integer=True, min_n_ticks=1))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if axes.get_yscale() == "linear":
        axes.yaxis.set_major_locator(MaxNLocator(nbins=6, steps=steps))
    if axes.get_yscale() == "linear" and 1e-3 <= max(map(abs, axes.get_ylim())) < 1e6:
        plain = ScalarFormatter(useOffset=False, useMathText=False)
        plain.set_scientific(False)
        axes.yaxis.set_major_formatter(plain)
    else:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    sheet.letter_ticks(axes)


def running_mean(values: np.ndarray, width: int) -> np.ndarray:
    """The mean over `width` values around each, float64 [n]; fewer at the ends."""
    half = width // 2
    sums = np.concatenate([[0.0], np.cumsum(values)])
    places = np.arange(len(values))
    low, high = np.maximum(places - half, 0), np.minimum(places + half + 1, len(values))
    mean: np.ndarray = (sums[high] - sums[low]) / (high - low)
    return mean


def thinned(x: np.ndarray, y: np.ndarray, most: int = DRAWN) -> tuple[np.ndarray, np.ndarray]:
    """At most about `most` points that draw the same line: of each stretch the smallest and the largest value, in their order."""
    if len(x) <= most:
        return x, y
    bounds = np.linspace(0, len(x), most // 2 + 1).astype(int)
    kept = sorted({end for a, b in pairwise(bounds) for end in (a + y[a:b].argmin(), a + y[a:b].argmax())})
    return x[kept], y[kept]
