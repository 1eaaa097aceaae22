"""What a model can be asked with, told by the dtype and shape of its inputs."""

from __future__ import annotations

from collections.abc import Sequence

from zoo.runtime.manifest import Tensor


def takes_text(inputs: Sequence[Tensor]) -> bool:
    """Whether all that is taken is text: string [batch] each, one of each input for each example."""
    return {(tensor.dtype, len(tensor.shape)) for tensor in inputs} == {("string", 1)}


def takes_truth_values(inputs: Sequence[Tensor]) -> bool:
    """Whether the one input is bool [batch, n]."""
    return len(inputs) == 1 and inputs[0].dtype == "bool" and _sized(inputs[0], 1)


def takes_numbers(inputs: Sequence[Tensor]) -> bool:
    """Whether the one input is so many numbers each: float32 [batch, k]."""
    return len(inputs) == 1 and inputs[0].dtype == "float32" and _sized(inputs[0], 1)


def takes_pictures(inputs: Sequence[Tensor]) -> bool:
    """Whether the one input is pictures: uint8 [batch, h, w], or float32 of two values."""
    if len(inputs) != 1 or not _sized(inputs[0], 2):
        return False
    tensor = inputs[0]
    return tensor.dtype == "uint8" or (tensor.dtype == "float32" and None not in (tensor.low, tensor.high))


def words_for(inputs: Sequence[Tensor]) -> str | None:
    """What a person asks with, in words; `None` where only arrays will do."""
    if takes_text(inputs):
        return "text" if len(inputs) == 1 else f"{len(inputs)} texts at a time ({', '.join(tensor.name for tensor in inputs)})"
    if takes_truth_values(inputs):
        return f"{inputs[0].shape[1]} truth values each"
    if takes_numbers(inputs):
        return f"{inputs[0].shape[1]} numbers each"
    if takes_pictures(inputs):
        return f"pictures, brought to {inputs[0].shape[2]}×{inputs[0].shape[1]} pixels"
    return None


def _sized(tensor: Tensor, axes: int) -> bool:
    """Whether the first of its axes is that of the examples, and so many follow whose sizes are fixed."""
    return len(tensor.shape) == axes + 1 and all(isinstance(axis, int) for axis in tensor.shape[1:])
