"""What a whole number 0 … 255 is, in NumPy: 255 times a number 0 … 1, rounded half to even, as ONNX and PyTorch round.

Export and replay share it, so it imports neither torch nor onnx.
"""

from __future__ import annotations

import numpy as np

SCALE = 255


def decide(values: np.ndarray) -> np.ndarray:
    """uint8, of the shape of `values`; what lies outside 0 … 1 is cut to it."""
    whole = np.clip(np.rint(np.nan_to_num(values) * values.dtype.type(SCALE)), 0, SCALE)
    cut: np.ndarray = whole.astype(np.uint8)
    return cut


def gaps(values: np.ndarray, answers: np.ndarray) -> np.ndarray:
    """By how much `values` lie nearer to their own answer than to `answers`, of the worst element: float64 [batch].

    Args:
        values: of about 0 … 1 [batch, …].
        answers: uint8, of the same shape.
    """
    wide = values.astype(np.float64)
    nearer = np.abs(wide - answers / SCALE) - np.abs(wide - decide(wide) / SCALE)
    worst: np.ndarray = nearer.reshape(len(wide), -1).max(1)
    return worst


def margins(values: np.ndarray) -> np.ndarray:
    """By how much `values` lie nearer to their own answer than to the next best, of the closest element: float64 [batch]."""
    wide = values.astype(np.float64)
    own = decide(wide).astype(np.float64)
    other = own + np.where(wide * SCALE >= own, 1, -1)
    other = np.where((other < 0) | (other > SCALE), 2 * own - other, other)  # beyond the end there is but the other side
    nearer = np.abs(wide - other / SCALE) - np.abs(wide - own / SCALE)
    closest: np.ndarray = nearer.reshape(len(wide), -1).min(1)
    return closest
