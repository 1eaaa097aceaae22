"""Figures and tables as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def figure(value: Any) -> str:
    """A number with the digits that matter: counts whole with separators, tiny ones in powers of ten, others to four places."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15 and (isinstance(value, int) or abs(value) >= 10):
        return f"{int(value):,}"
    if value and abs(value) < 1e-3:
        return f"{value:.3g}"
    return f"{value:.4f}"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; a bar inside a cell is escaped."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)
