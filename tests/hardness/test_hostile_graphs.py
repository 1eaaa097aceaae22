"""Hostile files in an artifact whose hashes were made to fit: `verify` and `predict` refuse each in a sentence, exit code 4."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from tests.commands import Zoo

EXPORTED = Path(__file__).parents[2] / "exported"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(EXPORTED / "cnn.fast", tmp_path / "exported" / "cnn.fast")


@pytest.fixture
def zoo_(folder, tmp_path, monkeypatch, capfd) -> Zoo:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.zeros((28, 28), np.uint8)).save("digit.png")
    return Zoo(monkeypatch, capfd)


def rewritten(folder, content):
    """Another file in the model's place, named by hash in certificate and manifest."""
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").write_bytes(content)
    fitted(folder)


def fitted(folder):
    """Hashes of the files as they are."""
    certificate, manifest = (json.loads((folder / name).read_text()) for name in ("certificate.json", "zoo.json"))
    manifest["model_sha256"] = certificate["model_sha256"] = hashlib.sha256((folder / "model.onnx").read_bytes()).hexdigest()
    (folder / "certificate.json").write_text(json.dumps(certificate))
    manifest["certificate_sha256"] = hashlib.sha256((folder / "certificate.json").read_bytes()).hexdigest()
    (folder / "zoo.json").write_text(json.dumps(manifest))


def changed(folder, change):
    model = onnx.load(folder / "model.onnx")
    change(model)
    rewritten(folder, model.SerializeToString())


def external(folder, location):
    """The largest weight in another file, of the right size."""

    def move(model):
        tensor = max(model.graph.initializer, key=lambda one: len(one.raw_data))
        size = len(tensor.raw_data)
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL
        for key, value in (("location", location), ("offset", "0"), ("length", str(size))):
            tensor.external_data.add(key=key, value=value)

    changed(folder, move)


def points_outside(folder):
    (folder.parent / "secret").write_bytes(bytes(1 << 20))
    external(folder, "../secret")


def names_a_system_file(folder):
    external(folder, "/etc/passwd")


def is_a_symlink_out(folder):
    (folder / "model.onnx").rename(folder.parent / "elsewhere.onnx")
    (folder / "model.onnx").symlink_to(folder.parent / "elsewhere.onnx")


def reads_through_a_hard_link(folder):
    (folder.parent / "secret").write_bytes(bytes(1 << 20))
    os.link(folder.parent / "secret", folder / "weights.bin")
    external(folder, "weights.bin")


def claims_absurd_sizes(folder):
    changed(folder, lambda model: model.graph.initializer[0].dims.__setitem__(slice(None), [1 << 40, 1 << 20]))


def has_an_unknown_operator(folder):
    changed(folder, lambda model: setattr(model.graph.node[-1], "op_type", "Exfiltrate"))


def has_an_operator_of_a_stranger(folder):
    def move(model):
        model.graph.node[-1].domain = "com.example"
        model.opset_import.append(helper.make_opsetid("com.example", 1))

    changed(folder, move)


def has_no_metadata(folder):
    changed(folder, lambda model: model.ClearField("metadata_props"))


def has_another_signature(folder):
    changed(folder, lambda model: model.graph.input[0].type.tensor_type.shape.dim[1].__setattr__("dim_value", 29))


def is_truncated(folder):
    content = (folder / "model.onnx").read_bytes()
    rewritten(folder, content[: len(content) // 2])


def is_empty(folder):
    rewritten(folder, b"")


def is_of_another_model(folder):
    rewritten(folder, (EXPORTED / "logreg.best" / "model.onnx").read_bytes())


def is_a_cycle(folder):
    def close(model):
        model.graph.node[0].input[0] = model.graph.node[-1].output[0]

    changed(folder, close)


HOSTILE = (
    points_outside,
    names_a_system_file,
    is_a_symlink_out,
    reads_through_a_hard_link,
    claims_absurd_sizes,
    has_an_unknown_operator,
    has_an_operator_of_a_stranger,
    has_no_metadata,
    has_another_signature,
    is_truncated,
    is_empty,
    is_of_another_model,
    is_a_cycle,
)


@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: make.__name__)
def test_it_is_refused(zoo_, folder, make):
    make(folder)
    for arguments in (("verify", "cnn.fast"), ("predict", "cnn.fast", "digit.png")):
        result = zoo_(*arguments)
        assert result.code == 4
        (sentence,) = result.err.splitlines()
        assert sentence.startswith("error: ")
        assert "Traceback" not in sentence
        assert len(sentence) < 500


def test_the_artifact_itself_is_taken(zoo_):
    assert zoo_("verify", "cnn.fast").code == 0
    assert zoo_("predict", "cnn.fast", "digit.png").code == 0
