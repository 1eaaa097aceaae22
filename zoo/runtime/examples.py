"""A person's array → a batch that a model takes: every layout that is usual, and nothing cast without being said."""

from __future__ import annotations

import numpy as np

from zoo.errors import DataError
from zoo.runtime.manifest import Tensor


def as_examples(array: np.ndarray, tensor: Tensor, *, name: str) -> tuple[np.ndarray, list[str]]:
    """Bring an array into the shape and dtype of an input of pictures, or of so many numbers each.

    Args:
        array: pictures of the model's own size, one or many: [h, w], [n, h, w], [n, h, w, 1], [n, 1, h, w], [n, h·w] or [h·w].
            For a uint8 input: whole numbers or floats 0 to 255, floats 0 to 1, whole numbers 0 and 1, or bool. For a float32
            input of two values (`low` and `high`): these two values, bool, or uint8 brightness. Of numbers: [k] or [n, k].
        tensor: [batch, h, w], or [batch, k].
        name: of the array, for messages.

    Returns:
        [n, h, w] or [n, k] of the input's dtype, and what was done to the values, for the person who asked.

    Raises:
        DataError: another shape, no example, or values that are none of these.
    """
    if len(tensor.shape) == 2:
        return _numbers(array, tensor, name)
    shaped = _shaped(array, tensor, name)
    if tensor.dtype == "uint8":
        return _bytes(shaped, name)
    return _two_values(shaped, tensor, name)


def _numbers(array: np.ndarray, tensor: Tensor, name: str) -> tuple[np.ndarray, list[str]]:
    size = int(tensor.shape[1])
    if array.shape != (size,) and array.shape[1:] != (size,):
        raise DataError(f"{name} has shape {list(array.shape)}; it should be [{size}] or [n, {size}].")
    if not array.size:
        raise DataError(f"{name} holds no example: its shape is {list(array.shape)}.")
    _range(array, name)
    with np.errstate(over="ignore"):
        rounded = array.reshape(-1, size).astype(np.float32)
    if not np.isfinite(rounded).all():
        raise DataError(f"{name} has values beyond the range of float32.")
    return rounded, ["rounded to float32"] if array.dtype.kind == "f" and array.dtype.itemsize > 4 else []


def _shaped(array: np.ndarray, tensor: Tensor, name: str) -> np.ndarray:
    height, width = (int(side) for side in tensor.shape[1:])
    fits = (
        array.shape in ((height, width), (height, width, 1), (height * width,))
        or array.shape[1:] in ((height, width), (height, width, 1), (1, height, width))
        or (array.ndim == 2 and array.shape[1] == height * width)
    )
    if not fits:
        layouts = f"[{height}, {width}], [n, {height}, {width}] or [n, {height * width}]"
        raise DataError(f"{name} has shape {list(array.shape)}; it should be {layouts}.")
    if not array.size:
        raise DataError(f"{name} holds no example: its shape is {list(array.shape)}.")
    return array.reshape(-1, height, width)


def _bytes(array: np.ndarray, name: str) -> tuple[np.ndarray, list[str]]:
    if array.dtype == np.bool_:
        return array * np.uint8(255), ["true became 255, false 0"]
    low, high = _range(array, name)
    if low < 0 or high > 255:
        raise DataError(f"{name} has values from {low:g} to {high:g}; brightness should be 0 to 255, or 0 to 1.")
    if array.dtype.kind == "f" and high <= 1:
        return np.rint(array * 255.0).astype(np.uint8), ["multiplied by 255 and rounded"]
    if array.dtype.kind != "f" and high == 1:
        # A mask: as brightness out of 255 its 0 and 1 would both be black.
        return array.astype(np.uint8) * np.uint8(255), ["multiplied by 255, for no value is above 1"]
    if array.dtype == np.uint8:
        return array, []
    return np.rint(array).astype(np.uint8), ["rounded to whole numbers"] if array.dtype.kind == "f" else []


def _two_values(array: np.ndarray, tensor: Tensor, name: str) -> tuple[np.ndarray, list[str]]:
    low, high = tensor.low, tensor.high
    if low is None or high is None:
        raise DataError(f"The input {tensor.name} gives no smallest and largest value, so {name} cannot be brought into it.")
    if array.dtype == np.bool_:
        return np.where(array, high, low).astype(np.float32), [f"true became {high:+g}, false {low:+g}"]
    least, most = _range(array, name)
    if bool(np.isin(array, (low, high)).all()):
        return array.astype(np.float32), []
    # Of bytes, 0 and 1 alone are more likely two values than two shades of black: better asked than guessed.
    if array.dtype != np.uint8 or most == 1:
        raise DataError(f"{name} has values from {least:g} to {most:g}; they should be {low:g} and {high:g}, or uint8 brightness.")
    return thresholded(array, tensor), [threshold_note(tensor)]


def thresholded(grey: np.ndarray, tensor: Tensor) -> np.ndarray:
    """uint8 brightness → float32 of two values: the upper half of the range is `high`, the lower `low`."""
    low, high = np.float32(tensor.low or 0), np.float32(tensor.high or 0)
    return np.where(grey >= 128, high, low)


def threshold_note(tensor: Tensor) -> str:
    """What `thresholded` does, in words."""
    return f"brightness of 128 and above became {tensor.high:+g}, below {tensor.low:+g}"


def _range(array: np.ndarray, name: str) -> tuple[float, float]:
    if array.dtype.kind not in "uif":
        raise DataError(f"{name} has dtype {array.dtype}; it should hold numbers.")
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError(f"{name} has values that are not finite; they should be numbers.")
    return low, high
