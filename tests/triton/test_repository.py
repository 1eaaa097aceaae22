"""Model repositories for Triton: what Triton's own protobuf reads is the artifact's signature."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf import text_format
from tritonclient.grpc import model_config_pb2

from tests.benchmark.reports import report, row
from tests.commands import Zoo
from zoo.benchmark.saved import save
from zoo.runtime.manifest import Manifest, parse
from zoo.triton.config import config_text, default_serving, is_batched, labels_of, measured_serving
from zoo.triton.repository import write_model
from zoo.triton.text import Word, message_text

ROOT = Path(__file__).parents[2]
EXPORTED = sorted(path.parent for path in (ROOT / "exported").glob("*/zoo.json"))
DTYPES = {"TYPE_UINT8": "uint8", "TYPE_INT64": "int64", "TYPE_FP32": "float32", "TYPE_BOOL": "bool", "TYPE_STRING": "string"}


@pytest.fixture
def zoo(tmp_path, monkeypatch, capfd) -> Zoo:
    monkeypatch.chdir(tmp_path)
    return Zoo(monkeypatch, capfd)


def read(text: str) -> model_config_pb2.ModelConfig:
    """A configuration as Triton reads it."""
    return text_format.Parse(text, model_config_pb2.ModelConfig())


def shape(tensor, batched: bool) -> list[int]:
    """What the graph sees of a tensor of the configuration."""
    inner = list(tensor.reshape.shape if tensor.HasField("reshape") else tensor.dims)
    return [-1, *inner] if batched else inner


def manifest_of(folder: Path) -> Manifest:
    return parse((folder / "zoo.json").read_bytes(), where=str(folder))


@pytest.mark.parametrize("folder", EXPORTED, ids=lambda folder: folder.name)
def test_triton_reads_the_signature(folder, tmp_path):
    manifest = manifest_of(folder)
    write_model(folder, tmp_path)
    written = tmp_path / folder.name
    config = read((written / "config.pbtxt").read_text())
    assert config.name == written.name == manifest.id
    assert config.backend == "onnxruntime"
    assert config.max_batch_size == 64
    assert config.HasField("dynamic_batching")
    for tensors, found in ((manifest.inputs, config.input), (manifest.outputs, config.output)):
        assert [tensor.name for tensor in found] == [tensor.name for tensor in tensors]
        for ours, theirs in zip(tensors, found, strict=True):
            assert DTYPES[model_config_pb2.DataType.Name(theirs.data_type)] == ours.dtype
            assert shape(theirs, batched=True) == [-1 if isinstance(axis, str) else axis for axis in ours.shape]
            assert len(theirs.dims) > 0  # Triton has no empty shape
    for output in config.output:
        if output.label_filename:
            assert (written / output.label_filename).read_text().splitlines() == list(manifest.classes)
    labelled = [output.name for output in config.output if output.label_filename]
    assert labelled == [tensor.name for tensor in manifest.outputs if tensor.name == "probabilities"]
    assert config.parameters["zoo_model_sha256"].string_value == manifest.model_sha256
    assert (written / "1" / "model.onnx").read_bytes() == (folder / "model.onnx").read_bytes()
    for linked in re.findall(r"\]\(([\w.-]+)\)", (written / "README.md").read_text()):
        assert (written / linked).is_file()


def test_axes_that_vary_are_left_open_and_a_model_without_batches_gets_none():
    said = manifest_of(EXPORTED[0])
    image, *_ = said.inputs
    reconstruction, code = said.outputs
    manifest = replace(
        said,
        inputs=(replace(image, name='a "name" \\', shape=("rows", 28)),),
        outputs=(replace(reconstruction, shape=("rows", "columns")), replace(code, shape=(32,))),
    )
    assert not is_batched(manifest)
    config = read(config_text(manifest, default_serving(manifest.id, "here"), 64))
    assert config.max_batch_size == 0
    assert not config.HasField("dynamic_batching")
    assert config.input[0].name == 'a "name" \\'
    assert [list(tensor.dims) for tensor in (*config.input, *config.output)] == [[-1, 28], [-1, -1], [32]]


def test_labels_of_several_lines_are_left_out():
    manifest = manifest_of(ROOT / "exported" / "camera.hand")
    assert labels_of(manifest, manifest.outputs[1]) == manifest.classes
    assert labels_of(manifest, manifest.outputs[0]) == ()
    odd = replace(manifest, classes=("a\nb", *manifest.classes[1:]))
    assert labels_of(odd, odd.outputs[1]) == ()


def test_text_is_what_protobuf_reads_back():
    hostile = 'Zażółć "\\\n\tjaźń'
    text = message_text(
        {"name": hostile, "max_batch_size": 3, "instance_group": [{"count": 2, "kind": Word("KIND_CPU"), "gpus": [0, 1]}]},
        {"name": "two\nlines } name: 1"},
    )
    config = read(text)
    assert config.name == hostile
    assert config.instance_group[0].kind == model_config_pb2.ModelInstanceGroup.KIND_CPU
    assert list(config.instance_group[0].gpus) == [0, 1]


def test_a_benchmark_decides_batches_and_copies():
    alone = report([row(1.0), row(4.1, batch=8), row(64.0, batch=64), row(0.9, threads=None), row(3.9, batch=8, threads=None)])
    serving = measured_serving(alone, 64)  # two copies of one thread: 3,902 a second at 8; one of two threads: 2,051
    assert (serving.preferred, serving.instances, serving.threads) == ((8,), 2, 1)
    together = report([row(1.0), row(0.4, threads=None), row(2.9, batch=8, threads=None)])
    serving = measured_serving(together, 64)
    assert (serving.preferred, serving.instances, serving.threads) == ((8,), 1, None)
    assert measured_serving(report([row(1.0, threads=8)]), 64).instances == 1  # more threads than cores
    assert measured_serving(report([row(1.0), row(0.5, level="none"), row(1.0, batch=256)]), 64).preferred == (1,)


def test_export_takes_a_benchmark_beside_the_artifact(zoo, tmp_path, copied):
    save(report([row(1.0), row(2.0, batch=8)], model_sha256=manifest_of(copied).model_sha256), copied / "bench.json")
    done = zoo("export", copied, "--triton", "models", "--json")
    (said,) = json.loads(done.out)
    assert (done.code, said["id"], said["largest"], said["instances"], said["measured"]) == (0, "cnn.fast", 64, 2, True)
    config = read((tmp_path / "models" / "cnn.fast" / "config.pbtxt").read_text())
    assert list(config.dynamic_batching.preferred_batch_size) == [8]
    assert config.instance_group[0].count == 2
    assert config.parameters["intra_op_thread_count"].string_value == "1"
    for wrong, sentence in (({}, "another model"), ({"provider": "cuda"}, "with the provider cuda")):
        changes = {"model_sha256": manifest_of(copied).model_sha256} | wrong if wrong else {}
        save(report([row(1.0)], **changes), copied / "bench.json")
        failed = zoo("export", copied, "--triton", "other")
        assert (failed.code, sentence in failed.err, "zoo bench cnn.fast" in failed.err) == (4, True, True)
        assert not (tmp_path / "other" / "cnn.fast").exists()


@pytest.fixture
def copied(tmp_path) -> Path:
    """The committed network, in a folder of the test's own."""
    import shutil

    return Path(shutil.copytree(ROOT / "exported" / "cnn.fast", tmp_path / "artifacts" / "cnn.fast"))


def test_export_without_a_model_takes_every_artifact_and_no_torch(zoo, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "torch"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "torch", None)  # an import of it fails
    done = zoo("export", "--triton", "models", "--artifacts", ROOT / "exported", "-q")
    assert (done.code, done.out.split()) == (0, [folder.name for folder in EXPORTED])
    again = zoo("export", "cnn", "--triton", "models", "--artifacts", ROOT / "exported")
    assert (again.code, again.out) == (0, "cnn.fast: batches up to 64, 1 copy by default; models/cnn.fast\n")
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == [folder.name for folder in EXPORTED]


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("cnnn",), 2, "did you mean"),
        (("cnn", "--opset", 18), 2, "--opset is for an export of its own"),
        (("cnn", "--output", "here"), 2, "--output is for an export of its own"),
        ((), 2, "Try: zoo run cnn"),
        (("cnn",), 2, "Try: zoo export cnn.fast"),
        (("artifacts/cnn.fast/model.onnx",), 2, "without a certificate"),
    ],
)
def test_mistakes_are_told_in_a_sentence(zoo, copied, arguments, code, sentence):
    failed = zoo("export", *arguments, "--triton", "models")
    assert (failed.code, failed.out, sentence in failed.err) == (code, "", True), failed.err
    assert not Path("models").exists()


def test_what_is_not_triton_s_is_not_replaced_and_damage_writes_nothing(zoo, tmp_path, copied):
    (tmp_path / "models" / "cnn.fast").mkdir(parents=True)
    kept = tmp_path / "models" / "cnn.fast" / "kept"
    kept.touch()
    failed = zoo("export", copied, "--triton", "models")
    assert (failed.code, "without a config.pbtxt" in failed.err, kept.exists()) == (2, True, True)
    (copied / "model.onnx").write_bytes(b"damaged")
    assert zoo("export", copied, "--triton", "fresh").code == 4
    assert not (tmp_path / "fresh").exists()
    assert zoo("export", "boolean.xor", "--artifacts", copied.parent).code == 2  # it belongs to --triton
    assert zoo("export", copied, "--triton", "").code == 2  # as an unset variable leaves it
