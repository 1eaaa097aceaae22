"""Figures and tables as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from zoo.spec import Reference

PLACES = 4
"""Decimals of an ordinary figure."""


def figure(value: Any, places: int = PLACES) -> str:
    """A number with the digits that matter: counts whole with separators, tiny and huge ones in powers of ten, else `places`."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if float(value).is_integer() and abs(value) < 1e15 and (isinstance(value, int) or abs(value) >= 10):
        return f"{int(value):,}"
    if value and not 1e-3 <= abs(value) < 1e15:
        return f"{value:.3g}"
    return f"{value:.{places}f}"


def published(reference: Reference) -> str:
    """A published figure in short: `accuracy ≥ 0.9940`."""
    return f"{reference.metric} {asked(reference)}"


def asked(reference: Reference) -> str:
    """What a reference asks for, without its metric: `≥ 0.9940`."""
    sign = {"at_least": "≥ ", "at_most": "≤ ", "about": "≈ "}.get(reference.rule, "")
    return sign + figure(reference.value, decimals(reference))


def decimals(reference: Reference) -> int:
    """Decimals that show whether a figure is within the tolerance: as many as that is written with, at least `PLACES`."""
    return max(PLACES, -int(Decimal(repr(reference.tolerance)).as_tuple().exponent))


def setting(value: Any) -> str:
    """A recipe's or a network's value as a person writes it: `sgd, lr 0.01`; parts of a list apart by semicolons."""
    if isinstance(value, dict):
        named = [str(value["name"])] if "name" in value else []
        return ", ".join(named + [f"{key} {setting(item)}" for key, item in value.items() if key != "name"])
    if isinstance(value, list | tuple):
        return "; ".join(setting(item) for item in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; a bar inside a cell is escaped."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)
