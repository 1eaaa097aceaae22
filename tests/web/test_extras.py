"""What the page is given beside an artifact: parts of its graph that answer as the whole does, its layers, its examples."""

from __future__ import annotations

import io
import json
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnxruntime import InferenceSession

import zoo.runtime
from tests.artifacts import facts
from zoo.runtime.manifest import parse
from zoo.web.extras import extras

EXPORTED = Path(__file__).parents[2] / "exported"


@cache
def made(name: str) -> tuple[zoo.runtime.Model, dict[str, bytes]]:
    """A committed artifact, and what the page is given with it."""
    model = zoo.runtime.open(EXPORTED / name)
    return model, extras((EXPORTED / name / "model.onnx").read_bytes(), model.manifest, golden(name))


def golden(name: str) -> bytes:
    return (EXPORTED / name / "golden.npz").read_bytes()


def run(graph: bytes, **feeds: np.ndarray) -> dict[str, np.ndarray]:
    session = InferenceSession(graph)
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds), strict=True))


FOLDERS = sorted(path.name for path in EXPORTED.iterdir() if path.is_dir())


READ = ("autoencoder.dense-32", "seq2seq.help-pl-en.int8", "word2vec.skipgram.int8")
"""The artifacts whose panels begin with examples."""


def test_parts_are_valid_graphs():
    for name in FOLDERS:
        for part, content in made(name)[1].items():
            if part.endswith(".onnx"):
                onnx.checker.check_model(onnx.load_from_string(content))


def test_examples_are_answered():
    for name in READ:
        model, files = made(name)
        examples = json.loads(files["examples.json"])
        assert list(examples) == [tensor.name for tensor in model.inputs]
        arrays = {}
        for tensor in model.inputs:
            dtype = np.str_ if tensor.dtype == "string" else np.dtype(tensor.dtype)
            arrays[tensor.name] = np.array(examples[tensor.name], dtype)
            assert 4 <= len(arrays[tensor.name]) <= 10
        for tensor, answer in zip(model.outputs, model.answer(arrays).values(), strict=True):
            if tensor.name == "known":
                assert answer.all()
            if tensor.name == "score":
                assert (np.diff(answer) < 1e-3).all()
                assert answer[0] > -0.2


def test_an_autoencoders_decoder_is_the_half_behind_the_code():
    model, files = made("autoencoder.dense-32")
    images = np.array(json.loads(files["examples.json"])["image"], np.uint8)
    whole = model.run(image=images)
    assert np.array_equal(run(files["decoder.onnx"], code=whole["code"])["reconstruction"], whole["reconstruction"])
    other = run(files["decoder.onnx"], code=whole["code"][::-1].copy())["reconstruction"]
    assert np.array_equal(other, whole["reconstruction"][::-1])


def inputs_of(model: zoo.runtime.Model) -> np.ndarray:
    """All inputs of two values."""
    tensor = model.inputs[0]
    shape = [size for size in tensor.shape if isinstance(size, int)]
    bits = (np.arange(2 ** np.prod(shape))[:, None] >> np.arange(np.prod(shape))) & 1
    return np.where(bits, tensor.high, tensor.low).astype(tensor.dtype).reshape(-1, *shape)


@pytest.mark.parametrize("name", ["boolean.xor", "camera.hand"])
def test_a_small_networks_layers_answer_as_it_does(name):
    model, files = made(name)
    given = {model.inputs[0].name: inputs_of(model)}
    values, answer = run(files["layers.onnx"], **given), model.answer(given)
    for output in model.outputs:
        assert np.array_equal(values[output.name], answer[output.name])
    description = json.loads(files["layers.json"])
    before = values[description["given"]]
    assert np.array_equal(before, next(iter(given.values())).reshape(len(before), -1))
    functions = {
        "step": lambda sums: sums > 0,
        "tanh": np.tanh,
        "relu": lambda sums: sums.clip(0),
        "softmax": lambda sums: np.exp(sums) / np.exp(sums).sum(1, keepdims=True),
    }
    for layer in description["layers"]:
        sums = before @ np.transpose(layer["weights"]) + layer["biases"]
        np.testing.assert_allclose(values[layer["sum"]], sums, rtol=1e-6, atol=1e-6)
        before = values[layer["value"]].reshape(len(sums), -1)
        np.testing.assert_allclose(before, functions[layer["activation"]](sums), rtol=1e-6, atol=1e-6)
    final = model.outputs[-1].name
    assert description["layers"][-1]["value"] == final


def test_neighbours_of_a_vector_are_those_of_its_word():
    model, files = made("word2vec.skipgram.int8")
    words = np.array(["war", "France", "money", "zzzz"])
    whole = model.run(word=words)
    part = run(files["nearest.onnx"], word=words.astype(object), vector=whole["vector"])
    assert part["neighbours"].tolist() == whole["neighbours"].tolist()
    assert np.array_equal(part["similarity"], whole["similarity"])
    turned = run(files["nearest.onnx"], word=words[:1].astype(object), vector=-whole["vector"][:1])
    assert turned["neighbours"].tolist() != whole["neighbours"][:1].tolist()


def test_nothing_is_made_that_no_panel_reads():
    assert {name: set(made(name)[1]) for name in FOLDERS} == {
        "autoencoder.dense-32": {"decoder.onnx", "examples.json"},
        "boolean.xor": {"layers.onnx", "layers.json"},
        "camera.hand": {"layers.onnx", "layers.json"},
        "cnn.fast": set(),
        "logreg.best": set(),
        "mlp.rmsprop-2x512-dropout": set(),
        "seq2seq.help-pl-en.int8": {"examples.json"},
        "word2vec.skipgram.int8": {"nearest.onnx", "examples.json"},
    }


def written(nodes, inputs, outputs, constants=()) -> bytes:
    """A graph of opset 20."""
    graph = helper.make_graph(nodes, "g", inputs, outputs, [helper.make_tensor(*constant) for constant in constants])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    return model.SerializeToString()


def said(inputs, outputs):
    def tensor(name, dtype, *shape):
        return {"name": name, "dtype": dtype, "shape": ["batch", *shape], "meaning": "", "low": None, "high": None}

    told = facts("stranger.one") | {"inputs": [tensor(*one) for one in inputs], "outputs": [tensor(*one) for one in outputs]}
    return parse(json.dumps(told | {"classes": [], "picture": None}), where="it", embedded=True)


@pytest.mark.parametrize("skips", [False, True])
def test_a_picture_that_needs_more_than_the_code_has_no_decoder(skips):
    image = helper.make_tensor_value_info("image", TensorProto.UINT8, ["batch", 2, 2])
    code = helper.make_tensor_value_info("code", TensorProto.FLOAT, ["batch", 4])
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["float", "flat"], ["code"]),
        helper.make_node("Reshape", ["code", "square"], ["back"]),
        helper.make_node("Max", ["back", "float"] if skips else ["back"], ["most"]),
        helper.make_node("Cast", ["most"], ["picture"], to=TensorProto.UINT8),
    ]
    picture = helper.make_tensor_value_info("picture", TensorProto.UINT8, ["batch", 2, 2])
    shapes = [("flat", TensorProto.INT64, [2], [-1, 4]), ("square", TensorProto.INT64, [3], [-1, 2, 2])]
    manifest = said([("image", "uint8", 2, 2)], [("picture", "uint8", 2, 2), ("code", "float32", 4)])
    assert ("decoder.onnx" in extras(written(nodes, [image], [picture, code], shapes), manifest)) is not skips


@pytest.mark.parametrize(
    ("units", "operator", "limit", "drawn"),
    [(3, "Greater", 0.0, True), (3, "Greater", 0.5, False), (3, "Sin", None, False), (200, "Greater", 0.0, False)],
)
def test_which_networks_are_drawn(units, operator, limit, drawn):
    given = helper.make_tensor_value_info("given", TensorProto.FLOAT, ["batch", 3])
    truth = helper.make_tensor_value_info("truth", TensorProto.BOOL if limit is not None else TensorProto.FLOAT, ["batch", units])
    nodes = [
        helper.make_node("MatMul", ["given", "weights"], ["sums"]),
        helper.make_node(operator, ["sums"] if limit is None else ["sums", "limit"], ["truth"]),
    ]
    constants = [("weights", TensorProto.FLOAT, [3, units], [0.5] * 3 * units), ("limit", TensorProto.FLOAT, [], [limit or 0.0])]
    manifest = said([("given", "float32", 3)], [("truth", "bool" if limit is not None else "float32", units)])
    files = extras(written(nodes, [given], [truth], constants), manifest)
    assert set(files) == ({"layers.onnx", "layers.json"} if drawn else set())
    if drawn:
        assert json.loads(files["layers.json"])["given"] == "given"  # the graph's own input
        assert run(files["layers.onnx"], given=np.eye(3, dtype=np.float32))["sums"].tolist() == [[0.5] * 3] * 3


def test_vectors_that_cannot_be_read_are_no_examples():
    model = zoo.runtime.open(EXPORTED / "autoencoder.dense-32")
    content = (EXPORTED / model.id / "model.onnx").read_bytes()
    stream = io.BytesIO()
    np.savez(stream, **{"batch-2:in:others": np.zeros(2)})
    other = io.BytesIO()
    np.savez(other, **{"batch-2:in:image": np.zeros((2, 28, 27), np.uint8)})
    for vectors in (b"", golden(model.id)[:-30], stream.getvalue(), other.getvalue()):
        assert "examples.json" not in extras(content, model.manifest, vectors)
