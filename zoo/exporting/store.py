"""Weights of a traced graph in fewer bits: `Cast(int8) · scale`, which onnxruntime computes once, when it loads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx_ir as ir

from zoo.errors import ExportError
from zoo.exporting.nodes import constant, is_linear, layer_of, named_node, put
from zoo.exporting.precision import LEAST, STEPS
from zoo.exporting.products import product_constants, product_nodes, product_of
from zoo.exporting.qdq import store_bytes
from zoo.runtime.manifest import DYNAMIC, STATIC


def store(model: ir.Model, precision: str) -> int:
    """Put the weights of a graph that was traced from a `rounded` module into fewer bits.

    A weight that is not made of storable numbers stays as it is. Of `"int8-dynamic"` matrix products are of whole numbers, too.

    Args:
        model: changed in place.
        precision: one of `PRECISIONS`.

    Returns:
        Numbers that are stored in fewer bits.

    Raises:
        ExportError: of `"int8-dynamic"`, a linear layer cannot be multiplied in whole numbers, as its twin in PyTorch is.
    """
    if precision == "fp32":
        return 0
    if precision == STATIC:
        return store_bytes(model)
    graph, stored = model.graph, 0
    shared = {name: constant(ir.tensor(array, name=f"products_{name}")) for name, array in product_constants().items()}
    for name, value in list(graph.initializers.items()):
        weight = value.const_value
        if weight is None or weight.dtype != ir.DataType.FLOAT or len(weight.shape) < 2 or weight.size < LEAST:
            continue
        if value.is_graph_output():
            continue
        numbers = weight.numpy()
        parts = _half(numbers) if precision == "fp16" else _steps(numbers)
        if parts is None:
            if precision == DYNAMIC:
                _check_rest(value)
            continue
        few, scale = parts
        held = put(graph, f"{name}_{few.dtype}", few)
        if precision == DYNAMIC and scale is not None:
            _replace_products(graph, value, held, scale, shared)
            _check_rest(value)
        if value.uses():
            _replace_by_float(graph, value, held, scale)
        del graph.initializers[name]
        stored += numbers.size
    for known in shared.values():
        if known.uses():
            graph.register_initializer(known)
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
        nodes.append(named_node("Mul", [nodes[0].outputs[0], put(graph, f"{weight.name}_scale", scale)], f"{weight.name}_float"))
    made = nodes[-1].outputs[0]
    made.type, made.shape = weight.type, weight.shape
    ir.convenience.replace_all_uses_with(weight, made)
    graph.insert_before(graph[0], nodes)


def _replace_products(graph: ir.Graph, weight: ir.Value, held: ir.Value, scale: np.ndarray, shared: Mapping[str, ir.Value]) -> None:
    """Matrix products with the weight become such of whole numbers."""
    laid: dict[bool, ir.Value] = {False: held}
    scales: ir.Value | None = None
    for node, turned in list(_products(weight, scale)):
        if turned not in laid:
            turn = named_node("Transpose", [held], f"{weight.name}_turned", perm=[1, 0])
            graph.insert_before(graph[0], [turn])
            laid[turned] = turn.outputs[0]
        scales = scales or put(graph, f"{weight.name}_scales", scale.reshape(1, -1))
        nodes = product_nodes(node, laid[turned], scales, shared, graph.opset_imports[""])
        where = node.graph
        assert where is not None
        ir.convenience.replace_nodes_and_values(where, node, [node], nodes, node.outputs, nodes[-1].outputs)
    for node, _ in list(weight.uses()):
        if node.op_type == "Transpose" and not node.outputs[0].uses():
            assert node.graph is not None
            node.graph.remove(node, safe=True)


def _products(weight: ir.Value, scale: np.ndarray) -> Iterator[tuple[ir.Node, bool]]:
    """The products with a weight that can be made of whole numbers, and whether it lies there as [outputs, inputs]. A weight that
    is used both ways round is transposed in the graph."""
    for node, place in weight.uses():
        if node.op_type == "Transpose" and scale.ndim == 2:
            yield from ((product, not turned) for product, turned in _products(node.outputs[0], scale.T))
        elif (turned := product_of(node, place, scale)) is not None:
            yield node, turned


def _check_rest(weight: ir.Value) -> None:
    """Refuse a linear layer that is left in float32, since its twin rounds what comes in."""
    for node, _ in weight.uses():
        if node.op_type == "Transpose":
            _check_rest(node.outputs[0])
        elif is_linear(node):
            raise ExportError(
                f"{layer_of(node)} cannot be multiplied in whole numbers: the exporter has made another weight of its own "
                f"({node.op_type} with {list(weight.shape or ())}); --precision int8 can store it."
            )
