"""Small true artifacts for tests, built with onnx.helper: no training, no torch, a few kilobytes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DIGITS = tuple("0123456789")
SHAPES = ("solid", "vertical", "diagonal", "horizontal")
CREATED = "2026-01-01T00:00:00+00:00"


def band_weights() -> np.ndarray:
    """[784, 10]: class k sums the brightness of the k-th tenth of a picture's columns."""
    weights = np.zeros((28, 28, 10), np.float32)
    for column in range(28):
        weights[:, column, column * 10 // 28] = 1
    return weights.reshape(784, 10)


def digit_graph() -> onnx.ModelProto:
    """`image` uint8 [batch, 28, 28] → `label` string [batch], `probabilities` float32 [batch, 10]."""
    nodes = [
        helper.make_node("Cast", ["image"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["float", "scale"], ["scaled"]),
        helper.make_node("Flatten", ["scaled"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
        helper.make_node("ArgMax", ["logits"], ["index"], axis=-1, keepdims=0),
        helper.make_node("Gather", ["names", "index"], ["label"]),
    ]
    return _model(
        nodes, "image", TensorProto.UINT8, 28, constants={"weights": band_weights(), "scale": np.float32(255)}, classes=DIGITS
    )


def camera_graph() -> onnx.ModelProto:
    """`pixels` float32 [batch, 2, 2] of −1 or +1 → `label` string [batch], `probabilities` float32 [batch, 4]."""
    patterns = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, -1, -1, 1], [1, 1, -1, -1]], np.float32).T
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("MatMul", ["flat", "patterns"], ["signed"]),
        helper.make_node("Abs", ["signed"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=-1),
        helper.make_node("ArgMax", ["logits"], ["index"], axis=-1, keepdims=0),
        helper.make_node("Gather", ["names", "index"], ["label"]),
    ]
    return _model(nodes, "pixels", TensorProto.FLOAT, 2, constants={"patterns": patterns}, classes=SHAPES)


def _model(
    nodes: list[Any], name: str, dtype: int, size: int, *, constants: dict[str, Any], classes: tuple[str, ...]
) -> onnx.ModelProto:
    constants = {**constants, "names": np.array(classes, dtype=object)}
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, dtype, ["batch", size, size])],
        [
            helper.make_tensor_value_info("label", TensorProto.STRING, ["batch"]),
            helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", len(classes)]),
        ],
        [numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    return model


def facts(name: str = "cnn.fast", *, camera: bool = False) -> dict[str, Any]:
    """What a manifest says, less the hashes and the run: the part that a graph carries inside."""
    size, classes = (2, SHAPES) if camera else (28, DIGITS)
    low, high = (-1.0, 1.0) if camera else (0.0, 255.0)
    return {
        "contract": 1,
        "id": name,
        "base": name,
        "variant": "classifier",
        "summary": "A classifier for tests.",
        "task": "zoo.training.classification:Classification",
        "inputs": [
            {
                "name": "pixels" if camera else "image",
                "dtype": "float32" if camera else "uint8",
                "shape": ["batch", size, size],
                "meaning": "brightness",
                "low": low,
                "high": high,
            }
        ],
        "outputs": [
            {"name": "label", "dtype": "string", "shape": ["batch"], "meaning": "class", "low": None, "high": None},
            {
                "name": "probabilities",
                "dtype": "float32",
                "shape": ["batch", len(classes)],
                "meaning": "of each class",
                "low": 0.0,
                "high": 1.0,
            },
        ],
        "classes": list(classes),
        "picture": {
            "height": size,
            "width": size,
            "background": "dark",
            "framing": "whole" if camera else "centred",
        },
        "dataset": {"id": "mnist", "sha256": "0" * 64, "origin": "made up"},
        "recipe": {"batch_size": 128, "optimiser": {"name": "sgd", "lr": 0.1}},
        "recipe_sha256": "1" * 64,
        "metrics": {"accuracy": 0.5, "loss": 1},
        "licence": "Apache-2.0",
        "producer": {"zoo": "0.1.0", "torch": "2.13.0", "onnx": "1.23.2"},
        "created": CREATED,
    }


def embed(model: onnx.ModelProto, said: dict[str, Any]) -> bytes:
    """The graph's bytes, with what it says of itself in its metadata."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    helper.set_model_props(copy, {"zoo": json.dumps(said), "zoo.id": said["id"], "zoo.contract": "1"})
    return copy.SerializeToString(deterministic=True)


def write_artifact(
    folders: Path,
    name: str = "cnn.fast",
    *,
    camera: bool = False,
    graph: onnx.ModelProto | None = None,
    said: dict[str, Any] | None = None,
) -> Path:
    """Write `folders/<name>/` and return it.

    Args:
        folders: where.
        name: its id.
        camera: the 2 × 2 classifier in place of the digits'.
        graph: in place of the usual one.
        said: what the graph and the manifest say of it, in place of `facts`.
    """
    folder = folders / name
    folder.mkdir(parents=True)
    said = said or facts(name, camera=camera)
    model = embed(graph or (camera_graph() if camera else digit_graph()), said)
    (folder / "model.onnx").write_bytes(model)
    write_certificate(folder)
    tensor = said["inputs"][0]["name"]
    images = example_pixels(3) if camera else example_images(3)
    np.savez(folder / "golden.npz", **{f"batch-1:in:{tensor}": images[:1], f"batch-3:in:{tensor}": images})
    write_manifest(folder, said)
    return folder


def write_certificate(folder: Path, **changes: Any) -> None:
    """Write a `certificate.json` that names the model as it is, and `changes`."""
    digest = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    (folder / "certificate.json").write_text(json.dumps({"model_sha256": digest, "problems": [], **changes}))


def write_manifest(folder: Path, said: dict[str, Any], **changes: Any) -> None:
    """Write `zoo.json` with the hashes of the files as they are, and `changes`."""
    hashes = {
        field: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name, field in (
            ("model.onnx", "model_sha256"),
            ("certificate.json", "certificate_sha256"),
            ("golden.npz", "golden_sha256"),
        )
    }
    value = {
        **said,
        **hashes,
        "run": {
            "path": "runs/cnn.fast/1",
            "weights_sha256": "2" * 64,
            "seconds": 17.5,
            "device": "a processor",
            "precision": "bf16",
        },
        **changes,
    }
    (folder / "zoo.json").write_text(json.dumps(value, indent=2))


def example_images(count: int, *, seed: int = 0) -> np.ndarray:
    """uint8 [count, 28, 28]: noise."""
    return np.random.default_rng(seed).integers(0, 256, (count, 28, 28), dtype=np.uint8)


def bar(column: int) -> np.ndarray:
    """uint8 [28, 28]: one bright column; `digit_graph` calls it `str(column * 10 // 28)`."""
    image = np.zeros((28, 28), np.uint8)
    image[:, column] = 255
    return image


def example_pixels(count: int) -> np.ndarray:
    """float32 [count, 2, 2] of −1 and +1: the patterns that a 2 × 2 camera can see, in the order of their bits."""
    bits = (np.arange(count)[:, None] >> np.arange(4)) & 1
    return (2.0 * bits - 1).astype(np.float32).reshape(count, 2, 2)


def expected_probabilities(images: np.ndarray) -> np.ndarray:
    """float64 [n, 10]: what `digit_graph` should answer."""
    logits = images.reshape(-1, 784).astype(np.float64) / 255 @ band_weights()
    power = np.exp(logits - logits.max(-1, keepdims=True))
    return power / power.sum(-1, keepdims=True)
