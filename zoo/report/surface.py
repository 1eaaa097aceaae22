"""Where a network of two inputs answers 1, between the four corners and around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import Sheet
from zoo.report.style import SMALL, STRONG, TEXT, Theme, rgb

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SIDE = 420
"""Pixels of the surface."""
LEFT = 56
STROKES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (5, 1.5, 1, 1.5)))


@dataclass(frozen=True)
class Line:
    """The border of a hidden unit, or of the only one: weights·x + bias = 0.

    Args:
        name: of the unit.
        weights: two.
        bias: its.
    """

    name: str
    weights: tuple[float, float]
    bias: float


@dataclass(frozen=True)
class Surface(Plot):
    """The answers of a network over a square.

    Args:
        id: of the model.
        names: of the two inputs.
        low: of both axes.
        high: of both axes.
        values: bool [rows, columns]: the second input downwards from `high` to `low`, the first to the right.
        corners: bool [2, 2]: at [first, second].
        lines: borders of the first layer's units.
        last: what the last unit adds up of the hidden ones, in words; empty where there are none.
    """

    id: str
    names: tuple[str, str]
    low: float
    high: float
    values: np.ndarray
    corners: np.ndarray
    lines: tuple[Line, ...]
    last: str

    @property
    def shows(self) -> str:
        count = len(self.lines)
        units = "one unit's line" if not self.last else f"the lines of {count} hidden unit{'s' * (count != 1)}"
        return f"where the network answers 1 over [{_number(self.low)}, {_number(self.high)}]²: {units} and the four corners"

    @property
    def lesson(self) -> str:
        if not self.last:
            return "One unit has one straight border: the corners on its one side are 1, those on the other 0."
        if len(self.lines) == 1:
            return "The hidden unit has one straight border, and the last unit repeats what it says."
        return "Each hidden unit has one straight border; the last unit combines their sides to an area that no single line bounds."

    def facts(self) -> dict[str, Any]:
        return {
            "share_of_1": float(self.values.mean()),
            "corners": {f"{a}{b}": bool(self.corners[a, b]) for a in (0, 1) for b in (0, 1)},
            "lines": [{"unit": line.name, "weights": list(line.weights), "bias": line.bias} for line in self.lines],
        }

    def draw(self, theme: Theme) -> Sheet:
        sheet = Sheet(theme, f"{self.id}: decision surface", [self.lesson], LEFT + SIDE + 430, SIDE + 44)
        ground = np.where(self.values[:, :, None], rgb(theme.right), rgb(theme.paper)).astype(np.uint8)  # [rows, columns, 3]
        sheet.picture(LEFT, 0, ground, (SIDE, SIDE))
        axes = sheet.panel(LEFT, 0, SIDE, SIDE)
        axes.grid(visible=False)
        axes.set_xlim(self.low, self.high)
        axes.set_ylim(self.low, self.high)
        ticks = [0, 0.5, 1]
        axes.set_xticks(ticks)
        axes.set_yticks(ticks)
        sheet.letter_ticks(axes)
        for number, line in enumerate(self.lines):
            self._border(axes, line, _stroke(theme, number))
        self._corners(axes, theme)
        sheet.text(LEFT + SIDE / 2, SIDE + 36, self.names[0], STRONG, align="center")
        sheet.text(4, SIDE / 2, self.names[1], STRONG)
        self._key(sheet)
        return sheet

    def _border(self, axes: Axes, line: Line, stroke: dict[str, Any]) -> None:
        (across, up), room = line.weights, 2 * (self.high - self.low)
        if across == up == 0:
            return  # a unit that looks at nothing has no border
        foot = -line.bias * np.array([across, up]) / (across**2 + up**2)  # its point nearest to the origin
        along = np.array([-up, across]) / np.hypot(across, up) * room
        ends = np.stack([foot - along, foot + along])  # [2, 2]
        axes.plot(ends[:, 0], ends[:, 1], **stroke, zorder=3)

    def _corners(self, axes: Axes, theme: Theme) -> None:
        for first in (0, 1):
            for second in (0, 1):
                axes.plot([first], [second], **_dot(theme, bool(self.corners[first, second])), zorder=4)

    def _key(self, sheet: Sheet) -> None:
        x, y, theme = LEFT + SIDE + 36, 10.0, sheet.theme
        for value in (True, False):
            sheet.key(x, y, f"corner of output {int(value)}", **(_dot(theme, value) | {"linestyle": ""}))
            y += 28
        sheet.fill(x + 8, y - 8, 28, 16, theme.frame)
        sheet.fill(x + 9, y - 7, 26, 14, theme.right)
        sheet.text(x + 54, y, "the network answers 1", SMALL)
        y += 40
        for number, line in enumerate(self.lines):
            total = written(dict(zip(self.names, line.weights, strict=True)), line.bias)
            sheet.key(x, y, f"{line.name}: {total} = 0", **_stroke(theme, number))
            y += 28
        if self.last:
            sheet.text(x, y + 8, "The network answers 1 where", TEXT, theme.muted)
            sheet.text(x, y + 34, f"{self.last} > 0", TEXT)


def _stroke(theme: Theme, number: int) -> dict[str, Any]:
    colour = (theme.first, theme.second)[number % 2]
    return {"color": colour, "linewidth": 1.8, "linestyle": STROKES[number % len(STROKES)], "marker": ""}


def _dot(theme: Theme, value: bool) -> dict[str, Any]:
    face = theme.ink if value else theme.paper
    return {
        "color": theme.ink,
        "marker": "o",
        "markersize": 8,
        "markerfacecolor": face,
        "markeredgecolor": theme.ink,
        "markeredgewidth": 1.4,
    }


def written(weights: dict[str, float], bias: float) -> str:
    """A weighted sum as it is written by hand: `a − 2·b − 0.5`."""
    text = ""
    for name, value in [*weights.items(), ("", bias)]:
        if value:
            size = _number(abs(value)) if not name or abs(value) != 1 else ""
            text += f"{' − ' if value < 0 else ' + '}{size}{'·' * bool(size and name)}{name}"
    text = text.strip()
    return (text.removeprefix("+ ") if text.startswith("+") else text.replace("− ", "−", 1)) or "0"


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")
