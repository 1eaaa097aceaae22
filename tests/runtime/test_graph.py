"""Graphs that are none, foreign, absurd, or not what they say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper

import zoo.runtime
from tests.artifacts import digit_graph, facts, write_artifact, write_certificate, write_manifest
from zoo.errors import IntegrityError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_artifact(tmp_path / "exported")


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"GIF89a", b"PK\x03\x04", b"version https://git-lfs.github.com/spec/v1\n"])
@pytest.mark.parametrize("bare", [True, False])
def test_no_model_at_all(folder: Path, content: bytes, bare: bool) -> None:
    (folder / "model.onnx").write_bytes(content)
    write_certificate(folder)
    write_manifest(folder, facts())
    if bare:
        (folder / "zoo.json").unlink()
    with pytest.raises(IntegrityError) as caught:
        zoo.runtime.open(folder / "model.onnx")
    assert "\n" not in str(caught.value)
    assert "model.onnx" in str(caught.value)


@pytest.mark.parametrize("share", [0.01, 0.3, 0.7, 0.99])
def test_truncated(folder: Path, tmp_path: Path, share: float) -> None:
    content = (folder / "model.onnx").read_bytes()
    (tmp_path / "x.onnx").write_bytes(content[: int(share * len(content))])
    with pytest.raises(IntegrityError):
        zoo.runtime.open(tmp_path / "x.onnx")


def test_foreign_model(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(digit_graph().SerializeToString())
    with pytest.raises(IntegrityError, match="is an ONNX model, but not one of zoo's: it has no 'zoo' metadata"):
        zoo.runtime.open(tmp_path / "x.onnx")


def test_absurd_sizes(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = digit_graph()
    weights = next(tensor for tensor in model.graph.initializer if tensor.name == "weights")
    weights.dims[:] = [1 << 40, 1 << 20]
    with pytest.raises(IntegrityError) as caught:
        zoo.runtime.open(write_artifact(tmp_path, graph=model))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_unknown_operator(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    model = digit_graph()
    model.graph.node[4].op_type = "Softmaximum"
    with pytest.raises(IntegrityError, match="Softmaximum"):
        zoo.runtime.open(write_artifact(tmp_path, graph=model))
    assert capfd.readouterr().err == ""


def _renamed(said: dict) -> None:
    said["inputs"][0]["name"] = "picture"


def _retyped(said: dict) -> None:
    said["inputs"][0]["dtype"] = "float32"


def _reranked(said: dict) -> None:
    said["inputs"][0]["shape"] = ["batch", 1, 28, 28]


def _resized(said: dict) -> None:
    said["inputs"][0]["shape"] = ["batch", 28, 29]


def _reordered(said: dict) -> None:
    said["outputs"].reverse()


def _shortened(said: dict) -> None:
    said["outputs"].pop()


@pytest.mark.parametrize("change", [_renamed, _retyped, _reranked, _resized, _reordered, _shortened])
def test_graph_that_is_not_what_it_says(tmp_path: Path, change: object) -> None:
    said = facts()
    change(said)  # type: ignore[operator]
    with pytest.raises(IntegrityError, match="not what its manifest says"):
        zoo.runtime.open(write_artifact(tmp_path, said=said))


def test_metadata_that_is_no_manifest(tmp_path: Path) -> None:
    model = digit_graph()
    helper.set_model_props(model, {"zoo": json.dumps({"contract": 1})})
    (tmp_path / "x.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(IntegrityError, match=r"The 'zoo' metadata of .* lacks 'base'"):
        zoo.runtime.open(tmp_path / "x.onnx")


def test_failure_while_answering_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A graph that loads, but whose Gather leads out of its table."""
    model = digit_graph()
    names = next(tensor for tensor in model.graph.initializer if tensor.name == "names")
    names.CopyFrom(onnx.numpy_helper.from_array(np.array(["0"], dtype=object), "names"))
    opened = zoo.runtime.open(write_artifact(tmp_path, graph=model))
    image = np.zeros((1, 28, 28), np.uint8)
    image[:, :, 27] = 255
    with pytest.raises(zoo.ZooError, match=r"cnn\.fast could not answer: ") as caught:
        opened.run(image=image)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""
