"""The short way says what the long way says, or leaves it to it."""

from __future__ import annotations

from collections.abc import Mapping
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


def short_way(model: zoo.runtime.Model, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray] | None:
    """The answer, where it comes by the short way."""

    def turn_back(*_: object) -> None:
        raise LookupError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zoo.runtime.model, "checked", turn_back)  # the first step of the long way
        try:
            return model.answer(arrays)
        except LookupError:
            return None


@pytest.mark.parametrize("camera", [False, True])
@pytest.mark.parametrize("count", [1, 2, 64])
def test_short_and_long_way_agree(tmp_path: Path, camera: bool, count: int) -> None:
    model = zoo.runtime.open(write_artifact(tmp_path, camera=camera))
    arrays = {"pixels": example_pixels(count)} if camera else {"image": example_images(count)}
    short, long = short_way(model, arrays), model.answer(arrays, batch=count)
    assert short is not None
    assert list(short) == list(long) == ["label", "probabilities"]
    for name, value in long.items():
        assert short[name].dtype == value.dtype
        np.testing.assert_array_equal(short[name], value)
        np.testing.assert_array_equal(model.run(**arrays)[name], value)


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
    if short_way(model, arrays) is not None:
        assert checked(model.id, model.inputs, arrays)["image"] is arrays["image"]
        assert len(arrays["image"])


def test_it_takes_what_a_deployment_sends(model: zoo.runtime.Model) -> None:
    """Or it would be of no use, and nothing would tell."""
    assert short_way(model, {"image": np.zeros((1, 28, 28), np.uint8)}) is not None
    assert short_way(model, {"image": example_images(5)[1:]}) is not None  # a view that is contiguous


def test_onnxruntime_has_what_it_calls(model: zoo.runtime.Model) -> None:
    """A private name: where a version of onnxruntime drops it, this tells that calls became 2 µs slower, and all else goes on."""
    assert model._quick.run == model.session._sess.run
    wrapper = SimpleNamespace(run=model.session.run)
    assert quick(wrapper, model.inputs, model.outputs).run == wrapper.run  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "tensors",
    [
        [Tensor(name="text", dtype="string", shape=("batch",), meaning="")],
        [Tensor(name="one", dtype="float32", shape=(), meaning="")],
        [Tensor(name="five", dtype="float32", shape=(5, 2), meaning="")],
        [Tensor(name="words", dtype="int64", shape=("batch", "length"), meaning="")],
        [Tensor(name=name, dtype="float32", shape=("batch",), meaning="") for name in "ab"],
    ],
    ids=lambda tensors: ", ".join(map(str, tensors)),
)
def test_signatures_without_a_short_way(model: zoo.runtime.Model, tensors: list[Tensor]) -> None:
    assert quick(model.session, tensors, model.outputs).name is None


def test_fixed_number_of_examples(tmp_path: Path) -> None:
    graph, said = digit_graph(), facts()
    for value in (*graph.graph.input, *graph.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 5
    for tensor in (*said["inputs"], *said["outputs"]):
        tensor["shape"][0] = 5
    model = zoo.runtime.open(write_artifact(tmp_path, graph=graph, said=said))
    assert model.run(image=example_images(5))["label"].shape == (5,)
    with pytest.raises(UsageError, match=r"takes shape \[5, 28, 28\], not \[4, 28, 28\]"):
        model.run(image=example_images(4))


def test_failure_is_explained_by_the_long_way(model: zoo.runtime.Model, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> list[np.ndarray]:
        raise RuntimeError("[ONNXRuntimeError] : 1 : FAIL : no memory.")

    broken = SimpleNamespace(run=fails)
    monkeypatch.setattr(model, "session", broken)
    monkeypatch.setattr(model, "_quick", quick(broken, model.inputs, model.outputs))  # type: ignore[arg-type]
    with pytest.raises(ZooError, match=r"cnn\.fast could not answer: no memory\.$"):
        model.run(image=example_images(1))
