"""How much arithmetic a node is: multiply-adds, from the shapes that it met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod

Shape = tuple[int, ...]
Count = Callable[[Sequence[Shape], Shape, Sequence[Shape]], int]
"""Shapes of the inputs that the profile saw, of the first output, and of the weights among the inputs → multiply-adds."""


def multiply_adds(operator: str, inputs: Sequence[Shape], outputs: Sequence[Shape], weights: Sequence[Shape]) -> int:
    """Multiply-adds of one execution; 0 of operators that are no products.

    Args:
        operator: its ONNX name, or that of onnxruntime's fusion of it.
        inputs: shapes as onnxruntime's profile has them: a weight that was packed for the processor is missing.
        outputs: shapes.
        weights: shapes of the inputs that are constants, in order, packed or not.
    """
    count = COUNTS.get(operator)
    return count(inputs, outputs[0], weights) if count and inputs and outputs else 0


def _matmul(inputs: Sequence[Shape], output: Shape, weights: Sequence[Shape]) -> int:
    """[..., m, k] × [..., k, n]."""
    del weights
    return prod(output) * (inputs[0][-1] if inputs[0] else 1)


def _gemm(inputs: Sequence[Shape], output: Shape, weights: Sequence[Shape]) -> int:
    """[..., m, k] × [..., k, n], either of them turned."""
    del weights
    return prod(inputs[0]) * output[-1] if output else 0


def _conv(inputs: Sequence[Shape], output: Shape, weights: Sequence[Shape]) -> int:
    """Each number of the output sums over a filter [in / groups, height, width]."""
    filters = _matrix(weights) or _matrix(inputs[1:])
    return prod(output) * prod(filters[1:]) if filters else 0


def _conv_transpose(inputs: Sequence[Shape], output: Shape, weights: Sequence[Shape]) -> int:
    """Each number of the input goes into a filter [out / groups, height, width]."""
    del output
    filters = _matrix(weights) or _matrix(inputs[1:])
    return prod(inputs[0]) * prod(filters[1:]) if filters else 0


def _recurrent(inputs: Sequence[Shape], output: Shape, weights: Sequence[Shape]) -> int:
    """[steps, batch, in]: in each step every number of both matrices [directions, gates, in] is used once for an example."""
    del output
    matrices = [shape for shape in (weights or inputs[1:3]) if len(shape) == 3]
    return prod(inputs[0][:2]) * sum(map(prod, matrices))


def _matrix(shapes: Sequence[Shape]) -> Shape | None:
    return next((shape for shape in shapes if len(shape) > 2), None)


COUNTS: Mapping[str, Count] = {
    "MatMul": _matmul,
    "FusedMatMul": _gemm,
    "MatMulInteger": _matmul,
    "DynamicQuantizeMatMul": _matmul,
    "MatMulIntegerToFloat": _matmul,
    "QLinearMatMul": _matmul,
    "Gemm": _gemm,
    "FusedGemm": _gemm,
    "QGemm": _gemm,
    "Conv": _conv,
    "FusedConv": _conv,
    "ConvInteger": _conv,
    "QLinearConv": _conv,
    "ConvTranspose": _conv_transpose,
    "GRU": _recurrent,
    "LSTM": _recurrent,
    "RNN": _recurrent,
    "DynamicQuantizeLSTM": _recurrent,
}
"""Every operator whose work is a product of matrices; what others do is little beside it."""
