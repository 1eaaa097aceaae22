"""Small graphs that say what onnxruntime itself costs: nothing to do, a chain of nodes with next to nothing to do, a product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo.runtime.manifest import Tensor

OPSET, IR_VERSION = 20, 10
"""Of the artifacts' own default, which every onnxruntime that reads them knows."""


def identity(inputs: Sequence[Tensor]) -> bytes:
    """A graph with these inputs that hands them out as they came: what is left of a call when the model is taken away."""
    from onnx import TensorProto, helper

    kinds = {"float32": "FLOAT"}
    nodes, given, made = [], [], []
    for number, tensor in enumerate(inputs):
        kind = getattr(TensorProto, kinds.get(tensor.dtype, tensor.dtype.upper()))
        given.append(helper.make_tensor_value_info(tensor.name, kind, list(tensor.shape)))
        made.append(helper.make_tensor_value_info(f"same_{number}", kind, list(tensor.shape)))
        nodes.append(helper.make_node("Identity", [tensor.name], [f"same_{number}"]))
    return _serialised(nodes, given, made)


def chain(length: int, inputs: int) -> bytes:
    """`x` float32 [1] through so many nodes of so many inputs, each the largest of what the last one made and of `x`."""
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("Max", [f"x{step}" if step else "x", *["x"] * (inputs - 1)], [f"x{step + 1}"]) for step in range(length)
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in ("x", f"x{length}")]
    return _serialised(nodes, ends[:1], ends[1:])


def product(size: int) -> bytes:
    """`x` float32 [size, size] times itself."""
    from onnx import TensorProto, helper

    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [size, size]) for name in ("x", "y")]
    return _serialised([helper.make_node("MatMul", ["x", "x"], ["y"])], ends[:1], ends[1:])


def _serialised(nodes: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any]) -> bytes:
    from onnx import helper

    graph = helper.make_graph(list(nodes), "tiny", list(inputs), list(outputs))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    content: bytes = model.SerializeToString()
    return content
