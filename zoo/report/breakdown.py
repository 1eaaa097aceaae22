"""Where the time of a call goes, by module and by operator: what `zoo bench --explain --plot` draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zoo.report.sheet import BODY, Sheet, shortened, width_of
from zoo.report.style import SMALL, STRONG, Theme

MOST = 8
"""Bars in a block; what is smaller is one bar together."""
ROW, BAR, HEAD, GAP = 26, 16, 34, 22
"""Pixels: of a row, its bar, a block's heading, and between two blocks."""
BETWEEN = 40
REST = ""
"""The kind of several bars of different kinds in one."""
NAMES, FIGURES = 190, 62
"""Pixels for the name left of a bar and the share right of it."""
KEY = 30


@dataclass(frozen=True)
class Bar:
    """One thing that takes time.

    Args:
        name: of it.
        kind: that its colour tells: one of the plot's.
        share: of the call.
        low: lower end of the share's interval.
        high: upper end.
    """

    name: str
    kind: str
    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Block:
    """One condition: its heading, and its bars by module and by operator, the longest first."""

    heading: str
    modules: tuple[Bar, ...]
    operators: tuple[Bar, ...]


@dataclass(frozen=True)
class BreakdownPlot:
    """Two columns of bars for each condition, on one scale of shares.

    Args:
        title: of the card.
        notes: under the title.
        kinds: of bars, in the order of their colours; the last, which no module takes, is muted.
        blocks: conditions.
    """

    title: str
    notes: tuple[str, ...]
    kinds: tuple[str, ...]
    blocks: tuple[Block, ...]

    def draw(self, theme: Theme) -> Sheet:
        """The card."""
        blocks = [(block.heading, _cut(block.modules), _cut(block.operators)) for block in self.blocks]
        heights = [HEAD + ROW * max(len(modules), len(operators)) for _, modules, operators in blocks]
        sheet = Sheet(theme, self.title, self.notes, BODY, KEY + sum(heights) + GAP * (len(heights) - 1))
        self._keys(sheet, theme)
        width = (BODY - BETWEEN) / 2
        top = float(KEY)
        for (heading, modules, operators), height in zip(blocks, heights, strict=True):
            for x, words, bars in ((0.0, f"{heading}, by module", modules), (width + BETWEEN, "by operator", operators)):
                sheet.text(x, top + 12, words, STRONG)
                self._bars(sheet, theme, x, top + HEAD, width, bars)
            top += height + GAP
        return sheet

    def _colour(self, theme: Theme, kind: str) -> str:
        colours = (theme.heat[2], theme.first, theme.second, theme.heat[-1], theme.ink)
        if kind == REST:
            return theme.frame
        return theme.muted if kind == self.kinds[-1] else colours[self.kinds.index(kind) % len(colours)]

    def _keys(self, sheet: Sheet, theme: Theme) -> None:
        there = {bar.kind for block in self.blocks for bar in block.modules}
        x = 0.0
        for kind in self.kinds:
            if kind in there:
                sheet.fill(x, 2, 14, 14, self._colour(theme, kind))
                sheet.text(x + 22, 9, kind, SMALL)
                x += 22 + width_of(kind, SMALL) + 28

    def _bars(self, sheet: Sheet, theme: Theme, x: float, top: float, width: float, bars: Sequence[Bar]) -> None:
        left, room = x + NAMES, width - NAMES - FIGURES
        shown = [bar for block in self.blocks for several in (block.modules, block.operators) for bar in _cut(several)]
        longest = max(bar.high for bar in shown) or 1.0
        for number, bar in enumerate(bars):
            middle = top + ROW * (number + 0.5)
            sheet.text(left - 10, middle, shortened(bar.name, SMALL, NAMES - 12), SMALL, align="right")
            sheet.fill(left, middle - BAR / 2, max(1, room * bar.share / longest), BAR, self._colour(theme, bar.kind))
            if bar.low < bar.high:
                ends = [left + room * end / longest for end in (bar.low, bar.high)]
                sheet.fill(ends[0], middle + BAR / 2 + 1, max(1, ends[1] - ends[0]), 2, theme.muted)
            figure = f"{100 * bar.share:.1f} %"
            sheet.text(x + width, middle, figure, SMALL, align="right")


def _cut(bars: Sequence[Bar]) -> list[Bar]:
    """The longest bars, and one for the others."""
    ordered = sorted(bars, key=lambda bar: -bar.share)
    if len(ordered) <= MOST:
        return ordered
    rest = ordered[MOST - 1 :]
    share = sum(bar.share for bar in rest)
    kind = rest[0].kind if len({bar.kind for bar in rest}) == 1 else REST
    return [*ordered[: MOST - 1], Bar(f"{len(rest)} others", kind, share, share, share)]
