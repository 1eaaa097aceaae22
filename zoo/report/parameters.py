"""Every weight and bias of a small network, as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet, shortened, width_of
from zoo.report.style import SMALL, STRONG, Theme, letters_on, limit_of, signed
from zoo.report.tiles import signed_key

CELL = (34, 48)
"""Height and width of a number's field in pixels."""
GAP = 28


@dataclass(frozen=True)
class Layer:
    """A linear layer: y = W·x + b.

    Args:
        name: in the module.
        weight: float [outputs, inputs].
        bias: float [outputs], or empty for none.
        inputs: names of what comes in.
        outputs: names of what goes out.
    """

    name: str
    weight: np.ndarray
    bias: np.ndarray
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def table(self) -> np.ndarray:
        """Weights with the biases as a last column, float [outputs, inputs + 0 or 1]."""
        return np.column_stack([self.weight, self.bias]) if self.bias.size else self.weight

    @property
    def header(self) -> tuple[str, ...]:
        """What the columns of `table` are."""
        return (*self.inputs, "bias") if self.bias.size else self.inputs

    @property
    def title(self) -> str:
        """Its name and size."""
        return f"{self.name}: {len(self.inputs)} → {len(self.outputs)}"


@dataclass(frozen=True)
class Parameters(Plot):
    """A network small enough to be read.

    Args:
        id: of the model.
        layers: in the order in which they run.
    """

    id: str
    layers: tuple[Layer, ...]

    @property
    def count(self) -> int:
        """Weights and biases."""
        return sum(layer.table.size for layer in self.layers)

    @property
    def shows(self) -> str:
        return f"all {self.count} parameters of {len(self.layers)} layers as numbers"

    @property
    def lesson(self) -> str:
        return (
            "All weights and biases: a row is a unit, a column what it takes in; "
            "a unit's input is the sum along its row, each number times what comes in, plus the bias."
        )

    def facts(self) -> dict[str, Any]:
        return {
            "parameters": self.count,
            "layers": [{"name": layer.name, "weight": layer.weight.tolist(), "bias": layer.bias.tolist()} for layer in self.layers],
        }

    def text(self) -> str:
        """The numbers as aligned lines, layer after layer."""
        blocks = []
        for layer in self.layers:
            numbers = [[written(value) for value in row] for row in layer.table]
            names = max(len(name) for name in layer.outputs)
            rows = [("", layer.header), *zip(layer.outputs, numbers, strict=True)]
            widths = [max(len(row[column]) for _, row in rows) for column in range(len(layer.header))]
            lines = [layer.title]
            for name, row in rows:
                cells = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
                lines.append("  ".join([name.ljust(names), *cells]))
            blocks.append("\n  ".join(line.rstrip() for line in lines))
        return "\n\n".join(blocks)

    def draw(self, theme: Theme) -> Sheet:
        places, height = self._places()
        width = max(x + self._width(layer) for layer, (x, _) in zip(self.layers, places, strict=True))
        sheet = Sheet(theme, f"{self.id}: every parameter", [self.lesson], width, height + 50)
        limit = limit_of(np.concatenate([layer.table.ravel() for layer in self.layers]))
        for layer, (x, y) in zip(self.layers, places, strict=True):
            self._layer(sheet, layer, x, y, limit)
        signed_key(sheet, height + 20, limit)
        return sheet

    def _width(self, layer: Layer) -> float:
        numbers = CELL[1] * len(layer.header) + 10 * (len(layer.header) - len(layer.inputs))
        return max(self._names(layer) + numbers, width_of(layer.title, STRONG))

    @staticmethod
    def _names(layer: Layer) -> float:
        """Pixels for the outputs' names."""
        return min(120.0, max(width_of(name, SMALL) for name in layer.outputs)) + 10

    def _places(self) -> tuple[list[tuple[float, float]], float]:
        """Where each layer lies, as many in a row as fit, and the height of all."""
        places: list[tuple[float, float]] = []
        x = y = deep = 0.0
        for layer in self.layers:
            width, height = self._width(layer), 58 + CELL[0] * len(layer.outputs)
            if x and x + width > BODY:
                x, y, deep = 0.0, y + deep + 24, 0.0
            places.append((x, y))
            x, deep = x + width + GAP, max(deep, height)
        return places, y + deep

    def _layer(self, sheet: Sheet, layer: Layer, x: float, y: float, limit: float) -> None:
        """One matrix, its bias a column apart."""
        theme, names = sheet.theme, self._names(layer)
        sheet.text(x, y + 10, layer.title, STRONG)
        top = y + 50
        for row, name in enumerate(layer.outputs):
            sheet.text(x, top + (row + 0.5) * CELL[0], shortened(name, SMALL, 120), SMALL, theme.muted)
        for column, head in enumerate(layer.header):
            left = x + names + column * CELL[1] + 10 * (column == len(layer.inputs))
            sheet.text(left + CELL[1] / 2, top - 14, shortened(head, SMALL, CELL[1] - 4), SMALL, theme.muted, align="center")
            colours = signed(layer.table[:, column], limit)
            sheet.picture(left, top, colours[:, None], (CELL[0] * len(colours), CELL[1] - 1))
            for row, value in enumerate(layer.table[:, column]):
                middle = top + (row + 0.5) * CELL[0]
                sheet.text(left + CELL[1] / 2, middle, written(value, 2), SMALL, letters_on(colours[row]), align="center")


def written(value: float, places: int = 3) -> str:
    """A weight to so many places, with a true minus; a whole one without any."""
    words = f"{value:.0f}" if float(value).is_integer() else f"{value:.{places}f}"
    return words.replace("-", "−")
