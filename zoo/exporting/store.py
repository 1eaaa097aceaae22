"""Weights of a traced graph in fewer bits: `Cast(int8) · scale`, which onnxruntime computes once, when it loads."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir

from zoo.exporting.precision import LEAST, STEPS
from zoo.exporting.products import named_node, product_constants, product_nodes, product_of
from zoo.runtime.manifest import DYNAMIC


def store(model: ir.Model, precision: str) -> int:
    """Put the weights of a graph that was traced from a `rounded` module into fewer bits.

    A weight that is not made of storable numbers stays as it is. Of `"int8-dynamic"` matrix products are of whole numbers, too.

    Args:
        model: changed in place.
        precision: one of `PRECISIONS`.

    Returns:
        Numbers that are stored in fewer bits.
    """
    if precision == "fp32":
        return 0
    graph, stored = model.graph, 0
    shared = {name: _constant(f"products_{name}", array) for name, array in product_constants().items()}
    for name, value in list(graph.initializers.items()):
        weight = value.const_value
        if weight is None or weight.dtype != ir.DataType.FLOAT or len(weight.shape) < 2 or weight.size < LEAST:
            continue
        if value.is_graph_output():
            continue
        numbers = weight.numpy()
        parts = _half(numbers) if precision == "fp16" else _steps(numbers)
        if parts is None:
            continue
        few, scale = parts
        held = _put(graph, f"{name}_{few.dtype}", few)
        if precision == DYNAMIC and scale is not None:
            _replace_products(graph, value, held, scale, shared)
        if value.uses():
            _replace_by_float(graph, value, held, scale)
        del graph.initializers[name]
        stored += numbers.size
    for constant in shared.values():
        if constant.uses():
            graph.register_initializer(constant)
    return stored


def _half(weight: np.ndarray) -> tuple[np.ndarray, None] | None:
    with np.errstate(over="ignore"):
        half = weight.astype(np.float16)
    return (half, None) if np.array_equal(half.astype(np.float32), weight) else None


def _steps(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """int8 steps and float32 scales whose product is the weight, bit for bit; `None` where there are none.

    The exporter may have transposed a matrix or stacked several: rows are looked for along each side.
    """
    for axes in (tuple(range(1, weight.ndim)), (weight.ndim - 1,), (weight.ndim - 2,)):
        scale = np.abs(weight).max(axis=axes, keepdims=True) / np.float32(STEPS)
        scale = np.where(scale > 0, scale, np.float32(1))
        steps = np.rint(weight / scale).astype(np.int8)
        if np.array_equal(steps * scale, weight):
            return steps, scale
    return None


def _replace_by_float(graph: ir.Graph, weight: ir.Value, held: ir.Value, scale: np.ndarray | None) -> None:
    """The float weight is made of what is held, before all other nodes."""
    nodes = [named_node("Cast", [held], f"{weight.name}_cast", to=ir.DataType.FLOAT)]
    if scale is not None:
        nodes.append(named_node("Mul", [nodes[0].outputs[0], _put(graph, f"{weight.name}_scale", scale)], f"{weight.name}_float"))
    made = nodes[-1].outputs[0]
    made.type, made.shape = weight.type, weight.shape
    ir.convenience.replace_all_uses_with(weight, made)
    graph.insert_before(graph[0], nodes)


def _replace_products(graph: ir.Graph, weight: ir.Value, held: ir.Value, scale: np.ndarray, shared: Mapping[str, ir.Value]) -> None:
    """Matrix products with the weight become such of whole numbers."""
    laid: dict[bool, ir.Value] = {False: held}
    scales: ir.Value | None = None
    for node, place in list(weight.uses()):
        turned = product_of(node, place, scale)
        if turned is None:
            continue
        if turned not in laid:
            turn = named_node("Transpose", [held], f"{weight.name}_turned", perm=[1, 0])
            graph.insert_before(graph[0], [turn])
            laid[turned] = turn.outputs[0]
        scales = scales or _put(graph, f"{weight.name}_scales", scale.reshape(1, -1))
        nodes = product_nodes(node, laid[turned], scales, shared, graph.opset_imports[""])
        where = node.graph
        assert where is not None
        ir.convenience.replace_nodes_and_values(where, node, [node], nodes, node.outputs, nodes[-1].outputs)


def _put(graph: ir.Graph, name: str, array: np.ndarray) -> ir.Value:
    value = _constant(name, array)
    graph.register_initializer(value)
    return value


def _constant(name: str, array: np.ndarray) -> ir.Value:
    tensor = ir.tensor(array, name=name)
    return ir.Value(name=name, type=ir.TensorType(tensor.dtype), shape=ir.Shape(array.shape), const_value=tensor)
