"""A small network's inside: a copy of its graph that also answers with what every unit adds up and gives, and its weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import onnx_ir as ir

LARGEST = 500
"""Weights and biases of a network that can still be drawn."""
SHAPES = {"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"}
"""Operators that leave values what they are."""
SCALES = {"Add", "Div", "Mul", "Sub"}
"""Operators that may bring a raw input into a network's range."""
ACTIVATIONS = {"Elu", "HardSigmoid", "LeakyRelu", "Relu", "Selu", "Sigmoid", "Softmax", "Softplus", "Tanh"}


def layers(model: ir.Model) -> dict[str, bytes]:
    """`layers.onnx` and `layers.json` of a chain of dense layers with at most `LARGEST` numbers; of anything else nothing.

    `layers.onnx` has the model's inputs and outputs, and as further outputs the values that `layers.json` names: `given`, what
    the first layer reads, [batch, inputs], and of each of the `layers` its `sum` and its `value` after the `activation`,
    [batch, units]. `weights` are [units][inputs], `biases` [units]; a `step` is 1 above 0.
    """
    found = _chain(model.graph)
    if found is None:
        return {}
    given, described = found
    inputs, outputs = ([str(value.name) for value in values] for values in (model.graph.inputs, model.graph.outputs))
    inside = [given, *(layer[key] for layer in described for key in ("sum", "value"))]
    added = [name for name in dict.fromkeys(inside) if name not in (*inputs, *outputs)]
    return {
        "layers.onnx": part(model, inputs, [*outputs, *added]),
        "layers.json": json.dumps({"given": given, "layers": described}).encode(),
    }


def part(model: ir.Model, inputs: Sequence[str], outputs: Sequence[str]) -> bytes:
    """The part of a graph between values that are named.

    Raises:
        ValueError: the outputs need more than these inputs, or less.
    """
    import onnx_ir as ir

    graph = ir.convenience.extract(model.graph, inputs, outputs)
    if not all(value.uses() for value in graph.inputs):
        raise ValueError(f"{', '.join(outputs)} can be computed of fewer inputs than {', '.join(inputs)}")
    cut = ir.Model(graph, ir_version=model.ir_version, functions=tuple(model.functions.values()))
    return bytes(ir.to_proto(cut).SerializeToString())


def _chain(graph: ir.Graph) -> tuple[str, list[dict[str, Any]]] | None:
    """What the first layer reads and the layers, or `None` where the graph is no such chain."""
    if len(graph.inputs) != 1 or sum(_size(value) for value in graph.initializers.values()) > LARGEST:
        return None
    current, given, found = graph.inputs[0], "", list[dict[str, Any]]()
    for node in graph:
        if [value for value in node.inputs if value is not None and value.const_value is None] != [current]:
            return None
        before, current = current, node.outputs[0]
        if node.op_type in {"Gemm", "MatMul"}:
            dense = _dense(node)
            if dense is None:
                return None
            if found:
                found[-1]["value"] = before.name
            given = given or str(before.name)
            found.append({"sum": current.name, "value": None, "activation": "", **dense})
        elif found and (activation := _activation(node)):
            found[-1]["activation"] = f"{found[-1]['activation']} {activation}".strip()
        elif node.op_type not in (SHAPES if found else SHAPES | SCALES):
            return None
        if found and current.is_graph_output():  # what follows is made of the answer: a label of probabilities
            found[-1]["value"] = current.name
            return given, found
    return None


def _dense(node: ir.Node) -> dict[str, Any] | None:
    """Weights [units][inputs] and biases [units] of a layer, or `None` where they are no constants."""
    _, weight, *rest = node.inputs
    if weight is None or weight.const_value is None:
        return None
    if any(node.attributes.get_float(name, 1.0) != 1.0 for name in ("alpha", "beta")) or node.attributes.get_int("transA", False):
        return None
    weights = weight.const_value.numpy().astype(np.float64)
    if weights.ndim != 2:
        return None
    if not node.attributes.get_int("transB", False):
        weights = weights.T  # [units, inputs]
    biases = np.zeros(len(weights))
    if rest and rest[0] is not None and rest[0].const_value is not None:
        biases += rest[0].const_value.numpy().ravel()  # [units]
    return {"weights": weights.tolist(), "biases": biases.tolist()}


def _activation(node: ir.Node) -> str:
    """Its name; none where the operator is no activation, or compares with anything but a constant of zeros."""
    if node.op_type in ACTIVATIONS:
        return node.op_type.lower()
    limit = node.inputs[1] if node.op_type == "Greater" else None
    return "step" if limit is not None and limit.const_value is not None and not limit.const_value.numpy().any() else ""


def _size(value: ir.Value) -> int:
    return 0 if value.const_value is None or value.const_value.dtype.is_string() else value.const_value.size
