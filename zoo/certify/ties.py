"""How close an exact answer was to another one, and which floats say nothing because of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from zoo.certify.certificate import TIE
from zoo.graph import MARGIN, Head

Arrays = Mapping[str, np.ndarray]


def answers_of(head: Head, values: Arrays) -> np.ndarray:
    """What a head answers; text as NumPy's own, which onnxruntime's answers are, too."""
    answers = head.decide(values)
    return answers.astype(np.str_) if answers.dtype == object else answers


def limit_of(head: Head, bounds: Mapping[str, float]) -> float:
    """Half the gap below which rounding alone may have turned an answer: the error bound of its source. Within a module many
    decisions add up, so there it is never less than half a tie."""
    bound = bounds[head.source]
    return max(bound, TIE / 2) if head.inside and not np.isnan(bound) else bound


def chosen(values: Arrays, at: np.ndarray) -> dict[str, np.ndarray]:
    """The values of some examples."""
    return {name: array[at] for name, array in values.items()}


def same(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Which examples are equal in everything: bool [batch]; none are in arrays of different shape."""
    if ours.shape != theirs.shape:
        return np.zeros(len(ours), bool)
    return (ours == theirs).reshape(len(ours), -1).all(1)  # type: ignore[no-any-return]


def close(heads: Sequence[Head], exact: Arrays, bounds: Mapping[str, float], name: str) -> np.ndarray:
    """Which examples hung on a decision that rounding may turn, so that the float `name` may be another answer's: bool [batch].

    Args:
        heads: of the graph.
        exact: what module and fronts gave in float64.
        bounds: float → error bound.
        name: of a float; only one that a head inside the module has for its source can be another answer's.
    """
    found = np.zeros(len(exact[name]), bool)
    for head in heads:
        if head.inside and head.source == name:
            found |= exact[MARGIN] < 2 * limit_of(head, bounds)
    return found
