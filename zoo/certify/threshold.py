"""What a Boolean answer is, in NumPy: whether a sum is above 0. Export and replay share it: it imports neither torch nor onnx."""

from __future__ import annotations

import numpy as np


def decide(sums: np.ndarray) -> np.ndarray:
    """bool, for sums of the same shape; 0 itself is false."""
    above: np.ndarray = sums > 0
    return above


def gaps(sums: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """How far each example's sums lie from the threshold where `answers` are not theirs, at most: float64 [batch]; 0 where all are.

    Args:
        sums: [batch, …].
        answers: bool of the same shape.
    """
    distances = np.where(decide(sums) == answers, 0.0, np.abs(sums.astype(np.float64)))
    found: np.ndarray = distances.reshape(len(sums), -1).max(1, initial=0.0)  # [batch]
    return found


def margins(sums: np.ndarray) -> np.ndarray:
    """How far the sum nearest to the threshold lies from it: float64 [batch]."""
    found: np.ndarray = np.abs(sums.astype(np.float64)).reshape(len(sums), -1).min(1, initial=np.inf)  # [batch]
    return found
