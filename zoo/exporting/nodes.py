"""Nodes and constants that are put into a traced graph."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx_ir as ir

from zoo.graph import CLASSES, SCOPES


def is_linear(node: ir.Node) -> bool:
    """Whether a traced node is a linear layer, or a call of `torch.nn.functional.linear`, and no part of `nn.MultiheadAttention`,
    in which nothing can be rounded from outside."""
    *inside, last = _scopes(node, CLASSES)
    return last == "aten.linear.default" and not any(name.endswith(".MultiheadAttention") for name in inside)


def layer_of(node: ir.Node) -> str:
    """The layer that a traced node lies in, by its name in the network."""
    *inside, _ = _scopes(node, SCOPES)
    return f"The layer {inside[-1]}" if inside and inside[-1] else "The network itself"


def _scopes(node: ir.Node, key: str) -> list[str]:
    found: list[str] = ast.literal_eval(node.metadata_props.get(key, "['']"))
    return found


def named_node(operator: str, inputs: Sequence[ir.Value | None], name: str, **attributes: Any) -> ir.Node:
    """A node whose output has its name: one that a graph gives may not be new in the graph around it."""
    return ir.node(operator, inputs, attributes=attributes, name=name, outputs=[ir.Value(name=name)])


def constant(tensor: ir.TensorProtocol) -> ir.Value:
    """A value that is known, of the tensor's name."""
    shape = ir.Shape(tensor.shape.numpy())
    return ir.Value(name=tensor.name, type=ir.TensorType(tensor.dtype), shape=shape, const_value=tensor)


def keep(graph: ir.Graph, tensor: ir.TensorProtocol) -> ir.Value:
    """`constant`, held by a graph."""
    value = constant(tensor)
    graph.register_initializer(value)
    return value


def put(graph: ir.Graph, name: str, array: np.ndarray) -> ir.Value:
    """`keep`, of an array."""
    return keep(graph, ir.tensor(array, name=name))
