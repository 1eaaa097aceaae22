"""What can be proven of one model in particular, beyond what holds of every certified one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

import numpy as np

from zoo.spec import Spec

Answer = Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]]
"""From inputs by name to what the exported file answers."""


class Proof(Spec):
    """A claim, and how it was checked when the certificate was made. One that does not hold fails the certificate.

    Args:
        claim: a sentence, with its figures.
        method: how it was checked: the theorem with its source, or what was run through.
        holds: whether it does.
    """

    claim: str
    method: str
    holds: bool


def floored(value: float, places: int) -> str:
    """A lower bound in figures: `value` with so many decimal places, rounded down."""
    return str(Decimal(value).quantize(Decimal(1).scaleb(-places), ROUND_FLOOR))


def raised(value: float) -> str:
    """An upper bound in figures: two digits of `value`, which is above 0, rounded up."""
    return f"{Context(prec=2, rounding=ROUND_CEILING).create_decimal_from_float(value):.1e}"
