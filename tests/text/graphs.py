"""Graphs of a vocabulary alone, run by onnxruntime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime

from zoo.exporting.text import TEXT_OPSET, decode_nodes, encode_nodes
from zoo.text import Encoded, Vocabulary


def _model(inputs: list[ir.Value], opset: int) -> ir.Model:
    return ir.Model(ir.Graph(inputs, [], nodes=[], opset_imports={"": opset}, name="text"), ir_version=9)


def _value(name: str, dtype: ir.DataType, *shape: str) -> ir.Value:
    return ir.Value(name=name, type=ir.TensorType(dtype), shape=ir.Shape(shape))


def front(vocabulary: Vocabulary, opset: int = TEXT_OPSET) -> onnx.ModelProto:
    """`text` → ids, lengths, words."""
    text = _value("text", ir.DataType.STRING, "batch")
    model = _model([text], opset)
    model.graph.outputs.extend(encode_nodes(model.graph, text, vocabulary).values())
    return _checked(model)


def back(vocabulary: Vocabulary, opset: int = TEXT_OPSET) -> onnx.ModelProto:
    """`tokens`, `copied`, `words` → translation."""
    tokens = _value("tokens", ir.DataType.INT64, "batch", "time")
    copied = _value("copied", ir.DataType.INT64, "batch", "time")
    words = _value("words", ir.DataType.STRING, "batch", "length")
    model = _model([tokens, copied, words], opset)
    model.graph.outputs.append(decode_nodes(model.graph, tokens, copied, words, vocabulary))
    return _checked(model)


def _checked(model: ir.Model) -> onnx.ModelProto:
    proto = ir.to_proto(model)
    onnx.checker.check_model(proto, full_check=True)
    return proto


def session(proto: onnx.ModelProto, **options: Any) -> onnxruntime.InferenceSession:
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = 1
    for name, value in options.items():
        setattr(settings, name, value)
    return onnxruntime.InferenceSession(proto.SerializeToString(), settings, providers=["CPUExecutionProvider"])


def encoded(run: onnxruntime.InferenceSession, texts: list[str]) -> Encoded:
    return Encoded(*run.run(["ids", "lengths", "words"], {"text": np.array(texts, object)}))


def same(first: Encoded, second: Encoded) -> bool:
    return all(
        one.shape == other.shape and one.tolist() == other.tolist() and one.dtype == other.dtype
        for one, other in zip(first, second, strict=True)
    )
