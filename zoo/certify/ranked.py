"""Names in the order of their scores, the best first: how close an order is to another one. Torch-free: `verify` uses it."""

from __future__ import annotations

import numpy as np


def gaps(scores: np.ndarray, right: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """How much scores would have to change for `answers` to be right: float64 [batch]; 0 where they are.

    A name that stands at another place needs the difference of the scores of the two places; one that is none of the right ones
    needs at least the difference to the best that was left out.

    Args:
        scores: of the names, falling, and of the best that was left out [batch, n + 1].
        right: names [batch, n], each once.
        answers: of the same shape.
    """
    found = np.zeros(len(scores))
    for row in np.flatnonzero((right != answers).any(1)):
        places = {name: place for place, name in enumerate(right[row])}
        its, last = scores[row].astype(np.float64), right.shape[1]
        moved = [abs(its[place] - its[places.get(name, last)]) for place, name in enumerate(answers[row])]
        repeated = len(set(answers[row])) < last == len(places)
        found[row] = np.inf if repeated else max(moved)
    return found


def close(scores: np.ndarray, limit: float) -> np.ndarray:
    """Which share of an example's places in the order hang on less than rounding: float64 [batch].

    Args:
        scores: falling [batch, n + 1].
        limit: half the difference of two scores below which rounding may turn their order.
    """
    found: np.ndarray = (-np.diff(scores.astype(np.float64), axis=1) < 2 * limit).mean(1)
    return found


def flaw(scores: np.ndarray, names: np.ndarray) -> str | None:
    """What is wrong with an order that is not one, in a clause.

    Args:
        scores: of a stranger's file, of any shape.
        names: text [batch, n].
    """
    if scores.dtype.kind != "f" or scores.shape != (len(names), names.shape[1] + 1):
        return f"scores of the shape {scores.shape} for names of the shape {names.shape}"
    if not (np.diff(scores, axis=1) <= 0).all():  # NaN is not
        return "scores that do not fall"
    if any(0 < len(set(row) - {""}) < len(row) for row in names):
        return "an order that holds a name twice"
    return None


def margins(scores: np.ndarray) -> np.ndarray:
    """The smallest difference of two scores that follow each other: float64 [batch].

    Args:
        scores: falling [batch, n + 1].
    """
    found: np.ndarray = -np.diff(scores.astype(np.float64), axis=1).max(1, initial=-np.inf)
    return found
