"""A graph that was traced from a network `in_bytes` → QuantizeLinear and DequantizeLinear around each of its layers.

onnxruntime makes integer kernels of a layer between the two, and bytes flow from one to the next.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from zoo.exporting.nodes import named_node, put
from zoo.exporting.static import LARGEST

MOVING = frozenset({"MaxPool", "Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Identity"})
"""Operators that choose or move numbers: of bytes they make the bytes of what they make of the numbers."""
LAYERS = frozenset({"Conv", "Gemm", "MatMul"})


def store_bytes(model: ir.Model) -> int:
    """Put the weights of all layers that take bytes into bytes, and let bytes flow between them.

    Args:
        model: traced from a network `in_bytes`; changed in place.

    Returns:
        Weights' numbers that are stored in bytes.
    """
    graph, stored, done = model.graph, 0, set[ir.Value]()
    for node in list(graph.all_nodes()):
        if node.op_type in LAYERS and _is_dequantised(node.inputs[0]):
            weight = node.inputs[1]
            assert weight is not None
            stored += 0 if weight in done else _numbers(weight).size
            done.add(weight)
            _store_layer(graph, node)
    for weight in done:
        if not weight.uses():
            del graph.initializers[str(weight.name)]
    for node in list(graph.all_nodes()):
        if node.op_type == "QuantizeLinear":
            _lift(node)
    return stored


def without_bytes(model: ir.Model) -> ir.Model:
    """A copy in which nothing that comes into a layer is rounded: the network in float32."""
    copied = model.clone()
    for node in list(copied.graph.all_nodes()):
        if node.op_type == "DequantizeLinear" and (quantise := _producer(node.inputs[0])) is not None:
            given = quantise.inputs[0]
            assert given is not None
            ir.convenience.replace_all_uses_with(node.outputs[0], given)
            for unused in (node, quantise):
                where = unused.graph
                assert where is not None
                where.remove(unused, safe=True)
    return copied


def inexact(model: ir.Model) -> str | None:
    """The layer before which numbers are rounded to bytes that come from more than sums and comparisons of steps; `None`: none.

    Float32 holds such numbers but for rounding, which may turn a byte.
    """
    for node in model.graph.all_nodes():
        if node.op_type == "QuantizeLinear" and (found := _coarse(node.inputs[0])) is not None:
            return found
    return None


def _coarse(value: ir.Value | None) -> str | None:
    """The operator from which a value is not exact; a value that no layer has made is as it is given."""
    node = _producer(value)
    if node is None or _is_dequantised(value):
        return None
    if node.op_type in LAYERS and _is_dequantised(node.inputs[0]):
        return None  # sums of whole numbers
    if node.op_type in MOVING | {"Relu"}:
        return _coarse(node.inputs[0])
    return node.op_type if node.op_type in LAYERS or _after_layer(node) else None


def _after_layer(node: ir.Node) -> bool:
    """Whether a layer is among what a node's inputs come from."""
    before = [found for value in node.inputs if (found := _producer(value)) is not None]
    return any(found.op_type in LAYERS or _after_layer(found) for found in before)


def _store_layer(graph: ir.Graph, node: ir.Node) -> None:
    """Weight and bias of a layer that takes bytes are made of whole numbers."""
    dequantise = _producer(node.inputs[0])
    assert dequantise is not None
    taken = float(_numbers(dequantise.inputs[1]))
    weight, turned = node.inputs[1], bool(node.attributes.get_int("transB", 0))
    numbers = _numbers(weight)
    axis = 0 if node.op_type == "Conv" or turned else 1
    rows = np.moveaxis(numbers, axis, 0).reshape(numbers.shape[axis], -1)  # [rows, numbers]
    held = node.inputs[2] if len(node.inputs) > 2 else None
    bias = np.zeros(len(rows), np.float32) if held is None else _numbers(held)  # [rows]
    least = np.minimum(_last_bit(rows).min(1), _last_bit(bias) / taken)  # [rows]
    scale = np.where(np.isfinite(least), least, 1).astype(np.float32)  # [rows]
    shape = [len(rows) if place == axis else 1 for place in range(numbers.ndim)]
    steps = numbers / scale.reshape(shape)
    assert np.abs(steps).max() <= LARGEST
    _replace(graph, node, 1, steps.astype(np.int8), scale, axis)
    if held is not None:
        _replace(graph, node, 2, (bias / (scale * taken)).astype(np.int32), (scale * taken).astype(np.float32), 0)


def _replace(graph: ir.Graph, node: ir.Node, place: int, steps: np.ndarray, scale: np.ndarray, axis: int) -> None:
    value = node.inputs[place]
    assert value is not None
    name = f"{node.name}_{value.name}"
    # onnxruntime makes an integer kernel of a Gemm only where the zero points, all 0, are said.
    parts = {str(steps.dtype): steps, "scale": scale, "zero": np.zeros(len(scale), steps.dtype)}
    held = [put(graph, f"{name}_{part}", array) for part, array in parts.items()]
    made = named_node("DequantizeLinear", held, f"{name}_float", axis=axis)
    made.outputs[0].type, made.outputs[0].shape = value.type, value.shape
    where = node.graph
    assert where is not None
    where.insert_before(node, made)
    node.replace_input_with(place, made.outputs[0])


def _last_bit(numbers: np.ndarray) -> np.ndarray:
    """The largest power of two of which each number is a multiple; infinite for 0."""
    fraction, exponent = np.frexp(numbers)
    whole = (fraction * 2**24).astype(np.int64)
    return np.where(whole == 0, np.inf, np.ldexp((whole & -whole).astype(np.float64), exponent - 24))


def _lift(quantise: ir.Node) -> None:
    """Round before what moves numbers rather than after it, so that bytes are moved and follow the layer that they come from. A
    ReLU is not needed where the byte of 0 is the least."""
    where = quantise.graph
    assert where is not None
    least = int(_numbers(quantise.inputs[2])) == 0
    while (node := _producer(value := quantise.inputs[0])) is not None and value is not None:
        given, taken = node.inputs[0], quantise.outputs[0]
        if len(value.uses()) > 1 or value.is_graph_output() or given is None:
            return
        if node.op_type == "Relu" and least:
            quantise.replace_input_with(0, given)
            where.remove(node, safe=True)
        elif node.op_type in MOVING:
            where.remove(quantise)
            where.insert_before(node, quantise)
            ir.convenience.replace_all_uses_with(taken, value)
            quantise.replace_input_with(0, given)
            node.replace_input_with(0, taken)
            taken.shape, value.type = given.shape, ir.TensorType(ir.DataType.UINT8)
        else:
            return


def _is_dequantised(value: ir.Value | None) -> bool:
    node = _producer(value)
    return node is not None and node.op_type == "DequantizeLinear"


def _producer(value: ir.Value | None) -> ir.Node | None:
    return None if value is None else value.producer()


def _numbers(value: ir.Value | None) -> np.ndarray:
    assert value is not None
    assert value.const_value is not None
    return value.const_value.numpy()
