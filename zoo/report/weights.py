"""The first layer's weights as pictures: a unit has one for each pixel, so they can be laid out as the pixels are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet
from zoo.report.style import Theme
from zoo.report.tiles import Tiles, pictures_of, signed_key


@dataclass(frozen=True)
class Weights(Plot):
    """Weights of a layer over the pixels.

    Args:
        id: of the model.
        layer: its name in the module.
        units: in the layer.
        names: of the units shown: of the classes, where the layer is the last.
        pictures: float [shown, height, width].
        classes: whether a unit stands for a class.
    """

    id: str
    layer: str
    units: int
    names: tuple[str, ...]
    pictures: np.ndarray
    classes: bool

    @property
    def shows(self) -> str:
        few = f"{len(self.names)} of {self.units:,} units, those with the largest weights" * (len(self.names) < self.units)
        height, width = self.pictures.shape[1:]
        return f"weights of layer {self.layer} over the {height}×{width} pixels: {few or f'{self.units} units'}"

    @property
    def lesson(self) -> str:
        who = "for the class" if self.classes else "for its unit"
        few = "" if len(self.names) == self.units else f" The {len(self.names)} of {self.units:,} units with the largest norm."
        return f"A bright pixel that falls on yellow speaks {who}, one that falls on blue against it, grey does not matter.{few}"

    def facts(self) -> dict[str, Any]:
        return {"layer": self.layer, "units": self.units, "shown": list(self.names)}

    def draw(self, theme: Theme) -> Sheet:
        shape = (self.pictures.shape[1], self.pictures.shape[2])
        tiles = Tiles(len(self.names), shape, 5, 168) if len(self.names) <= 10 else Tiles(len(self.names), shape, 8, 112)
        sheet = Sheet(
            theme, f"{self.id}: weights of layer {self.layer} as pictures", [self.lesson], min(tiles.width, BODY), tiles.height + 34
        )
        colours, limit = pictures_of(self.pictures)
        tiles.paste(sheet, 0, colours, self.names)
        signed_key(sheet, tiles.height + 6, limit)
        return sheet
