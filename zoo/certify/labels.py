"""What a label is, in NumPy: the name of the largest score. Export and replay share it, so it imports neither torch nor onnx."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def decide(classes: Sequence[str], scores: np.ndarray) -> np.ndarray:
    """Names, `str` [batch], for scores [batch, classes]; the first of equals."""
    names: np.ndarray = np.array(classes)[scores.argmax(1)]
    return names


def gaps(classes: Sequence[str], scores: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """Largest score less that of the class named in `answers`: float64 [batch]; infinite where no class bears the name.

    Args:
        classes: names in the order of the scores.
        scores: [batch, classes].
        answers: `str` [batch].
    """
    place = {name: index for index, name in enumerate(classes)}
    other = np.array([place.get(str(answer), -1) for answer in answers], dtype=np.intp)
    own = scores.astype(np.float64)
    found: np.ndarray = np.where(other < 0, np.inf, own.max(1) - own[np.arange(len(own)), other])
    return found


def margins(scores: np.ndarray) -> np.ndarray:
    """Largest score less the second largest: [batch]."""
    ordered = np.sort(scores, axis=1)
    found: np.ndarray = ordered[:, -1] - ordered[:, -2]
    return found
