"""Whether one threshold unit could do: the inequalities it would have to meet, and a solution or the reason why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import Sheet, width_of
from zoo.report.style import STRONG, TEXT, Theme

ROW = 30
"""Pixels from one row of the table to the next."""


@dataclass(frozen=True)
class Separability(Plot):
    """The system w·x + b > 0 where the function is 1, w·x + b ≤ 0 where it is 0.

    Args:
        id: of the model.
        names: of the inputs.
        rows: bool [rows, inputs].
        values: bool [rows].
        solution: weights and, last, the bias: float [inputs + 1]; `None` where there is none.
        multipliers: int [rows], for a system without solution: the rows of 1 and the rows of 0, each so many times, add up to
            the same; `None` for one with a solution.
    """

    id: str
    names: tuple[str, ...]
    rows: np.ndarray
    values: np.ndarray
    solution: np.ndarray | None
    multipliers: np.ndarray | None

    @property
    def shows(self) -> str:
        count = f"{len(self.rows)} inequalities"
        if self.solution is None:
            return f"no single threshold unit can: the {count} contradict each other"
        return f"one threshold unit is enough: the {count} hold for {self._solved()}"

    @property
    def lesson(self) -> str:
        """The argument, to be checked by hand."""
        start = "A threshold unit that gives these outputs would have to meet every line of the table. "
        if self.solution is not None:
            return (
                start + "All of them hold; each sum lies at least ½ from the threshold, and no such solution has smaller weights."
            )
        left, right = self._side(True), self._side(False)
        return start + (
            f"Add the lines of output 1, each as often as the last column says: {left} > 0. Add those of output 0: {right} ≤ 0. "
            "It is the same sum, and cannot be both (Farkas's lemma)."
        )

    def facts(self) -> dict[str, Any]:
        return {
            "separable": self.solution is not None,
            "inequalities": [self.inequality(number) for number in range(len(self.rows))],
            "weights": self.solution[:-1].tolist() if self.solution is not None else None,
            "bias": float(self.solution[-1]) if self.solution is not None else None,
            "multipliers": self.multipliers.tolist() if self.multipliers is not None else None,
        }

    def text(self) -> str:
        """The table and the argument."""
        lines = [self._header(), *self._cells()]
        widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
        return "\n".join([*table, "", f"{self.lesson}" if self.solution is None else f"They hold for {self._solved()}."])

    def draw(self, theme: Theme) -> Sheet:
        lines = self._cells()
        header = self._header()
        widths = [
            28 + max(width_of(header[column], STRONG), *(width_of(line[column], TEXT) for line in lines))
            for column in range(len(header))
        ]
        lefts = np.cumsum([0, *widths])
        notes = [self.lesson] if self.solution is None else [self.lesson, f"The lines hold for {self._solved()}."]
        sheet = Sheet(theme, f"{self.id}: {self._title()}", notes, float(lefts[-1]), ROW * (len(lines) + 1) + 4)
        for column, word in enumerate(header):
            sheet.text(float(lefts[column]), ROW / 2, word, STRONG)
        sheet.fill(0, ROW - 3, float(lefts[-1]) - 28, 1, theme.frame)
        for number, line in enumerate(lines):
            middle = ROW * (number + 1.5)
            # Lines that the contradiction does not need are paler; so is the argument for the eye in print.
            needed = self.multipliers is None or self.multipliers[number] > 0
            for column, word in enumerate(line):
                sheet.text(float(lefts[column]), middle, word, TEXT, theme.ink if needed else theme.muted)
        return sheet

    def _title(self) -> str:
        return "one threshold unit is enough" if self.solution is not None else "no single threshold unit can"

    def _header(self) -> list[str]:
        last = "times" if self.multipliers is not None else "sum"
        return [*self.names, "output", "wanted of w and b", last]

    def _cells(self) -> list[list[str]]:
        found = []
        for number, (row, value) in enumerate(zip(self.rows, self.values, strict=True)):
            if self.multipliers is not None:
                last = f"× {self.multipliers[number]}" if self.multipliers[number] else ""
            else:
                assert self.solution is not None
                last = _number(float(self.solution[:-1] @ row + self.solution[-1]))
            found.append([*(str(int(one)) for one in row), str(int(value)), self.inequality(number), last])
        return found

    def inequality(self, number: int) -> str:
        """What row `number` asks for, such as `w_a + b > 0`."""
        names = [f"w_{name}" for name, one in zip(self.names, self.rows[number], strict=True) if one]
        return f"{' + '.join([*names, 'b'])} {'>' if self.values[number] else '≤'} 0"

    def _side(self, value: bool) -> str:
        """What the rows of one output add up to."""
        assert self.multipliers is not None
        counts = np.where(self.values == value, self.multipliers, 0)
        return _sum([*(f"w_{name}" for name in self.names), "b"], [*(counts @ self.rows).tolist(), int(counts.sum())])

    def _solved(self) -> str:
        assert self.solution is not None
        weights = ", ".join(_number(value) for value in self.solution[:-1].tolist())
        return f"w = ({weights}), b = {_number(float(self.solution[-1]))}"


def _sum(names: Sequence[str], factors: Sequence[int]) -> str:
    return " + ".join(f"{factor}·{name}" if factor > 1 else name for name, factor in zip(names, factors, strict=True) if factor)


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")
