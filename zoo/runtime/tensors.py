"""Arrays against a signature: checked before they enter, split into batches and joined again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo.errors import UnknownName, UsageError, ZooError
from zoo.runtime.manifest import Tensor

_NUMPY = {"uint8": np.uint8, "int64": np.int64, "float32": np.float32, "bool": np.bool_}


def checked(owner: str, tensors: Sequence[Tensor], arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays that fit the signature, ready for onnxruntime.

    Raises:
        UnknownName: a name is none of the signature's.
        UsageError: an array is missing or does not fit.
    """
    names = [tensor.name for tensor in tensors]
    for name in arrays:
        if name not in names:
            raise UnknownName(f"input of {owner} called", name, names)
    if missing := [name for name in names if name not in arrays]:
        raise UsageError(f"{owner} also needs {', '.join(missing)}.")
    sizes: dict[str, int] = {}
    return {tensor.name: _fitting(owner, tensor, arrays[tensor.name], sizes) for tensor in tensors}


def _fitting(owner: str, tensor: Tensor, array: np.ndarray, sizes: dict[str, int]) -> np.ndarray:
    """The array, contiguous; `sizes` collects what the named axes are, which must agree between inputs."""
    array = _text(owner, tensor, array) if tensor.dtype == "string" else np.asarray(array)
    if tensor.dtype != "string" and array.dtype != _NUMPY[tensor.dtype]:
        raise UsageError(f"The input {tensor.name} of {owner} takes {tensor.dtype}, not {array.dtype}: {tensor.meaning}.")
    fits = array.ndim == len(tensor.shape) and all(
        size == (axis if isinstance(axis, int) else sizes.setdefault(axis, size))
        for axis, size in zip(tensor.shape, array.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(str(sizes.get(axis, axis) if isinstance(axis, str) else axis) for axis in tensor.shape)
        raise UsageError(f"The input {tensor.name} of {owner} takes shape [{wanted}], not {list(array.shape)}.")
    return array if array.flags.c_contiguous else np.ascontiguousarray(array)


def _text(owner: str, tensor: Tensor, given: Any) -> np.ndarray:
    """An array of objects, as onnxruntime wants text, each of which is a `str`."""
    try:  # of a list not NumPy's own text: there each takes the room of the longest
        array = given if isinstance(given, np.ndarray) else np.array(given, dtype=object)
    except ValueError:  # lists of different lengths
        raise UsageError(f"The input {tensor.name} of {owner} takes text, one for each example: {tensor.meaning}.") from None
    if array.dtype.kind == "U" or array.size == 0:
        return array.astype(object)
    if array.dtype.kind != "O" or not all(isinstance(item, str) for item in array.flat):
        raise UsageError(f"The input {tensor.name} of {owner} takes text, not {array.dtype}: {tensor.meaning}.")
    return array


def empty(inputs: Sequence[Tensor], outputs: Sequence[Tensor], feeds: Mapping[str, np.ndarray]) -> dict[str, np.ndarray] | None:
    """The answers to no examples at all; `None` where there are some, or where the signature does not tell.

    onnxruntime is not asked, because some of its operators give an empty input's answer a wrong shape: 1.31's ArgMax over
    [0, 10] keeps the axis that it should remove.
    """
    axes = {axis: size for tensor in inputs for axis, size in zip(tensor.shape, feeds[tensor.name].shape, strict=True)}
    shapes = {tensor.name: tuple(axes.get(axis) if isinstance(axis, str) else axis for axis in tensor.shape) for tensor in outputs}
    if any(None in shape or 0 not in shape for shape in shapes.values()):
        return None
    return {tensor.name: np.zeros(shapes[tensor.name], _NUMPY.get(tensor.dtype, np.str_)) for tensor in outputs}  # type: ignore[arg-type]


def zeros(tensor: Tensor, examples: int) -> np.ndarray:
    """What fits an input: zeros, or a text of one letter, with one place along every other axis that may vary."""
    shape = [axis if isinstance(axis, int) else 1 for axis in tensor.shape]
    if shape and isinstance(tensor.shape[0], str):
        shape[0] = examples
    return np.full(shape, "a", object) if tensor.dtype == "string" else np.zeros(shape, _NUMPY[tensor.dtype])


def is_batched(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> bool:
    """Whether the first input's first axis may vary, and is the first of every output: that of the examples."""
    axis = inputs[0].shape[:1]
    return bool(axis) and isinstance(axis[0], str) and all(tensor.shape[:1] == axis for tensor in outputs)


def split(
    inputs: Sequence[Tensor], outputs: Sequence[Tensor], feeds: dict[str, np.ndarray], batch: int
) -> list[dict[str, np.ndarray]]:
    """Pieces of at most `batch` examples, at least one; they are views.

    Raises:
        UsageError: `batch` is below 1, or the signature has no first axis that all outputs share.
    """
    if batch < 1:
        raise UsageError(f"batch must be at least 1, not {batch}.")
    if not is_batched(inputs, outputs):
        raise UsageError("This model cannot be asked in batches: its inputs and outputs share no first axis that may vary.")
    split_names = {tensor.name for tensor in inputs if tensor.shape[:1] == inputs[0].shape[:1]}
    total = len(feeds[inputs[0].name])
    return [
        {name: array[start : start + batch] if name in split_names else array for name, array in feeds.items()}
        for start in range(0, max(total, 1), batch)
    ]


def concatenated(outputs: Sequence[Tensor], pieces: Sequence[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The answers to the pieces as one.

    Raises:
        ZooError: another axis varies between them.
    """
    if len(pieces) == 1:
        return pieces[0]
    try:
        return {tensor.name: np.concatenate([piece[tensor.name] for piece in pieces]) for tensor in outputs}
    except ValueError as error:
        raise ZooError(f"The answers to several batches cannot be joined: {error}.") from error
