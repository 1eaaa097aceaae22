"""Feature maps: what the convolutions and the pooling make of one picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet, fitted, shortened, wrapped
from zoo.report.style import SMALL, STRONG, Theme, grey
from zoo.report.tiles import Tiles, pictures_of

LEFT = 130
"""Pixels for the picture before the maps."""
ACROSS = 8
"""Maps in a row."""
ABOVE = 30
BELOW = 26
"""Pixels over and under a row."""


@dataclass(frozen=True)
class Stage:
    """What one layer gives.

    Args:
        title: which layer, and what it did.
        channels: maps it gives.
        maps: the first of them, float [shown, height, width].
    """

    title: str
    channels: int
    maps: np.ndarray

    @property
    def caption(self) -> str:
        """What it is, its size, and how much of it is shown."""
        return self.size + (f", the first {len(self.maps)}" if len(self.maps) < self.channels else "")

    @property
    def size(self) -> str:
        """What it is, and its size."""
        height, width = self.maps.shape[1:]
        return f"{self.title}, {self.channels} maps of {height}×{width}"


@dataclass(frozen=True)
class Maps(Plot):
    """The way of one picture through the convolutions.

    Args:
        id: of the model.
        split: the picture is from.
        index: of it in the split.
        label: its label, or nothing.
        picture: [height, width].
        low: brightness of black.
        high: brightness of white.
        stages: in the order in which they run.
        pooled: whether there is a pooling among them.
    """

    id: str
    split: str
    index: int
    label: str
    picture: np.ndarray
    low: float
    high: float
    stages: tuple[Stage, ...]
    pooled: bool

    @property
    def shows(self) -> str:
        label = f" ({self.label})" if self.label else ""
        return f"{self.split} picture {self.index}{label}: " + "; ".join(stage.size for stage in self.stages)

    @property
    def lesson(self) -> str:
        words = "One test picture, and what the layers make of it: grey is 0, yellow above, blue below, each row on its own scale."
        if self.pooled:
            words += " Pooling, column by column: what was found stays, exactly where is forgotten."
        return words

    def facts(self) -> dict[str, Any]:
        stages = [{"stage": stage.title, "maps": stage.channels, "shape": list(stage.maps.shape[1:])} for stage in self.stages]
        return {"split": self.split, "index": self.index, "label": self.label, "stages": stages}

    def draw(self, theme: Theme) -> Sheet:
        blocks = [
            Tiles(len(stage.maps), (stage.maps.shape[1], stage.maps.shape[2]), ACROSS, 96, named=False, room=BODY - LEFT)
            for stage in self.stages
        ]
        size = fitted(self.picture.shape, 112)
        body = max(sum(ABOVE + tiles.size[0] + BELOW for tiles in blocks) - BELOW, ABOVE + size[0] + 20)
        sheet = Sheet(theme, f"{self.id}: feature maps", [self.lesson], BODY, body)
        sheet.text(0, 10, f"{self.split} #{self.index}", STRONG)
        sheet.picture(0, ABOVE, grey(self.picture, self.low, self.high), size)
        for row, line in enumerate(wrapped(f"label {self.label}" if self.label else "", SMALL, LEFT - 16)[:4]):
            sheet.text(0, ABOVE + size[0] + 14 + 20 * row, line, SMALL)
        y = 0.0
        for stage, tiles in zip(self.stages, blocks, strict=True):
            sheet.text(LEFT, y + 10, shortened(stage.caption, STRONG, BODY - LEFT), STRONG)
            colours, _ = pictures_of(stage.maps)
            for number in range(len(stage.maps)):
                sheet.picture(LEFT + number * (BODY - LEFT) / ACROSS, y + ABOVE, colours[number], tiles.size)
            y += ABOVE + tiles.size[0] + BELOW
        return sheet
