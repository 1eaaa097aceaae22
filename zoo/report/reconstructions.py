"""Pictures, their codes, and what an autoencoder makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet, fitted
from zoo.report.style import SMALL, Theme, grey
from zoo.report.tiles import KEY, pictures_of, signed_key

BOX = 84
"""Pixels of a picture."""
HEAD = 26
"""Over each row, for its name."""
GAP = 14


@dataclass(frozen=True)
class Reconstructions(Plot):
    """What goes in, its code, what comes out.

    Args:
        id: of the model.
        split: they are from.
        indices: of the pictures in it, int64 [shown].
        labels: of them; empty where there are none.
        pictures: uint8 [shown, height, width].
        noisy: what the network was given in their place, uint8 of the same shape; `None` where it was given them.
        codes: float64 [shown, numbers].
        made: uint8 [shown, height, width].
        errors: mean squared error of each, of pixels 0 … 1, float64 [shown].
        error: mean over the split.
        examples: of the split.
    """

    id: str
    split: str
    indices: np.ndarray
    labels: tuple[str, ...]
    pictures: np.ndarray
    noisy: np.ndarray | None
    codes: np.ndarray
    made: np.ndarray
    errors: np.ndarray
    error: float
    examples: int

    @property
    def shows(self) -> str:
        done = "given back" if self.noisy is None else "with noise, and with the noise taken out"
        return (
            f"{len(self.pictures)} {self.split} pictures {done} through a code of {self.codes.shape[1]:,} numbers; "
            f"mean squared error {self.error:.4f} over {self.examples:,}"
        )

    @property
    def lesson(self) -> str:
        size = self.pictures[0].size
        through = f"{size:,} pixels go through a code of {self.codes.shape[1]:,} numbers and come back."
        if self.noisy is not None:
            through = f"The network is given the noisy picture, and is to make the clean one of it. {through}"
        return f"{through} The mean squared error is {self.error:.4f} over {self.examples:,} {self.split} pictures (pixels 0 to 1)."

    def facts(self) -> dict[str, Any]:
        return {
            "error": self.error,
            "examples": self.examples,
            "numbers": self.codes.shape[1],
            "noisy": self.noisy is not None,
            "first": [
                {"index": int(index), "label": label, "error": float(error)}
                for index, label, error in zip(self.indices, self.labels, self.errors, strict=True)
            ],
        }

    def draw(self, theme: Theme) -> Sheet:
        size = fitted(self.pictures.shape[1:], BOX)
        tiles, limit = pictures_of(self.codes.reshape(-1, *folded(self.codes.shape[1])))
        held = fitted(tiles.shape[1:3], BOX)
        rows = [("the picture", grey(self.pictures, 0, 255), size)]
        if self.noisy is not None:
            rows.append(("with noise, as it goes in", grey(self.noisy, 0, 255), size))
        rows.append((f"its code: {self.codes.shape[1]:,} numbers", tiles, held))
        rows.append(("what comes out, and its mean squared error", grey(self.made, 0, 255), size))
        cell = max(BODY / len(self.pictures), size[1] + 10) if len(self.pictures) > 3 else size[1] + 60
        height = sum(HEAD + shape[0] + GAP for _, _, shape in rows) + 62
        sheet = Sheet(theme, f"{self.id}: what it gives back", [self.lesson], cell * len(self.pictures) - (cell - size[1]), height)
        y = 0.0
        for name, colours, shape in rows:
            sheet.text(0, y + 8, name, SMALL, theme.muted)
            for number in range(len(self.pictures)):
                sheet.picture(number * cell, y + HEAD, colours[number], shape)
            y += HEAD + shape[0] + GAP
        for number, error in enumerate(self.errors):
            sheet.text(number * cell, y, f"{error:.4f}", SMALL)
        signed_key(sheet, y + 26, limit)
        sheet.text(KEY + 20, y + 31, "numbers of the code, row by row", SMALL, theme.muted)
        return sheet


def folded(count: int) -> tuple[int, int]:
    """Rows and columns for so many numbers: as near to a square as they fit without a rest, wider than high."""
    rows = next(rows for rows in range(int(count**0.5), 0, -1) if count % rows == 0)
    return rows, count // rows
