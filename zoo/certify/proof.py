"""What can be proven of one model in particular, beyond what holds of every certified one."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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
