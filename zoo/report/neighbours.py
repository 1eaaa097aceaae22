"""Words and their nearest words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet, shortened, width_of
from zoo.report.style import SMALL, STRONG, TINY, Theme

ACROSS = 5
"""Neighbours in a line."""
LINE = 21
"""Pixels of a line of letters."""
HEAD = 30
"""Pixels of the names above the columns."""
ROOM = 14
"""Pixels between two words."""
WORD = 160
"""Pixels of the column of words, with their counts below."""
GAP = 16
"""Pixels between two columns of neighbours."""


@dataclass(frozen=True)
class Neighbours(Plot):
    """Some words, the commonest first.

    Args:
        id: of the model.
        words: looked up.
        counts: how often each occurs in the text, int64 [words].
        nearest: of each, the words with the largest cosines, the nearest first.
        cosines: with them, float64 [words, neighbours].
        among: words that could be neighbours, the word itself left out.
    """

    id: str
    words: tuple[str, ...]
    counts: np.ndarray
    nearest: tuple[tuple[str, ...], ...]
    cosines: np.ndarray
    among: int

    @property
    def shows(self) -> str:
        first = f"{self.words[0]}: {', '.join(self.nearest[0][:3])}, …"
        return f"{len(self.words)} words and the nearest of {self.among:,} to each; {first}"

    @property
    def lesson(self) -> str:
        return (
            "Words at evenly spread ranks, from very common to rare, how often each occurs in the text, and the words whose "
            "vectors have the largest cosine with its vector: 1 would be the same direction, 0 nothing in common. What stands side "
            "by side is used alike, which need not mean alike: opposites often are. Of rare words little could be learned, and "
            "large cosines among them say little."
        )

    def facts(self) -> dict[str, Any]:
        return {
            "among": self.among,
            "words": [
                {
                    "word": word,
                    "count": int(count),
                    "neighbours": [{"word": near, "cosine": float(cosine)} for near, cosine in zip(nearest, cosines, strict=True)],
                }
                for word, count, nearest, cosines in zip(self.words, self.counts, self.nearest, self.cosines, strict=True)
            ],
        }

    def text(self) -> str:
        return "\n".join(
            f"{word} ({count:,}): " + ", ".join(f"{near} {_figure(cosine)}" for near, cosine in zip(nearest, cosines, strict=True))
            for word, count, nearest, cosines in zip(self.words, self.counts.tolist(), self.nearest, self.cosines, strict=True)
        )

    def draw(self, theme: Theme) -> Sheet:
        lines = max(2, -(-self.cosines.shape[1] // ACROSS))  # one for the word, one for its count
        height = lines * LINE + ROOM
        sheet = Sheet(theme, f"{self.id}: nearest words", [self.lesson], BODY, HEAD + len(self.words) * height - ROOM)
        sheet.text(0, 8, "word, times in the text", SMALL, theme.muted)
        sheet.text(WORD, 8, "nearest words, with their cosines", SMALL, theme.muted)
        step = (BODY - WORD + GAP) / ACROSS
        for number, word in enumerate(self.words):
            y = HEAD + number * height
            sheet.fill(0, y - ROOM / 2, BODY, 1, theme.frame)
            sheet.text(0, y + 0.5 * LINE, shortened(word, STRONG, WORD - GAP), STRONG)
            sheet.text(0, y + 1.5 * LINE, f"{int(self.counts[number]):,}", SMALL, theme.muted)
            for place, (near, cosine) in enumerate(zip(self.nearest[number], self.cosines[number], strict=True)):
                x, middle = WORD + place % ACROSS * step, y + (place // ACROSS + 0.5) * LINE
                figure = _figure(cosine)
                room = step - GAP - width_of(figure, TINY) - 6
                sheet.text(x, middle, shortened(near, SMALL, room), SMALL)
                sheet.text(x + step - GAP, middle, figure, TINY, theme.muted, align="right")
        return sheet


def _figure(cosine: float) -> str:
    return f"{cosine:.2f}".replace("-", "−")
