"""The kernels of convolutions as pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import Sheet
from zoo.report.style import STRONG, Theme
from zoo.report.tiles import Tiles, pictures_of, signed_key


@dataclass(frozen=True)
class Bank:
    """The kernels of one convolution that are shown.

    Args:
        name: of the layer in the module.
        filters: in the layer.
        channels: maps that each of them looks at.
        kernels: float [shown filters, shown channels, height, width].
    """

    name: str
    filters: int
    channels: int
    kernels: np.ndarray

    @property
    def title(self) -> str:
        """Its name and size, and how much of it is shown."""
        shown, over = self.kernels.shape[:2]
        height, width = self.kernels.shape[2:]
        few = f"; here {shown} of them over {over}" if (shown, over) != (self.filters, self.channels) else ""
        maps = "the picture" if self.channels == 1 else f"{self.channels} maps"
        return f"{self.name}: {self.filters} filters of {height}×{width} over {maps}{few}"


@dataclass(frozen=True)
class Filters(Plot):
    """The kernels of a network's first convolutions.

    Args:
        id: of the model.
        banks: in the order in which they run.
    """

    id: str
    banks: tuple[Bank, ...]

    @property
    def shows(self) -> str:
        return "; ".join(bank.title for bank in self.banks)

    @property
    def lesson(self) -> str:
        words = "A kernel answers most where the picture is bright under its yellow and dark under its blue: edges, ends, spots."
        if any(bank.channels > 1 for bank in self.banks):
            words += " A later filter (a row) has one kernel for each map that comes in (a column)."
        return words

    def facts(self) -> dict[str, Any]:
        return {"layers": [{"name": bank.name, "filters": bank.filters, "channels": bank.channels} for bank in self.banks]}

    def draw(self, theme: Theme) -> Sheet:
        blocks = [self._tiles(bank) for bank in self.banks]
        height = sum(block.height + 34 + 50 for block in blocks) - 18
        sheet = Sheet(theme, f"{self.id}: filters", [self.lesson], max(block.width for block in blocks), height)
        y = 0.0
        for bank, tiles in zip(self.banks, blocks, strict=True):
            sheet.text(0, y + 10, bank.title, STRONG)
            colours, limit = pictures_of(bank.kernels)
            tiles.paste(sheet, y + 34, colours.reshape(-1, *colours.shape[2:]))
            signed_key(sheet, y + 34 + tiles.height + 4, limit)
            y += 34 + tiles.height + 50
        return sheet

    @staticmethod
    def _tiles(bank: Bank) -> Tiles:
        shown, over = bank.kernels.shape[:2]
        shape = (bank.kernels.shape[2], bank.kernels.shape[3])
        across = over if over > 1 else 16 if shown > 10 else shown
        return Tiles(shown * over, shape, across, 56 if over == 1 else 40, named=False)
