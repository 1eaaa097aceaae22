"""Pictures that were never drawn by anyone: made from random codes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet
from zoo.report.style import Theme, grey
from zoo.report.tiles import Tiles


@dataclass(frozen=True)
class Generated(Plot):
    """What a decoder makes of codes drawn at random.

    Args:
        id: of the model.
        numbers: of a code.
        pictures: uint8 [drawn, height, width].
    """

    id: str
    numbers: int
    pictures: np.ndarray

    @property
    def shows(self) -> str:
        return f"{len(self.pictures)} pictures made from codes of {self.numbers:,} standard normal numbers"

    @property
    def lesson(self) -> str:
        return (
            f"No picture went in: each is made from {self.numbers:,} numbers drawn from a standard normal distribution, which the "
            "codes were trained to follow."
        )

    def facts(self) -> dict[str, Any]:
        return {"drawn": len(self.pictures), "numbers": self.numbers}

    def draw(self, theme: Theme) -> Sheet:
        tiles = Tiles(len(self.pictures), (self.pictures.shape[1], self.pictures.shape[2]), 10, 84, named=False)
        sheet = Sheet(theme, f"{self.id}: pictures from random codes", [self.lesson], min(tiles.width, BODY), tiles.height)
        tiles.paste(sheet, 0, grey(self.pictures, 0, 255))
        return sheet
