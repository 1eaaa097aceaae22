"""A model of text for tests of what is around it: it puts a sentence in brackets and counts its words. No torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from tests.artifacts import facts, write_artifact


def bracket_graph() -> onnx.ModelProto:
    """`text` string [batch] → `translation` string [batch], `score` float32 [batch]."""
    nodes = [
        helper.make_node("StringConcat", ["open", "text"], ["opened"]),
        helper.make_node("StringConcat", ["opened", "close"], ["translation"]),
        helper.make_node("StringSplit", ["text"], ["words", "count"]),
        helper.make_node("Cast", ["count"], ["score"], to=TensorProto.FLOAT),
    ]
    constants = {"open": np.array(["<"], object), "close": np.array([">"], object)}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("text", TensorProto.STRING, ["batch"])],
        [
            helper.make_tensor_value_info("translation", TensorProto.STRING, ["batch"]),
            helper.make_tensor_value_info("score", TensorProto.FLOAT, ["batch"]),
        ],
        [numpy_helper.from_array(value, key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    return model


def text_facts(name: str = "brackets.plain") -> dict[str, Any]:
    """What the manifest says."""
    return facts(name) | {
        "inputs": [{"name": "text", "dtype": "string", "shape": ["batch"], "meaning": "a sentence"}],
        "outputs": [
            {"name": "translation", "dtype": "string", "shape": ["batch"], "meaning": "the sentence in brackets"},
            {"name": "score", "dtype": "float32", "shape": ["batch"], "meaning": "its words"},
        ],
        "classes": [],
        "picture": None,
    }


def write_text_artifact(folders: Path) -> Path:
    """Write `folders/brackets.plain/` and return it."""
    return write_artifact(folders, "brackets.plain", graph=bracket_graph(), said=text_facts())
