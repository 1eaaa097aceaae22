"""The short way says what the long way says, or leaves it to it."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zoo.runtime
from tests.artifacts import digit_graph, example_images, example_pixels, facts, write_artifact
from zoo.errors import UsageError, ZooError
from zoo.runtime.manifest import Tensor
from zoo.runtime.quick import quick
from zoo.runtime.tensors import checked


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> zoo.runtime.Model:
    return zoo.runtime.open(write_artifact(tmp_path_factory.mktemp("quick")))


@pytest.mark.parametrize("camera", [False, True])
@pytest.mark.parametrize("count", [1, 2, 64])
def test_short_and_long_way_agree(tmp_path: Path, camera: bool, count: int) -> None:
    model = zoo.runtime.open(write_artifact(tmp_path, camera=camera))
    arrays = {"pixels": example_pixels(count)} if camera else {"image": example_images(count)}
    short, long = model._quick(arrays), model.answer(arrays, batch=count)
    assert short is not None
    assert list(short) == list(long) == ["label", "probabilities"]
    for name, value in long.items():
        assert short[name].dtype == value.dtype
        np.testing.assert_array_equal(short[name], value)
    for answer in (model.answer(arrays), model.run(**arrays)):
        np.testing.assert_array_equal(answer["probabilities"], short["probabilities"])


DTYPES = ("uint8", "int8", "uint16", "int64", "float32", ">f4", "bool", "object", "U1")
SHAPES = ((1, 28, 28), (3, 28, 28), (0, 28, 28), (28, 28), (1, 28, 27), (1, 1, 28, 28), (784,), ())
LAYOUTS = {
    "as it is": lambda array: array,
    "by columns": np.asfortranarray,
    "backwards": lambda array: array[::-1] if array.ndim else array,
    "subclass": lambda array: array.view(np.ma.MaskedArray),
    "list": lambda array: array.tolist(),
}
MAPPINGS = {
    "dict": lambda array: {"image": array},
    "another name": lambda array: {"imgae": array},
    "one too many": lambda array: {"image": array, "more": array},
    "none": lambda _: {},
    "no dict": lambda array: MappingProxyType({"image": array}),
}


@given(st.sampled_from(DTYPES), st.sampled_from(SHAPES), st.sampled_from(sorted(LAYOUTS)), st.sampled_from(sorted(MAPPINGS)))
def test_it_never_takes_what_the_long_way_refuses_or_changes(
    model: zoo.runtime.Model, dtype: str, shape: tuple[int, ...], layout: str, mapping: str
) -> None:
    arrays = MAPPINGS[mapping](LAYOUTS[layout](np.zeros(shape, dtype)))
    if model._quick(arrays) is not None:
        assert checked(model.id, model.inputs, arrays)["image"] is arrays["image"]
        assert len(arrays["image"])


def test_it_takes_what_a_deployment_sends(model: zoo.runtime.Model) -> None:
    """Or it would be of no use, and nothing would tell."""
    assert model._quick({"image": np.zeros((1, 28, 28), np.uint8)}) is not None
    assert model._quick({"image": example_images(5)[1:]}) is not None  # a view that is contiguous


def test_onnxruntime_has_what_it_calls(model: zoo.runtime.Model) -> None:
    """A private name: where a version of onnxruntime drops it, this tells that calls became 2 µs slower, and all else goes on."""
    assert callable(model.session._sess.run)
    wrapped = SimpleNamespace(run=model.session.run)
    answer = quick(wrapped, model.inputs, model.outputs)({"image": example_images(2)})  # type: ignore[arg-type]
    assert answer is not None
    np.testing.assert_array_equal(answer["probabilities"], model.run(image=example_images(2))["probabilities"])


def test_fixed_number_of_examples(tmp_path: Path) -> None:
    graph, said = digit_graph(), facts()
    for value in (*graph.graph.input, *graph.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 5
    for tensor in (*said["inputs"], *said["outputs"]):
        tensor["shape"][0] = 5
    model = zoo.runtime.open(write_artifact(tmp_path, graph=graph, said=said))
    assert model._quick({"image": example_images(5)}) is not None
    assert model._quick({"image": example_images(4)}) is None
    with pytest.raises(UsageError, match=r"takes shape \[5, 28, 28\], not \[4, 28, 28\]"):
        model.run(image=example_images(4))


@pytest.mark.parametrize(
    "tensors",
    [
        [Tensor(name="text", dtype="string", shape=("batch",), meaning="")],
        [Tensor(name="one", dtype="float32", shape=(), meaning="")],
        [Tensor(name="words", dtype="int64", shape=("batch", "length"), meaning="")],
        [Tensor(name=name, dtype="float32", shape=("batch",), meaning="") for name in "ab"],
    ],
    ids=lambda tensors: ", ".join(map(str, tensors)),
)
def test_signatures_without_a_short_way(model: zoo.runtime.Model, tensors: list[Tensor]) -> None:
    answer = quick(model.session, tensors, model.outputs)
    assert answer({tensor.name: np.zeros([1] * len(tensor.shape), np.float32) for tensor in tensors}) is None


def test_failure_is_explained_by_the_long_way(model: zoo.runtime.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> list[np.ndarray]:
        raise RuntimeError("[ONNXRuntimeError] : 1 : FAIL : no memory.")

    broken = SimpleNamespace(run=fails)
    monkeypatch.setattr(model, "session", broken)
    monkeypatch.setattr(model, "_quick", quick(broken, model.inputs, model.outputs))  # type: ignore[arg-type]
    with pytest.raises(ZooError, match=r"cnn\.fast could not answer: no memory\.$"):
        model.run(image=example_images(1))
