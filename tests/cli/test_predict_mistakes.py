"""`zoo predict`: which artifact a name means, and every mistake in one sentence."""

from __future__ import annotations

import gzip
import io
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo.cli.artifacts
import zoo.runtime
from tests.artifacts import bar, example_images, facts, write_artifact
from tests.commands import Zoo
from tests.pictures import drawn, idx, npy, png
from zoo.plugins import LoadedPlugin
from zoo.registry import Owned, Registry
from zoo.spec import ModelSpec, Spec, TensorSpec

# --- Which artifact -------------------------------------------------------------------------------------------------------


def _registry(*ids: str) -> Registry:
    tensor = TensorSpec(name="x", dtype="uint8", shape=("batch",), meaning="")
    registry = Registry()
    for name in ids:
        architecture, _, tag = name.partition(".")
        spec = ModelSpec(
            architecture=architecture,
            tag=tag,
            summary="",
            source="",
            task="m:T",
            build="m:f",
            config=Spec(),
            recipe=None,
            dataset="mnist",
            inputs=(tensor,),
            outputs=(tensor,),
            exports={"classifier": "m:f"},
        )
        registry.models[name] = Owned(spec, LoadedPlugin("p", "p", "p", 0.0))
    return registry


def test_bare_architecture_is_its_first_tag(zoo_: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoo.cli.artifacts, "current_registry", lambda: _registry("cnn.fast", "cnn.large", "mlp.keras"))
    drawn().save("x.png")
    assert "cnn.fast from exported/cnn.fast" in zoo_("predict", "cnn", "x.png").err
    result = zoo_("predict", "mlp", "x.png")
    assert result.code == 2
    assert "called 'mlp.keras'" in result.err
    assert result.err.endswith("Try: zoo export mlp.keras\n")
    # Of the architecture there is another model, whose name is told:
    write_artifact(Path("exported"), "mlp.wide")
    result = zoo_("predict", "mlp", "x.png")
    assert result.code == 2
    assert result.err.endswith("there is mlp.wide. Try: zoo export mlp.keras\n")
    # Near an artifact's id, but a model of its own that is not exported yet:
    assert zoo_("predict", "cnn.large", "x.png").err.endswith("Try: zoo export cnn.large\n")
    # No artifact has a name like it, but a model has:
    result = zoo_("predict", "mlp.kears", "x.png")
    assert "did you mean mlp.keras?" in result.err
    assert result.code == 2


def test_artifacts_folder_goes_first(zoo_: Zoo, here: Path) -> None:
    write_artifact(here / "other")
    drawn().save("x.png")
    assert "from other/cnn.fast" in zoo_("predict", "cnn.fast", "x.png", "--artifacts", "other").err
    shutil.rmtree("exported")
    write_artifact(here / "home" / "exported")
    assert f"from {here}/home/exported/cnn.fast" in zoo_("predict", "cnn.fast", "x.png").err


def test_an_artifact_by_path(zoo_: Zoo) -> None:
    drawn().save("x.png")
    assert "(certified" in zoo_("predict", "exported/cnn.fast", "x.png").err
    assert "(certified" in zoo_("predict", "exported/cnn.fast/model.onnx", "x.png").err
    shutil.copy("exported/cnn.fast/model.onnx", "bare.onnx")
    assert "cnn.fast from bare.onnx (not certified" in zoo_("predict", "bare.onnx", "x.png").err


def test_folder_with_another_model(zoo_: Zoo) -> None:
    shutil.copytree("exported/cnn.fast", "exported/mlp.keras")
    drawn().save("x.png")
    result = zoo_("predict", "mlp.keras", "x.png")
    assert result.code == 4
    assert "exported/mlp.keras holds the model cnn.fast, not mlp.keras" in result.err
    # By its path it is taken for what it says it is.
    assert zoo_("predict", "exported/mlp.keras", "x.png").code == 0


def test_damaged_artifact(zoo_: Zoo) -> None:
    Path("exported/cnn.fast/golden.npz").write_bytes(b"")
    drawn().save("x.png")
    result = zoo_("predict", "cnn.fast", "x.png")
    assert (result.code, result.out) == (4, "")
    assert "golden.npz was changed or damaged" in result.err


# --- Mistakes -------------------------------------------------------------------------------------------------------------


def _zip(names: list[str]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "text")
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("notes.txt", b"hello", 1, "begins like none of the files"),
        ("notes.png", b"hello", 4, "begins like none of the files"),
        ("empty.png", b"", 4, "is empty"),
        ("cut.png", png()[:100], 4, "is damaged"),
        ("head.jpg", b"\xff\xd8\xff", 4, "is damaged"),
        ("head.webp", b"RIFF\x00\x00\x00\x00WEBP", 4, "is damaged"),
        ("cut.npy", npy(example_images(2))[:-1], 4, "is no array that can be read"),
        ("head.npy", b"\x93NUMPY", 4, "is no array that can be read"),
        ("pickle.npy", npy(np.array([{}], dtype=object), allow_pickle=True), 4, "is no array that can be read"),
        ("huge.npy", npy(np.zeros(1)).replace(b"(1,), ", b"(9999999999999999,), "), 4, "is no array that can be read"),
        ("small.npy", npy(np.zeros((3, 27, 28), np.uint8)), 1, r"has shape [3, 27, 28]; it should be [28, 28], [n, 28, 28]"),
        ("labels.npy", npy(np.arange(10)), 1, "has shape [10]"),
        ("none.npy", npy(np.zeros((0, 28, 28), np.uint8)), 1, "holds no example"),
        ("wide.npy", npy(np.full((28, 28), 256)), 1, "has values from 256 to 256; brightness should be 0 to 255, or 0 to 1"),
        ("minus.npy", npy(np.full((28, 28), -0.5)), 1, "has values from -0.5 to -0.5"),
        ("nan.npy", npy(np.full((28, 28), np.nan)), 1, "not finite"),
        ("text.npy", npy(np.full((28, 28), "a")), 1, "it should hold numbers"),
        ("complex.npy", npy(np.full((28, 28), 1j)), 1, "it should hold numbers"),
        ("other.npz", _zip(["word/document.xml"]), 1, "is a zip archive, but no .npz"),
        ("none.npz", _zip([]), 4, ""),
        ("text.npz", _zip(["a.npy"]), 4, "text.npz:a is no array"),
        ("cut.npz", _zip(["a.npy"])[:-10], 4, "is a damaged zip archive"),
        ("cut.gz", gzip.compress(idx(example_images(2)))[:-10], 4, "is damaged gzip data"),
        ("text.gz", gzip.compress(b"hello"), 4, "begins like none of the files"),
        ("cut-ubyte", idx(example_images(2))[:-1], 4, "is truncated"),
        ("long-ubyte", idx(example_images(2)) + b"x", 4, "longer than its header says"),
        ("labels-ubyte", struct.pack(">II", 0x801, 3) + b"abc", 1, "has shape [3]"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_input_that_is_none(zoo_: Zoo, name: str, content: bytes, code: int, said: str) -> None:
    Path(name).write_bytes(content)
    np.save("good.npy", bar(1))
    result = zoo_("predict", "cnn.fast", "good.npy", name)
    assert (result.code, result.out) == (code, "")
    assert said in result.err
    last = result.err.splitlines()[-1]
    assert last.startswith("error: ")
    assert name in last
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["cnn.fast", "none.png"], 1, "There is no file none.png"),
        (["cnn.fast", "home"], 1, "There is no file home"),
        (["cnn.fast", "exported"], 1, "The folder exported holds no pictures"),
        (["cnn.fast", "-"], 1, "stdin is empty"),
        (["cnn.fast", ""], 2, "An input is empty"),
        (["cnn.fast", "-", "-"], 2, "once only"),
        (["cnn.fats", "x.npy"], 2, "did you mean cnn.fast?"),
        (["no/where", "x.npy"], 2, "no file or folder 'no/where'"),
        (["exported", "x.npy"], 4, "holds no model.onnx"),
        (["x.npy", "x.npy"], 4, "is no model"),
        (["cnn.fast"], 2, "Missing argument"),
        (["cnn.fast", "x.npy", "--top", "0"], 2, "--top"),
        (["cnn.fast", "x.npy", "--provider", "cdua"], 2, "did you mean cuda?"),
        (["cnn.fast", "x.npy", "--provider", "cuda"], 1, "has no provider 'cuda'"),
    ],
    ids=str,
)
def test_calls_that_are_wrong(zoo_: Zoo, arguments: list[str], code: int, said: str) -> None:
    np.save("x.npy", bar(1))
    result = zoo_("predict", *arguments)
    assert (result.code, result.out) == (code, "")
    assert said in result.err


def test_picture_with_absurdly_many_pixels(zoo_: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20_000)
    drawn().save("large.png")
    result = zoo_("predict", "cnn.fast", "large.png")
    assert result.code == 1
    assert "large.png has too many pixels" in result.err


def test_models_that_are_no_picture_classifiers(zoo_: Zoo, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = facts("two.outputs")
    said["classes"] = ["0"]
    write_artifact(here / "exported", "two.outputs", said=said)
    np.save("x.npy", bar(1))
    result = zoo_("predict", "two.outputs", "x.npy")
    assert result.code == 1
    assert "predict shows one label with its probabilities, one picture, or one truth value" in result.err
