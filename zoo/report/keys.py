"""What the lines of a figure mean: names beside their marks, broken into lines under the title."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from zoo.report.sheet import BODY, Sheet, width_of
from zoo.report.style import SMALL

KEYS = 30
"""Pixels of a line of keys."""
MARK, APART = 54, 32
"""Pixels of a mark with its distance to the name, and between two keys."""

Key = tuple[str, dict[str, Any]]
"""A name, and how its line is drawn."""


def broken(keys: Iterable[Key]) -> list[list[Key]]:
    """Keys in lines that are no wider than a card."""
    rows: list[list[Key]] = [[]]
    x = 0.0
    for words, style in keys:
        step = MARK + width_of(words, SMALL) + APART
        if rows[-1] and x + step > BODY:
            rows.append([])
            x = 0.0
        rows[-1].append((words, style))
        x += step
    return rows


def draw_keys(sheet: Sheet, rows: list[list[Key]]) -> None:
    """Put lines of keys under the title."""
    for number, row in enumerate(rows):
        x = 0.0
        for words, style in row:
            x = sheet.key(x, 8 + number * KEYS, words, **style) + APART
