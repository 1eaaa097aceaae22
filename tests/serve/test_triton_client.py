"""The client that others use, on what is committed: what it is told, and answers equal to those of `Model.answer`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.serve.conftest import DAMAGED, EXPORTED
from zoo.runtime.artifact import list_artifacts
from zoo.runtime.manifest import Tensor
from zoo.serve.models import Models
from zoo.serve.tensors import DATATYPES

NAMES = list(list_artifacts([EXPORTED]))
TEXTS = ("Kliknij przycisk, aby otworzyć okno.", "king", "", "Ż\n\tü 漢字 🙂", "nothing of the kind")


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[triton.InferenceServerClient]:
    with triton.InferenceServerClient(address, network_timeout=30) as found:
        yield found


def example(tensor: Tensor, count: int) -> np.ndarray:
    """Any array that fits."""
    rng = np.random.default_rng(0)
    shape = [count if isinstance(axis, str) else axis for axis in tensor.shape]
    if tensor.dtype == "string":
        return np.resize(np.array(TEXTS, dtype=object), shape)
    if tensor.dtype == "float32":
        return rng.choice(np.array([-1, 1], np.float32), shape)
    return rng.integers(0, 256 if tensor.dtype == "uint8" else 2, shape).astype(tensor.dtype)


def asked(tensor: Tensor, array: np.ndarray, *, binary: bool) -> triton.InferInput:
    given = triton.InferInput(tensor.name, list(array.shape), DATATYPES[tensor.dtype])
    given.set_data_from_numpy(array, binary_data=binary)
    return given


def same(found: np.ndarray, expected: np.ndarray) -> bool:
    if expected.dtype.kind == "U":
        decoded = [item.decode() if isinstance(item, bytes) else item for item in found.ravel().tolist()]
        return found.shape == expected.shape and decoded == expected.ravel().tolist()
    return found.dtype == expected.dtype and np.array_equal(found, expected)


def test_the_server_says_what_it_is(client):
    assert client.is_server_live()
    assert not client.is_server_ready()  # for one of its models is damaged
    told = client.get_server_metadata()
    assert told["name"] == "zoo"
    assert told["extensions"] == ["binary_tensor_data", "model_repository"]


@pytest.mark.parametrize("name", NAMES)
def test_a_model_says_what_it_takes(client, models: Models, name):
    model = models.get(name)
    told = client.get_model_metadata(name)
    assert client.is_model_ready(name)
    assert client.is_model_ready(name, "1")
    assert (told["name"], told["versions"], told["platform"]) == (name, ["1"], "onnxruntime_onnx")
    for kind in ("inputs", "outputs"):
        assert [(tensor["name"], tensor["datatype"], tensor["shape"]) for tensor in told[kind]] == [
            (tensor.name, DATATYPES[tensor.dtype], [-1 if isinstance(axis, str) else axis for axis in tensor.shape])
            for tensor in getattr(model, kind)
        ]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("sent", "taken"), [(True, True), (True, False), (False, True), (False, False)])
def test_answers_are_those_of_the_model(client, models: Models, name, sent, taken):
    model = models.get(name)
    arrays = {tensor.name: example(tensor, 5) for tensor in model.inputs}
    expected = model.answer(arrays)
    inputs = [asked(tensor, arrays[tensor.name], binary=sent) for tensor in model.inputs]
    outputs = [triton.InferRequestedOutput(tensor.name, binary_data=taken) for tensor in model.outputs]
    result = client.infer(name, inputs, outputs=outputs, request_id="17")
    assert (result.get_response()["id"], result.get_response()["model_name"]) == ("17", name)
    for output, values in expected.items():
        assert same(result.as_numpy(output), values)


@pytest.mark.parametrize("name", NAMES)
def test_all_outputs_come_in_binary_where_none_is_named_and_no_examples_have_no_answers(client, models: Models, name):
    model = models.get(name)
    arrays = {tensor.name: example(tensor, 0) for tensor in model.inputs}
    result = client.infer(name, [asked(tensor, arrays[tensor.name], binary=True) for tensor in model.inputs])
    assert [output["name"] for output in result.get_response()["outputs"]] == [tensor.name for tensor in model.outputs]
    for output, values in model.answer(arrays).items():
        assert result.as_numpy(output).shape == values.shape


def test_many_examples_are_asked_in_pieces_and_answered_as_one(client, models: Models):
    model = models.get("cnn.fast")
    images = example(model.inputs[0], 300)
    result = client.infer("cnn.fast", [asked(model.inputs[0], images, binary=True)])
    expected = model.answer({"image": images}, batch=83)
    np.testing.assert_allclose(result.as_numpy("probabilities"), expected["probabilities"], rtol=1e-6)
    assert same(result.as_numpy("label"), expected["label"])


def test_one_output_alone(client, models: Models):
    model = models.get("word2vec.skipgram.int8")
    word = asked(model.inputs[0], np.array(["king"], dtype=object), binary=True)
    result = client.infer(model.id, [word], outputs=[triton.InferRequestedOutput("neighbours")])
    assert [output["name"] for output in result.get_response()["outputs"]] == ["neighbours"]
    assert result.as_numpy("neighbours").shape == (1, 10)


def test_the_index_has_all_models_and_why_one_is_not_ready(client):
    index = {row["name"]: row for row in client.get_model_repository_index()}
    assert list(index) == [*NAMES, DAMAGED]
    assert {row["state"] for name, row in index.items() if name != DAMAGED} == {"READY"}
    assert index[DAMAGED]["state"] == "UNAVAILABLE"
    assert "SHA-256" in index[DAMAGED]["reason"]
    assert not client.is_model_ready(DAMAGED)


IMAGE = Tensor(name="image", dtype="uint8", shape=("batch", 28, 28), meaning="")
PICTURE = asked(IMAGE, np.zeros((1, 28, 28), np.uint8), binary=True)
FLOATS = asked(replace(IMAGE, dtype="float32"), np.zeros((1, 28, 28), np.float32), binary=True)


@pytest.mark.parametrize(
    ("name", "given", "status", "said"),
    [
        ("cnn.fist", PICTURE, "404", "did you mean cnn.fast?"),
        (DAMAGED, PICTURE, "503", "was changed or damaged"),
        (
            "cnn.fast",
            asked(IMAGE, np.zeros((1, 28, 27), np.uint8), binary=True),
            "400",
            "takes shape [-1, 28, 28], not [1, 28, 27]",
        ),
        ("cnn.fast", FLOATS, "400", "takes UINT8, not 'FP32'"),
        ("cnn.fast", triton.InferInput("picture", [1, 28, 28], "UINT8"), "400", "There is no input called 'picture'"),
        ("boolean.xor", triton.InferInput("inputs", [1, 2], "BOOL"), "400", "neither data nor a binary_data_size"),
    ],
)
def test_errors_say_what_is_wrong(client, name, given, status, said):
    with pytest.raises(InferenceServerException) as caught:
        client.infer(name, [given])
    assert caught.value.status() == status
    assert said in caught.value.message()


@pytest.mark.parametrize(
    ("call", "status", "said"),
    [
        (lambda client: client.get_model_metadata("cnn.fast", "2"), "404", "There is no version of cnn.fast called '2'"),
        (lambda client: client.load_model("cnn.fast"), "400", "Models are loaded when the server starts"),
        (lambda client: client.get_model_config("cnn.fast"), "404", "There is no GET /v2/models/cnn.fast/config"),
        (lambda client: client.infer("cnn.fast", []), "400", "cnn.fast also needs image"),
    ],
)
def test_what_it_cannot_do_it_says(client, call, status, said):
    with pytest.raises(InferenceServerException) as caught:
        call(client)
    assert caught.value.status() == status
    assert said in caught.value.message()
