"""Sentences, their translations, and the same as a person wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet, wrapped
from zoo.report.style import SMALL, TEXT, Theme

LINE = 21
"""Pixels of a line of letters."""
HEAD = 30
"""Pixels of the names above the columns."""
ROOM = 14
"""Pixels between two sentences, and half of those between two columns."""
SCORE = 62
"""Pixels of the column of scores."""


@dataclass(frozen=True)
class Translations(Plot):
    """Some sentences.

    Args:
        id: of the model.
        sources: what was read.
        translations: what was written.
        references: a person's translations; `None` where there are none.
        scores: natural log of each translation's probability over its number of ids, float64 [sentences].
    """

    id: str
    sources: tuple[str, ...]
    translations: tuple[str, ...]
    references: tuple[str, ...] | None
    scores: np.ndarray

    @property
    def shows(self) -> str:
        first = f"“{self.sources[0]}” became “{self.translations[0]}”"
        return f"{len(self.sources)} sentence{'s' * (len(self.sources) != 1)} and their translations; {first}"

    @property
    def lesson(self) -> str:
        beside = " Beside them stands what a person wrote, one way of several." if self.references else ""
        return (
            "Sentences of the zoo's own, translated by the most probable word at each step."
            f"{beside} The score is the natural log of a translation's probability over its number of ids: the nearer to 0, the "
            "surer."
        )

    def facts(self) -> dict[str, Any]:
        references = self.references or (None,) * len(self.sources)
        return {
            "sentences": [
                {"source": source, "translation": made, "reference": reference, "score": float(score)}
                for source, made, reference, score in zip(self.sources, self.translations, references, self.scores, strict=True)
            ]
        }

    def text(self) -> str:
        return "\n".join(f"{source} → {made}" for source, made in zip(self.sources, self.translations, strict=True))

    def draw(self, theme: Theme) -> Sheet:
        columns = {"sentence": self.sources, "translation": self.translations}
        if self.references:
            columns["by a person"] = self.references
        step = (BODY - SCORE) / len(columns)
        rows = [[wrapped(text, TEXT, step - 2 * ROOM) for text in texts] for texts in zip(*columns.values(), strict=True)]
        heights = [max(1, *(len(lines) for lines in row)) * LINE + ROOM for row in rows]
        sheet = Sheet(theme, f"{self.id}: translations", [self.lesson], BODY, HEAD + sum(heights))
        for number, name in enumerate(columns):
            sheet.text(number * step, 8, name, SMALL, theme.muted)
        sheet.text(BODY, 8, "score", SMALL, theme.muted, align="right")
        y: float = HEAD
        for row, height, score in zip(rows, heights, self.scores, strict=True):
            sheet.fill(0, y - ROOM / 2, BODY, 1, theme.frame)
            for number, lines in enumerate(row):
                for line, words in enumerate(lines):
                    # The translation is what there is to see; what stands beside it is there to compare.
                    sheet.text(number * step, y + (line + 0.5) * LINE, words, TEXT, None if number == 1 else theme.muted)
            sheet.text(BODY, y + 0.5 * LINE, f"{score:.2f}".replace("-", "−"), SMALL, theme.muted, align="right")
            y += height
        return sheet
