"""A model that was opened answers rightly, refuses what does not fit, and says which provider it uses."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

import zoo.runtime
from tests.artifacts import bar, example_images, example_pixels, expected_probabilities, facts, write_artifact
from zoo.errors import DeviceError, UnknownName, UsageError


@pytest.fixture
def model(tmp_path: Path) -> zoo.runtime.Model:
    return zoo.runtime.open(write_artifact(tmp_path))


def test_answers_are_right(model: zoo.runtime.Model) -> None:
    images = example_images(7)
    answer = model.run(image=images)
    expected = expected_probabilities(images)
    assert list(answer) == ["label", "probabilities"]
    np.testing.assert_allclose(answer["probabilities"], expected, rtol=1e-5, atol=1e-7)
    assert answer["probabilities"].dtype == np.float32
    assert answer["label"].dtype.kind == "U"
    assert answer["label"].tolist() == [str(k) for k in expected.argmax(-1)]


def test_says_what_it_is(model: zoo.runtime.Model, tmp_path: Path) -> None:
    assert (model.id, model.certified, model.providers) == ("cnn.fast", True, ("cpu",))
    assert model.path == tmp_path / "cnn.fast"
    assert model.classes == tuple("0123456789")
    assert [tensor.name for tensor in model.inputs] == ["image"]
    assert [tensor.name for tensor in model.outputs] == ["label", "probabilities"]
    assert model.picture is not None
    assert model.picture.framing == "centred"
    assert "image uint8 [batch, 28, 28]" in repr(model)


@pytest.mark.parametrize("level", ["none", "basic", "extended", "all"])
@pytest.mark.parametrize("threads", [None, 1])
def test_levels_and_threads_answer_alike(tmp_path: Path, level: str, threads: int | None) -> None:
    model = zoo.runtime.open(write_artifact(tmp_path), level=level, threads=threads)
    assert model.run(image=bar(14)[None])["label"].tolist() == ["5"]


def test_camera_sees_its_patterns(tmp_path: Path) -> None:
    model = zoo.runtime.open(write_artifact(tmp_path, "camera.paper", camera=True))
    pixels = example_pixels(16)
    label = model.run(pixels=pixels)["label"].tolist()
    assert label[0] == label[15] == "solid"
    assert label[0b1010] == label[0b0101] == "vertical"
    assert label[0b1001] == label[0b0110] == "diagonal"
    assert label[0b1100] == label[0b0011] == "horizontal"


@pytest.mark.parametrize("batch", [1, 3, 7, 100])
def test_batches_do_not_change_the_answer(model: zoo.runtime.Model, batch: int) -> None:
    images = example_images(7)
    whole, pieces = model.run(image=images), model.run(image=images, batch=batch)
    assert whole["label"].tolist() == pieces["label"].tolist()
    np.testing.assert_allclose(whole["probabilities"], pieces["probabilities"], rtol=1e-6)


def test_no_examples_at_all(model: zoo.runtime.Model) -> None:
    for batch in (None, 4):
        answer = model.run(image=np.zeros((0, 28, 28), np.uint8), batch=batch)
        assert answer["label"].shape == (0,)
        assert answer["probabilities"].shape == (0, 10)


def test_layout_in_memory_does_not_matter(model: zoo.runtime.Model) -> None:
    images = example_images(4)
    for same in (np.asfortranarray(images), images[::-1][::-1], np.repeat(images, 2, axis=0)[::2]):
        assert model.run(image=same)["label"].tolist() == model.run(image=images)["label"].tolist()


@pytest.mark.parametrize(
    ("arrays", "kind", "said"),
    [
        ({"imgae": np.zeros((1, 28, 28), np.uint8)}, UnknownName, "did you mean image"),
        ({}, UsageError, "also needs image"),
        ({"image": np.zeros((1, 28, 28), np.float32)}, UsageError, "takes uint8, not float32"),
        ({"image": np.zeros((1, 28, 28), np.int64)}, UsageError, "takes uint8, not int64"),
        ({"image": np.zeros((28, 28), np.uint8)}, UsageError, r"takes shape \[batch, 28, 28\], not \[28, 28\]"),
        ({"image": np.zeros((1, 28, 27), np.uint8)}, UsageError, r"not \[1, 28, 27\]"),
        ({"image": [["a"]]}, UsageError, "takes uint8, not <U1"),
    ],
)
def test_arrays_that_do_not_fit(model: zoo.runtime.Model, arrays: dict, kind: type, said: str) -> None:
    with pytest.raises(kind, match=said):
        model.run(**arrays)


@pytest.mark.parametrize("batch", [0, -1])
def test_batch_of_nothing(model: zoo.runtime.Model, batch: int) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        model.run(image=example_images(2), batch=batch)


def test_foreign_byte_order_is_no_silent_cast(tmp_path: Path) -> None:
    model = zoo.runtime.open(write_artifact(tmp_path, camera=True))
    with pytest.raises(UsageError, match="takes float32, not >f4"):
        model.run(pixels=example_pixels(2).astype(">f4"))


def test_many_threads_share_a_model(model: zoo.runtime.Model) -> None:
    images = [example_images(5, seed=seed) for seed in range(40)]
    expected = [model.run(image=batch)["probabilities"] for batch in images]
    start = threading.Barrier(8)

    def work(worker: int) -> list[np.ndarray]:
        start.wait()
        return [model.run(image=batch)["probabilities"] for batch in images[worker::8]]

    with ThreadPoolExecutor(8) as pool:
        for worker, answers in enumerate(pool.map(work, range(8))):
            for answer, right in zip(answers, expected[worker::8], strict=True):
                np.testing.assert_array_equal(answer, right)


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"providers": ("cuda",)}, DeviceError, "has no provider 'cuda'; it has cpu"),
        ({"providers": ("cdua",)}, UnknownName, "did you mean cuda"),
        ({"providers": ()}, UsageError, "At least one provider"),
        ({"threads": -1}, UsageError, "at least 0, not -1"),
        ({"level": "al"}, UnknownName, "did you mean all"),
    ],
)
def test_options_that_make_no_sense(tmp_path: Path, options: dict, kind: type, said: str) -> None:
    folder = write_artifact(tmp_path)
    with pytest.raises(kind, match=said):
        zoo.runtime.open(folder, **options)


def test_provider_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """onnxruntime falls back to the CPU without a word where CUDA's libraries are missing; zoo must not."""
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    real = onnxruntime.InferenceSession

    def without_cuda(model: bytes, options: object, providers: list, **rest: object) -> object:
        assert providers[0] == ("CUDAExecutionProvider", {"use_tf32": "0"})
        return real(model, options, providers=providers[1:], **rest)

    monkeypatch.setattr(onnxruntime, "InferenceSession", without_cuda)
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: None)
    with pytest.raises(DeviceError, match="could not start the provider 'cuda' and fell back to 'cpu'"):
        zoo.runtime.open(write_artifact(tmp_path), providers=("cuda",))


def test_provider_that_refuses_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CoreMLExecutionProvider", "CPUExecutionProvider"])
    real = onnxruntime.InferenceSession

    def fussy(model: bytes, options: object, providers: list, **rest: object) -> object:
        if providers[0][0] == "CoreMLExecutionProvider":
            raise RuntimeError("[ONNXRuntimeError] : 11 : EP_FAIL : no\nstrings\nhere.")
        return real(model, options, providers=providers, **rest)

    monkeypatch.setattr(onnxruntime, "InferenceSession", fussy)
    with pytest.raises(DeviceError, match="'coreml' refuses this graph: no strings here"):
        zoo.runtime.open(write_artifact(tmp_path), providers=("coreml",))


def test_bare_file_is_taken_by_its_own_metadata(tmp_path: Path) -> None:
    bare = tmp_path / "mine.onnx"
    bare.write_bytes((write_artifact(tmp_path) / "model.onnx").read_bytes())
    model = zoo.runtime.open(bare)
    assert (model.id, model.certified, model.path) == ("cnn.fast", False, bare)
    assert model.manifest.model_sha256 is None
    assert model.run(image=bar(0)[None])["label"].tolist() == ["0"]


def test_model_file_of_an_artifact_means_the_artifact(tmp_path: Path) -> None:
    folder = write_artifact(tmp_path)
    model = zoo.runtime.open(folder / "model.onnx")
    assert (model.path, model.certified) == (folder, True)


def test_unchecked_is_not_certified(tmp_path: Path) -> None:
    folder = write_artifact(tmp_path)
    (folder / "certificate.json").unlink()
    model = zoo.runtime.open(folder, check=False)
    assert not model.certified
    assert model.run(image=bar(27)[None])["label"].tolist() == ["9"]


def test_exported_names_are_sorted() -> None:
    assert zoo.runtime.__all__ == sorted(zoo.runtime.__all__)
    assert dir(zoo.runtime) == zoo.runtime.__all__
    with pytest.raises(AttributeError, match="no attribute 'opne'"):
        zoo.runtime.opne  # noqa: B018


def test_facts_are_those_of_the_manifest(model: zoo.runtime.Model) -> None:
    said = facts()
    assert model.manifest.recipe == said["recipe"]
    assert model.manifest.metrics == {"accuracy": 0.5, "loss": 1.0}
    assert model.manifest.run is not None
    assert model.manifest.run.path == "runs/cnn.fast/1"
