"""A map of words: a point for each, those near each other that are used alike, and the names of as many as fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet, shortened, width_of
from zoo.report.style import SMALL, STRONG, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMED = 200
"""Words of a panel that are named at most: more would hide each other."""
LOWEST, HIGHEST = 420, 720
"""Pixels of a panel's height, which follows from its points: both directions have the same scale."""
ROOM = 0.04
"""Around the outermost points, as a share of the panel's width."""
HEAD, BELOW = 34, 58
"""Pixels above and below a panel."""
LEFT = 40
"""Pixels for numbers beside a panel."""
NAME = 120
"""Pixels of a word's name at most."""
HIGH = 15
"""Pixels of a name's height."""
APART = 6
"""Pixels from a point to its name."""
DOT = 2.5
"""Half a point's size in pixels."""


@dataclass(frozen=True)
class Projection:
    """Places of the words on a plane.

    Args:
        title: how they were found.
        points: float64 [words, 2].
        shares: of the variance, along both directions; `None` where the directions mean nothing.
    """

    title: str
    points: np.ndarray
    shares: tuple[float, float] | None = None


@dataclass(frozen=True)
class WordMap(Plot):
    """Words on one or two planes.

    Args:
        id: of the model.
        words: the commonest first.
        counts: how often each occurs in the text, int64 [words].
        pca: by principal components.
        tsne: by t-SNE; `None` where it could not be computed.
        missing: why it could not, as a sentence.
    """

    id: str
    words: tuple[str, ...]
    counts: np.ndarray
    pca: Projection
    tsne: Projection | None
    missing: str = ""

    @property
    def shows(self) -> str:
        by = "principal components and t-SNE" if self.tsne else "principal components"
        return f"the {len(self.words)} commonest words that carry meaning, by {by}: {', '.join(self.words[:5])}, …"

    @property
    def lesson(self) -> str:
        said = (
            f"A point for each of the {len(self.words)} commonest words that carry meaning, by the direction of its vector; names "
            "where there is room, of the commonest first. Principal components keep distances as well as a plane can, but show "
            f"only {100 * sum(self.pca.shares or ()):.0f} % of the variance."
        )
        if self.tsne:
            return (
                f"{said} t-SNE keeps neighbours together: look at what lies side by side; how far apart two groups lie says little."
            )
        return f"{said} {self.missing}"

    def facts(self) -> dict[str, Any]:
        planes = {"pca": self.pca} | ({"tsne": self.tsne} if self.tsne else {})
        places = {name: plane.points.round(4).tolist() for name, plane in planes.items()}
        return {
            "shares": list(self.pca.shares or ()),
            "words": [
                {"word": word, "count": int(count), **{name: points[number] for name, points in places.items()}}
                for number, (word, count) in enumerate(zip(self.words, self.counts, strict=True))
            ],
        }

    def draw(self, theme: Theme) -> Sheet:
        planes = [self.pca, *([self.tsne] if self.tsne else [])]
        # Numbers stand beside both, so that both are as wide.
        frames = [_Frame(plane.points, BODY - LEFT) for plane in planes]
        height = sum(HEAD + frame.height + BELOW for frame in frames) - BELOW + (24 if planes[-1].shares else 2)
        sheet = Sheet(theme, f"{self.id}: a map of its words", [self.lesson], BODY, height)
        y = 0.0
        for plane, frame in zip(planes, frames, strict=True):
            sheet.text(LEFT, y + 8, plane.title, STRONG)
            axes = sheet.panel(LEFT, y + HEAD, frame.width, frame.height)
            self._axes(sheet, axes, plane, frame)
            if plane.shares:
                across, up = (f"{100 * share:.1f} %" for share in plane.shares)
                x = LEFT + width_of(plane.title, STRONG) + 20
                sheet.text(x, y + 8, f"the first, across, has {across} of the variance, the second, up, {up}", SMALL, theme.muted)
            self._points(sheet, axes, frame, LEFT, y + HEAD)
            y += HEAD + frame.height + BELOW
        return sheet

    def _axes(self, sheet: Sheet, axes: Axes, plane: Projection, frame: _Frame) -> None:
        """Numbers along the axes where they mean something."""
        from matplotlib.ticker import FuncFormatter, MaxNLocator

        axes.set_xlim(frame.low[0], frame.high[0])
        axes.set_ylim(frame.low[1], frame.high[1])
        if plane.shares is None:
            axes.set_xticks([])
            axes.set_yticks([])
            for spine in axes.spines.values():
                spine.set(visible=True, color=sheet.theme.frame)
            return
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}".replace("-", "−")))
        sheet.letter_ticks(axes)

    def _points(self, sheet: Sheet, axes: Axes, frame: _Frame, x: float, y: float) -> None:
        """The points, and the names of those that have room for it."""
        names = [shortened(word, SMALL, NAME) for word in self.words]
        places = frame.pixels()
        boxes = named(places, [width_of(name, SMALL) for name in names], (frame.width, frame.height))
        known = np.array(sorted(boxes), np.int64)
        others = np.setdiff1d(np.arange(len(names)), known)
        style: dict[str, Any] = {"linestyle": "", "marker": "o", "markeredgewidth": 0}
        axes.plot(*frame.points[others].T, color=sheet.theme.muted, alpha=0.45, markersize=2, zorder=2, **style)
        axes.plot(*frame.points[known].T, color=sheet.theme.second, markersize=2.8, zorder=3, **style)
        for number, (left, top) in boxes.items():
            sheet.text(x + left, y + top + HIGH / 2, names[number], SMALL)


class _Frame:
    """A panel around points, as wide as there is room, with one scale for both directions.

    Args:
        points: float64 [words, 2].
        width: of the panel in pixels.
    """

    def __init__(self, points: np.ndarray, width: float) -> None:
        self.points, self.width = points, width
        least, most = points.min(0), points.max(0)
        across, up = np.maximum(most - least, 1e-9) + 2 * ROOM * max(float((most - least)[0]), 1e-9)
        self.height = min(max(width * up / across, LOWEST), HIGHEST)
        scale = max(across / width, up / self.height)  # of the points' unit to a pixel
        half = np.array([width, self.height]) * scale / 2
        self.low, self.high = (least + most) / 2 - half, (least + most) / 2 + half

    def pixels(self) -> np.ndarray:
        """The points from the panel's upper left corner, float64 [words, 2]."""
        places: np.ndarray = (self.points - self.low) / (self.high - self.low) * np.array([self.width, self.height])
        places[:, 1] = self.height - places[:, 1]
        return places


def named(
    points: np.ndarray, widths: Sequence[float], size: tuple[float, float], most: int = NAMED
) -> dict[int, tuple[float, float]]:
    """Where names find room beside their points, the first ones first.

    Args:
        points: in pixels, float64 [points, 2].
        widths: of their names in pixels.
        size: width and height of the panel, which no name leaves.
        most: names.

    Returns:
        Place of a point in `points` → left and upper end of its name, for those whose name lies over no other name or named point.
    """
    taken = np.empty((0, 4))  # left, upper, right and lower end of each name and each point that has one
    found: dict[int, tuple[float, float]] = {}
    for number, ((x, y), width) in enumerate(zip(points, widths, strict=True)):
        if len(found) == most:
            break
        dot = np.array([x - DOT, y - DOT, x + DOT, y + DOT])
        if _overlap(dot[None], taken).any():
            continue
        lefts = np.array([x + APART, x - APART - width, x - width / 2, x - width / 2, *[x + APART / 2, x - APART / 2 - width] * 2])
        tops = (
            y - HIGH / 2 + np.array([0, 0, -HIGH / 2 - APART + 2, HIGH / 2 + APART - 2, -HIGH / 2, -HIGH / 2, HIGH / 2, HIGH / 2])
        )
        boxes = np.column_stack([lefts, tops, lefts + width, tops + HIGH])  # [ways, 4]
        inside = (lefts >= 0) & (tops >= 0) & (boxes[:, 2] <= size[0]) & (boxes[:, 3] <= size[1])
        free = np.flatnonzero(inside & ~_overlap(boxes, taken).any(1))
        if not len(free):
            continue
        # [ways, points]: whether a name lies over a point
        hidden = ((points[None] > boxes[:, None, :2] - 1) & (points[None] < boxes[:, None, 2:] + 1)).all(2).sum(1)
        best = free[hidden[free].argmin()]  # of equals the first
        taken = np.vstack([taken, boxes[best], dot])
        found[number] = (float(boxes[best, 0]), float(boxes[best, 1]))
    return found


def _overlap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Whether boxes [n, 4] and [m, 4] have a part in common, bool [n, m]."""
    common = (one[:, None, :2] < other[None, :, 2:]) & (other[None, :, :2] < one[:, None, 2:])  # [n, m, 2]
    return np.asarray(common.all(2))
