"""A smaller file: weights stored in fewer bits, arithmetic as before.

The network is rounded first, and what is exported, certified and shipped is the rounded network. So its certificate is as strict as
any: the file and PyTorch have the very same numbers. What rounding costs is measured beside it, in the task's own metric.

int8 is symmetric, a scale per row of a matrix or per filter (Krishnamoorthi 2018, arXiv 1806.08342, section 2.1). In the graph a
weight is `Cast(int8) · scale`, which onnxruntime computes once, when it loads: the speed is that of float32.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator

import numpy as np
import onnx_ir as ir
import torch
from torch import Tensor, nn

from zoo.errors import ExportError, UsageError
from zoo.runtime.manifest import PRECISIONS

LEAST = 1024
"""Numbers of a weight that is worth storing in fewer bits."""
STEPS = 127
"""Of int8, on either side of 0."""
SCALE_BITS = 16
"""Significant bits of a scale: with the seven of a step they are fewer than float32's 24, so that their product is exact."""


def check_precision(precision: str) -> None:
    """Refuse what weights cannot be stored in.

    Raises:
        UsageError: it is not one of `PRECISIONS`.
    """
    if precision not in PRECISIONS:
        raise UsageError(f"Weights cannot be stored in {precision}; it must be {', '.join(PRECISIONS[:-1])} or {PRECISIONS[-1]}.")


def rounded(module: nn.Module, precision: str) -> nn.Module:
    """A copy of a float32 module whose large weights are numbers that `precision` can store.

    Args:
        module: on the CPU.
        precision: one of `PRECISIONS`; of `"fp32"` it is the module itself.

    Raises:
        ExportError: it has no weight of `LEAST` numbers, or one that lies beyond what fp16 can hold.
    """
    if precision == "fp32":
        return module
    module = copy.deepcopy(module)
    weights = [weight for weight in module.parameters() if _is_large(weight)]
    if not weights:
        raise ExportError(
            f"No weight of this model has {LEAST:,} numbers or more, so that storing it in {precision} gains nothing."
        )
    with torch.no_grad():
        for weight in weights:
            weight.copy_(_half(weight) if precision == "fp16" else _steps(weight))
    return module


def _is_large(weight: Tensor) -> bool:
    return weight.dim() >= 2 and weight.numel() >= LEAST and weight.dtype == torch.float32


def _half(weight: Tensor) -> Tensor:
    half = weight.half().float()
    if not torch.isfinite(half).all():
        raise ExportError(f"A weight of {float(weight.abs().max()):g} is beyond what fp16 can hold (65,504).")
    return half


def _steps(weight: Tensor) -> Tensor:
    """The nearest multiples of each row's own scale, 127 of which are the row's largest number."""
    rows = weight.flatten(1)  # [rows, numbers]
    scale = _short(rows.abs().amax(1, keepdim=True) / STEPS)  # [rows, 1]
    steps = (rows / scale).round().clamp(-STEPS, STEPS)
    return (steps * scale).view_as(weight)  # [rows, …]


def _short(scale: Tensor) -> Tensor:
    """Rounded to `SCALE_BITS`; 1 in the place of 0."""
    fraction, exponent = torch.frexp(scale)
    short = torch.ldexp((fraction * 2**SCALE_BITS).round() / 2**SCALE_BITS, exponent)
    return torch.where(short > 0, short, torch.ones_like(short))


def store(model: ir.Model, precision: str) -> int:
    """Put the weights of a graph that was traced from a `rounded` module into fewer bits.

    A weight that is not made of storable numbers stays as it is.

    Args:
        model: changed in place.
        precision: one of `PRECISIONS`.

    Returns:
        Numbers that are stored in it.
    """
    if precision == "fp32":
        return 0
    graph, stored = model.graph, 0
    for name, value in list(graph.initializers.items()):
        weight = value.const_value
        if weight is None or weight.dtype != ir.DataType.FLOAT or len(weight.shape) < 2 or weight.size < LEAST:
            continue
        numbers = weight.numpy()
        nodes = list(_nodes(name, numbers, precision))
        if not nodes:
            continue
        for constant in {given for node in nodes for given in node.inputs if given is not None and given.const_value is not None}:
            graph.register_initializer(constant)
        made = nodes[-1].outputs[0]
        made.type, made.shape = value.type, value.shape
        ir.convenience.replace_all_uses_with(value, made)
        del graph.initializers[name]
        graph.insert_before(graph[0], nodes)
        stored += numbers.size
    return stored


def _nodes(name: str, weight: np.ndarray, precision: str) -> Iterator[ir.Node]:
    """Those that make the weight again, bit for bit; none where it cannot be stored so."""
    if precision == "fp16":
        with np.errstate(over="ignore"):
            half = weight.astype(np.float16)
        if np.array_equal(half.astype(np.float32), weight):
            yield _cast(name, half)
        return
    if (found := _steps_of(weight)) is None:
        return
    steps, scale = found
    cast = _cast(name, steps)
    yield cast
    yield ir.node("Mul", [cast.outputs[0], _constant(f"{name}_scale", scale)], name=f"{name}_float")


def _steps_of(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """int8 steps and float32 scales whose product is the weight; `None` where there are none.

    The exporter may have transposed a matrix or stacked several: rows are looked for along each side.
    """
    for axes in {tuple(range(1, weight.ndim)), (weight.ndim - 1,), (weight.ndim - 2,)}:
        scale = np.abs(weight).max(axis=axes, keepdims=True) / np.float32(STEPS)
        scale = np.where(scale > 0, scale, np.float32(1))
        steps = np.rint(weight / scale).astype(np.int8)
        if np.array_equal(steps * scale, weight):
            return steps, scale
    return None


def _cast(name: str, stored: np.ndarray) -> ir.Node:
    kind = "fp16" if stored.dtype == np.float16 else "int8"
    return ir.node("Cast", [_constant(f"{name}_{kind}", stored)], attributes={"to": ir.DataType.FLOAT}, name=f"{name}_cast")


def _constant(name: str, array: np.ndarray) -> ir.Value:
    tensor = ir.tensor(array, name=name)
    return ir.Value(name=name, type=ir.TensorType(tensor.dtype), shape=ir.Shape(array.shape), const_value=tensor)
