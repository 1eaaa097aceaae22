"""Weights in fewer bits: what is shipped is what was certified, and it costs no more than is allowed."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper
from torch import nn

from zoo import api
from zoo.certify.form import read_proof
from zoo.errors import ExportError, IntegrityError, UnknownName, UsageError
from zoo.exporting.export import export
from zoo.exporting.nodes import CLASSES
from zoo.exporting.precision import LEAST, SCALE_BITS, rounded
from zoo.exporting.products import to_steps
from zoo.exporting.source import load_graph, source_of
from zoo.exporting.store import store
from zoo.exporting.trace import quiet_export
from zoo.progress import Progress
from zoo.runtime.artifact import check
from zoo.runtime.manifest import parse
from zoo.training.classification import Classification


class Weighted(nn.Module):
    """One weight, as a layer has it."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight)


def a_weight(rows: int, columns: int, seed: int, spread: int) -> torch.Tensor:
    """Rows of unlike size, one of zeros."""
    generator = torch.Generator().manual_seed(seed)
    weight = torch.randn(rows, columns, generator=generator) * 10.0 ** torch.linspace(-spread, 0, rows).view(-1, 1)
    weight[0] = 0
    return weight


@given(st.integers(2, 40), st.integers(32, 200), st.integers(0, 2**31), st.integers(0, 12))
@settings(max_examples=50)
def test_int8_is_the_nearest_step_of_each_row(rows, columns, seed, spread):
    weight = a_weight(rows, columns, seed, spread)
    if weight.numel() < LEAST:
        with pytest.raises(ExportError, match="gains nothing"):
            rounded(Weighted(weight), "int8")
        return
    found = rounded(Weighted(weight.clone()), "int8").weight.detach()
    step = weight.abs().amax(1, keepdim=True) / 127
    assert ((found - weight).abs() <= step * (0.5 + 2.0 ** (8 - SCALE_BITS))).all()
    assert (found[0] == 0).all()
    assert torch.equal(rounded(Weighted(found), "int8").weight, found)  # what is rounded is left as it is


def graph_of(weight: np.ndarray) -> ir.Model:
    """`x + weight`: all of the weight comes out."""
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, list(weight.shape))
    node = onnx.helper.make_node("Add", ["x", "w"], ["y"])
    graph = onnx.helper.make_graph([node], "one", [x], [y], [numpy_helper.from_array(weight, "w")])
    return ir.from_proto(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=9))


LAYOUTS = {
    "as it is": lambda weight: weight,
    "transposed": lambda weight: weight.T,
    "stacked": lambda weight: np.stack([weight, weight[::-1] * 2]),
    "filters": lambda weight: weight.reshape(len(weight), 3, -1),
}
"""How the exporter may write a weight."""


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_graph_has_the_rounded_weight_bit_for_bit(precision, layout):
    weight = rounded(Weighted(a_weight(24, 60, 5, 2)), precision).weight.detach().numpy()
    laid = np.ascontiguousarray(LAYOUTS[layout](weight))
    model = graph_of(laid)
    before = ir.to_proto(model).ByteSize()
    assert store(model, precision) == laid.size
    content = ir.to_proto(model).SerializeToString()
    assert len(content) < {"fp16": 0.6, "int8": 0.4}[precision] * before
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    for level in (onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = level
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        (found,) = session.run(None, {"x": np.zeros(1, np.float32)})
        assert np.array_equal(found, laid)


def test_what_cannot_be_stored_stays():
    model = graph_of(np.random.default_rng(0).normal(size=(40, 40)).astype(np.float32))
    assert store(model, "int8") == store(model, "fp16") == 0
    assert [value.dtype for value in model.graph.initializers.values()] == [ir.DataType.FLOAT]


def test_too_large_for_half():
    with pytest.raises(ExportError, match=r"1e\+06 is beyond what fp16 can hold"):
        rounded(Weighted(torch.full((40, 40), 1e6)), "fp16")


@pytest.fixture(scope="module")
def logistic(tmp_path_factory):
    """A finished run of a softmax regression, 60 steps."""
    return api.train("logreg.sgd", recipe={"steps": 60, "validation": 0}, output=tmp_path_factory.mktemp("precision") / "runs")


@pytest.mark.parametrize(("precision", "least", "most"), [("fp16", 0.4, 0.7), ("int8", 0.2, 0.5), ("int8-dynamic", 0.2, 0.6)])
def test_an_export(logistic, precision, least, most, tmp_path, zoo_registry):
    (artifact,) = api.export(run=logistic.path, output=tmp_path, precision=precision, keep_slower="-" in precision)
    assert artifact.id == f"logreg.sgd.{precision}"
    stored = artifact.certificate.stored
    assert (stored.precision, stored.numbers, stored.metric) == (precision, 7840, "accuracy")
    assert stored.size == (artifact.path / "model.onnx").stat().st_size
    assert least < stored.size / stored.size_before < most
    assert stored.value == artifact.certificate.audit.torch_metrics["accuracy"] == artifact.manifest["metrics"]["accuracy"]
    assert stored.value_before == logistic.state.metrics["accuracy"]
    assert abs(stored.loss) <= stored.allowed
    assert [speed.batch for speed in stored.speeds] == [1, 64]
    assert all(0 < speed.low <= speed.ratio <= speed.high for speed in stored.speeds)
    assert stored.verdict.startswith("accepted")
    assert not artifact.certificate.changed
    assert f"are stored in {precision.removesuffix('-dynamic')}" in (artifact.path / "README.md").read_text(encoding="utf-8")
    api.verify(artifact.id, artifacts=tmp_path)
    read_proof(check(artifact.path))
    manifest = parse((artifact.path / "zoo.json").read_bytes(), where="zoo.json")
    weight = next(p for p in load_graph(manifest, [logistic.path.parents[1]], zoo_registry).module.parameters() if p.dim() == 2)
    trained = next(p for p in api.load("logreg.sgd", run=logistic.path).parameters() if p.dim() == 2)
    assert not torch.equal(weight, trained)
    assert torch.allclose(weight, trained, atol=0.02)


def test_the_graph_of_an_export_answers_as_its_file(logistic, tmp_path, zoo_registry):
    (artifact,) = api.export(run=logistic.path, output=tmp_path, precision="int8-dynamic", keep_slower=True)
    graph = load_graph(api.open(artifact.path).manifest, [logistic.path.parents[1]], zoo_registry)
    image = np.random.default_rng(0).integers(0, 256, (200, 28, 28), dtype=np.uint8)
    with torch.inference_mode():
        ours = graph.module(torch.from_numpy(image)).numpy()
        plain = graph.module.module(torch.from_numpy(image)).numpy()
    theirs = api.open(artifact.path).run(image=image)["probabilities"]
    assert np.abs(ours - theirs).max() < 1e-5 < np.abs(plain - theirs).max()
    assert np.array_equal(api.open(artifact.path).run(image=image[:1])["probabilities"], theirs[:1])  # no batch mates


def lie(artifact, folder, **said):
    """The artifact with another `stored`, all hashes right."""
    shutil.copytree(artifact.path, folder)
    certificate = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
    certificate["stored"] = {**(certificate["stored"] or said), **said} if said else None
    content = json.dumps(certificate).encode()
    (folder / "certificate.json").write_bytes(content)
    manifest = json.loads((folder / "zoo.json").read_text(encoding="utf-8"))
    manifest["certificate_sha256"] = hashlib.sha256(content).hexdigest()
    (folder / "zoo.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_a_certificate_that_lies_about_its_weights_is_refused(logistic, tmp_path):
    (artifact,) = api.export(run=logistic.path, output=tmp_path / "made", precision="int8")
    name = artifact.id
    for number, (said, words) in enumerate(
        (
            ({}, "weights in fp32, not in int8"),
            ({"precision": "int8-dynamic"}, "weights in int8-dynamic, not in int8"),
            ({"loss": 0.5}, "costs more of its task than was allowed"),
            ({"size": -7}, "has no size"),
        )
    ):
        with pytest.raises(IntegrityError, match=words):
            api.verify(lie(artifact, tmp_path / str(number) / name, **said))
    assert api.verify(lie(artifact, tmp_path / "same" / name, precision="int8")).passed


class Normalised(nn.Module):
    """Layers that the exporter joins with what normalises them."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *(
                nn.Conv2d(1, 16, 3),
                nn.BatchNorm2d(16),
                nn.ReLU(),
                nn.Conv2d(16, 16, 3, bias=False),
                nn.BatchNorm2d(16),
                nn.Flatten(),
            ),
            *(nn.Linear(256, 32), nn.BatchNorm1d(32)),
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """float32 [batch, 1, 8, 8] → [batch, 32]."""
        return self.layers(image)


def test_normalisation_is_joined_before_weights_are_rounded():
    torch.manual_seed(0)
    module = Normalised()
    module(torch.randn(64, 1, 8, 8) * 3 + 1)  # statistics that are not 0 and 1
    module.eval()
    image = torch.randn(5, 1, 8, 8)
    small = rounded(module, "int8")
    assert not any(isinstance(part, nn.BatchNorm2d | nn.BatchNorm1d) for part in small.modules())
    assert torch.allclose(small(image), module(image), atol=0.1)
    assert any(isinstance(part, nn.BatchNorm2d) for part in module.modules())  # the network itself is left alone
    with quiet_export():
        program = torch.onnx.export(small, (image,), dynamo=True, verbose=False)
    assert store(program.model, "int8") == sum(weight.numel() for weight in small.parameters() if weight.numel() >= LEAST)


def test_what_is_rounded_in_the_end_is_refused_in_whole_numbers(tmp_path):
    run = api.train("autoencoder.linear-decoder", recipe={"steps": 2}, output=tmp_path / "runs")
    with pytest.raises(ExportError, match="cannot be exact: its reconstruction is rounded to whole numbers; --precision int8"):
        api.export(run=run.path, output=tmp_path, precision="int8-dynamic", variants=["autoencoder"])


@pytest.mark.parametrize("opset", [17, 20])
@pytest.mark.parametrize("layout", ["Gemm, turned", "Gemm", "MatMul"])
def test_a_product_of_whole_numbers(opset, layout):
    weight = rounded(Weighted(a_weight(40, 60, 3, 1)), "int8").weight.detach()
    bias = torch.linspace(-1, 1, 40)
    shape = ["batch", 3, 60] if layout == "MatMul" else ["batch", 60]
    laid = weight.numpy() if layout == "Gemm, turned" else np.ascontiguousarray(weight.numpy().T)
    names = ["x", "w"] if layout == "MatMul" else ["x", "w", "b"]
    node = onnx.helper.make_node(layout.partition(",")[0], names, ["y"], **({"transB": 1} if "turned" in layout else {}))
    graph = onnx.helper.make_graph(
        [node],
        "one",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, shape)],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [*shape[:-1], 40])],
        [numpy_helper.from_array(laid, "w"), *([] if layout == "MatMul" else [numpy_helper.from_array(bias.numpy(), "b")])],
    )
    model = ir.from_proto(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", opset)], ir_version=9))
    model.graph[0].metadata_props[CLASSES] = "['torch.nn.modules.linear.Linear', 'aten.linear.default']"
    assert store(model, "int8-dynamic") == 2400
    content = ir.to_proto(model).SerializeToString()
    onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
    assert [node.op_type for node in model.graph].count("MatMulInteger") == 1
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    x = torch.randn(7, *([3] if layout == "MatMul" else []), 60)
    x[2] = 0
    (found,) = session.run(None, {"x": x.numpy()})
    right = nn.functional.linear(to_steps(x), weight, None if layout == "MatMul" else bias).numpy()
    assert np.abs(found - right).max() < 1e-5 * np.abs(right).max()


def test_what_costs_too_much_is_refused_and_nothing_is_left(logistic, tmp_path, monkeypatch, zoo_registry):
    monkeypatch.setattr(Classification, "loss_allowed", -1.0)
    source = source_of(None, logistic.path, tmp_path, zoo_registry, Progress())
    with pytest.raises(ExportError, match=r"logreg.sgd is rejected in int8: accuracy 0\.\d+ in int8, 0\.\d+ in fp32, worse by"):
        export(source, tmp_path / "exported", precision="int8", progress=Progress())
    assert not (tmp_path / "exported").exists()


def test_unknown_and_useless(source, tmp_path):
    with pytest.raises(UnknownName, match="There is no precision 'int8-statik'; did you mean int8-static"):
        export(source, tmp_path, precision="int8-statik", progress=Progress())
    with pytest.raises(ExportError, match="No weight of this model has 1,024 numbers or more"):
        export(source, tmp_path, precision="int8", progress=Progress())
    with pytest.raises(UsageError, match="int8 is for one model"):
        api.export(output=tmp_path, runs=tmp_path, precision="int8")


def test_older_manifests_say_nothing_and_mean_float32(logistic, tmp_path):
    (artifact,) = api.export(run=logistic.path, output=tmp_path)
    plain = json.loads((artifact.path / "zoo.json").read_text(encoding="utf-8"))
    assert plain.pop("precision") == "fp32"
    assert parse(json.dumps(plain), where="x").precision == "fp32"
