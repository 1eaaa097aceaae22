"""More small true artifacts: numbers in, numbers out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from tests.artifacts import facts, write_artifact


def numbers_artifact(folders: Path, *, wide: int = 0) -> Path:
    """`code` = 2 × `values`, float32 [batch, 3]; with `wide`, by way of so many floats more for each example."""
    nodes = [helper.make_node("Mul", ["values", "two"], ["code"])]
    constants = {"two": np.float32(2)}
    if wide:
        nodes = [
            helper.make_node("MatMul", ["values", "spread"], ["many"]),
            helper.make_node("Relu", ["many"], ["kept"]),
            helper.make_node("ReduceMax", ["kept", "axes"], ["most"], keepdims=1),
            helper.make_node("Mul", ["values", "two"], ["twice"]),
            helper.make_node("Mul", ["most", "none"], ["nothing"]),
            helper.make_node("Add", ["twice", "nothing"], ["code"]),
        ]
        constants |= {"spread": np.ones((3, wide), np.float32), "axes": np.array([1]), "none": np.float32(0)}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("values", TensorProto.FLOAT, ["batch", 3])],
        [helper.make_tensor_value_info("code", TensorProto.FLOAT, ["batch", 3])],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    tensor = {"dtype": "float32", "shape": ["batch", 3], "meaning": "three numbers", "low": None, "high": None}
    said = facts("numbers.twice") | {"classes": [], "picture": None}
    said |= {"inputs": [{"name": "values", **tensor}], "outputs": [{"name": "code", **tensor}]}
    return write_artifact(folders, "numbers.twice", graph=model, said=said)
