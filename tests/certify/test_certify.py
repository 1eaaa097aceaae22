"""Planted faults: a graph that is not its PyTorch original never becomes an artifact."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from zoo.certify import certify as certifying
from zoo.certify import labels
from zoo.certify.certificate import EPSILON, Oracle, OutputBound, error_bound, metric_slack
from zoo.certify.compare import changed_answers, largest_error
from zoo.certify.golden import Golden
from zoo.certify.measured import Measured
from zoo.certify.oracle import ask_reference
from zoo.certify.placement import Placed, on_cpu, placed_on
from zoo.errors import ExportError, ParityError, UsageError
from zoo.exporting import classifier
from zoo.exporting.export import export
from zoo.exporting.heads import LabelHead
from zoo.graph import Graph
from zoo.progress import Progress


def exported(source, folder, **options):
    (artifact,) = export(source, folder, progress=Progress(), **options)
    return artifact


def set_weight(change):
    def edit(graph):
        for tensor in graph.initializer:
            if tensor.name.endswith("first.weight"):
                array = change(numpy_helper.to_array(tensor).copy())
                tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), tensor.name))
                return
        raise AssertionError([tensor.name for tensor in graph.initializer])

    return edit


def nudge(array):
    array[0, 0] += 2e-5
    return array


def swap_labels(graph):
    for tensor in graph.initializer:
        if tensor.name == "label_names":
            tensor.string_data[:] = list(tensor.string_data)[::-1]


def last_of_equals(graph):
    """ArgMin instead of ArgMax."""
    next(node for node in graph.node if node.op_type == "ArgMax").op_type = "ArgMin"


def fixed_batch(graph):
    """A batch of two wherever the exporter left it open."""
    graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2


FAULTS = {
    "transposed weight": (set_weight(lambda array: array.T), ParityError),
    "slightly stale weight": (set_weight(nudge), ParityError),
    "sign": (set_weight(lambda array: -array), ParityError),
    "labels in another order": (swap_labels, ParityError),
    "least probable class": (last_of_equals, ParityError),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_caught_and_nothing_is_left(name, source, tmp_path, plant):
    change, error = FAULTS[name]
    plant(change)
    with pytest.raises(error, match="does not answer as its PyTorch original"):
        exported(source, tmp_path / "exported")
    assert list((tmp_path / "exported").iterdir()) == []


def test_a_fixed_batch_is_caught(source, tmp_path, plant):
    plant(fixed_batch)
    with pytest.raises(Exception, match=r"shape|batch|could not answer|dimension"):
        exported(source, tmp_path / "exported")
    assert list((tmp_path / "exported").iterdir()) == []


def test_an_older_artifact_survives_a_failure(source, tmp_path, plant):
    first = exported(source, tmp_path)
    before = (first.path / "zoo.json").read_bytes()
    plant(FAULTS["sign"][0])
    with pytest.raises(ParityError):
        exported(source, tmp_path)
    assert (first.path / "zoo.json").read_bytes() == before


@pytest.mark.parametrize("opset", [17, 20, 25])
def test_every_opset_is_written_as_asked(opset, source, tmp_path):
    artifact = exported(source, tmp_path, opset=opset)
    model = onnx.load(artifact.path / "model.onnx")
    assert {entry.domain: entry.version for entry in model.opset_import}[""] == opset


@pytest.mark.parametrize("opset", [16, 26, 0])
def test_an_opset_that_cannot_be_written_is_refused(opset, source, tmp_path):
    with pytest.raises(UsageError, match="from 17 to 25"):
        exported(source, tmp_path, opset=opset)


def test_a_module_that_cannot_be_traced_is_said(source, tmp_path):
    class Branches(type(source.module)):
        def forward(self, pixels):
            return super().forward(pixels) if pixels.sum() > 0 else super().forward(-pixels)

    source.module.__class__ = Branches
    with pytest.raises(ExportError, match="cannot be traced"):
        exported(source, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_bound_is_that_of_the_house():
    assert error_bound(1e-6, 1.0) == 4e-6
    assert error_bound(1e-9, 1.0) == 8 * EPSILON
    assert np.isnan(error_bound(0, np.nan))
    assert np.isnan(error_bound(np.nan, 1))
    for bound in (error_bound(0, np.nan), np.inf):
        assert not OutputBound(bound=bound, golden_max=1, torch_error=0, onnxruntime_error=0).passed


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_model_of_nans_is_not_certified(value, source, tmp_path):
    with torch.no_grad():
        next(source.module.parameters()).fill_(value)
    with pytest.raises(ParityError, match="float64 answers of probabilities are not all finite"):
        exported(source, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_test_split_is_audited_on_every_provider(source, tmp_path, monkeypatch):
    """A second provider, here the CPU under another name, that answers the whole split wrongly."""
    real = certifying.open_model

    def opened(path, *, providers, **options):
        model = real(path, providers=("cpu",), **options)
        if providers == ("cuda",) and "level" not in options:
            answer = model.answer

            def wrong(inputs, **how):
                return {name: array[::-1] for name, array in answer(inputs, **how).items()}

            model.answer = wrong
        return model

    asked = []
    monkeypatch.setattr(certifying, "open_model", lambda path, **how: asked.append(how) or opened(path, **how))
    monkeypatch.setattr(certifying, "on_cpu", lambda *arguments: Placed({}, ()))
    with pytest.raises(ParityError, match=r"in test \(cuda\)") as caught:
        exported(source, tmp_path, providers=("cuda",))
    assert "accuracy is" in str(caught.value)
    assert [how["providers"][0] for how in asked if "level" not in how] == ["cpu", "cuda"]
    monkeypatch.setattr(certifying, "open_model", lambda path, *, providers, **how: real(path, providers=("cpu",), **how))
    artifact = exported(source, tmp_path, providers=("cuda",))
    assert artifact.certificate.audit.changed == ()
    page = (artifact.path / "certificate.md").read_text()
    assert "over the test split, on cpu and cuda" in page
    assert "| accuracy" in page


def test_metrics_are_compared(source, tmp_path, monkeypatch):
    calls = iter(({"loss": 0.1, "accuracy": 0.9}, {"loss": 0.1, "accuracy": 0.8}))
    with pytest.raises(ParityError, match=r"accuracy is 0\.8 instead of PyTorch's 0\.9 \(test\)"):
        exported(dataclasses.replace(source, judge=lambda answers, split: next(calls)), tmp_path)


def test_metrics_may_move_by_rounding_only(source):
    assert metric_slack("accuracy", 0.9, 0, 1000) < 1e-9
    assert metric_slack("accuracy", 0.9, 2, 1000) == pytest.approx(0.002)
    assert metric_slack("loss", 10.0, 5, 1000) == pytest.approx(1.01e-3)
    scores = np.array([[0.5, 0.5]])
    golden = Golden("test", {"x": scores}, {"probabilities": scores}, {"probabilities": scores})
    measured = Measured(Graph(source.module, ("probabilities",)), [golden], ["probabilities"])
    for ours in ({"loss": np.nan}, {}, {"loss": 1.0, "more": 1.0}, {"loss": 1.0}, {"loss": 1.00005}):
        measured.compare_metrics("test", {"loss": 1.0}, ours, changed=0, examples=10)
    assert len(measured.metrics) == 3


def ask(content, source):
    """The reference evaluator on a file, against answers of zeros."""
    pixels = source.dataset.splits["test"]["pixels"][:4]
    zeros = np.zeros((len(pixels), 4))
    golden = Golden("test", {"pixels": pixels}, {"probabilities": zeros}, {"probabilities": zeros})
    return ask_reference(content, golden, ["label", "probabilities"], (), {"probabilities": 1e-6})


def test_the_oracle_skips_only_what_it_lacks(source, tmp_path):
    artifact = exported(source, tmp_path)
    oracle = artifact.certificate.oracle
    assert (oracle.agrees, oracle.skipped, oracle.failure) == (True, None, None)
    assert oracle.examples == min(16, artifact.certificate.audit.examples)
    content = (artifact.path / "model.onnx").read_bytes()
    assert not ask(content, source).agrees

    unknown = onnx.load_from_string(content)
    softmax = next(node for node in unknown.graph.node if node.op_type == "Softmax")
    softmax.op_type, softmax.domain = "Softmaxer", "com.example"
    unknown.opset_import.add(domain="com.example", version=1)
    skipped = ask(unknown.SerializeToString(), source)
    assert "NotImplementedError" in skipped.skipped
    assert skipped.failure is None

    broken = onnx.load_from_string(content)
    next(node for node in broken.graph.node if node.op_type == "Softmax").attribute[0].i = 7
    failed = ask(broken.SerializeToString(), source)
    assert failed.skipped is None
    assert failed.failure
    assert not failed.agrees


def test_an_oracle_that_breaks_down_is_a_problem(source, tmp_path, monkeypatch):
    monkeypatch.setattr(certifying, "ask_reference", lambda *arguments: Oracle(engine="x", failure="ValueError: boom"))
    with pytest.raises(ParityError, match="reference evaluator broke down: ValueError: boom"):
        exported(source, tmp_path)


def invent_a_label(graph):
    for tensor in graph.initializer:
        if tensor.name == "label_names":
            tensor.string_data[:] = [b"invented"] * len(tensor.string_data)


def test_an_invented_label_is_no_tie(source, tmp_path, plant):
    assert labels.gaps(("a", "b"), np.array([[0.4, 0.6]] * 3), np.array(["a", "b", "c"])).tolist() == pytest.approx(
        [0.2, 0.0, np.inf]
    )
    plant(invent_a_label)
    with pytest.raises(ParityError, match="invented instead of"):
        exported(source, tmp_path)


@pytest.mark.parametrize("count", [3, 5])
def test_scores_and_labels_must_be_as_many(count, source, tmp_path, monkeypatch):
    names = tuple("abcde"[:count])
    monkeypatch.setattr(classifier, "LabelHead", lambda classes: LabelHead(names))
    with pytest.raises(ExportError, match=f"for {count} labels it should be"):
        exported(source, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_errors_see_nan_and_shape():
    assert largest_error(np.array([1.0, np.nan]), np.array([1.5, np.nan])) == float("inf")
    assert largest_error(np.array([np.inf]), np.array([np.inf])) == float("inf")
    assert largest_error(np.array([1.0]), np.array([np.nan])) == float("inf")
    assert largest_error(np.array([np.nan]), np.array([1.0])) == float("inf")
    assert largest_error(np.zeros(2), np.zeros(3)) == float("inf")
    assert largest_error(np.zeros((0, 3)), np.zeros((0, 3))) == 0


def test_a_changed_answer_is_explained_by_a_small_margin_only():
    head = LabelHead(("a", "b"))
    golden = np.array([[0.5 + 1e-8, 0.5 - 1e-8], [0.9, 0.1]])
    ours = np.array(["b", "b"])
    values = {"probabilities": golden}
    ties = changed_answers(
        "test", ours, head.decide(values), lambda at: head.candidates({"probabilities": golden[at]}, ours[at]), 1e-7
    )
    assert [(tie.index, tie.ours, tie.theirs, tie.explained) for tie in ties] == [(0, "b", "a", True), (1, "b", "a", False)]
    assert ties[1].margin == pytest.approx(0.8)
    assert head.margins(values) == pytest.approx([2e-8, 0.8])


def test_a_profile_tells_what_fell_back():
    def node(operator: str, dtype: str, provider: str = "CPUExecutionProvider") -> dict[str, object]:
        types = {"input_type_shape": [{dtype: [2]}], "output_type_shape": [{"int64": [2]}]}
        return {"cat": "Node", "name": f"{operator}_{dtype}", "args": {"provider": provider, "op_name": operator, **types}}

    here = [("Conv", "float16"), ("Gather", "float"), ("GatherND", "string"), ("Add", "int64"), ("Add", "float")]
    events = [*(node(*one) for one in here), node("Gemm", "float", "CUDAExecutionProvider"), {"cat": "Session", "name": "run"}]
    placed = placed_on(events, "CPUExecutionProvider")
    assert placed.nodes == {"Add": 2, "Conv": 1, "Gather": 1, "GatherND": 1}
    assert placed.computing == ("Add", "Conv")


def test_the_profile_of_a_session_names_types():
    """What the verdict on a provider is read from: on the CPU, all that computes on floats has stayed there."""
    exported = Path(__file__).parents[2] / "exported"
    model = (exported / "seq2seq.help-pl-en.int8" / "model.onnx").read_bytes()
    placed = on_cpu(model, "cpu", {"text": np.array(["Wybierz."], dtype=object)})
    assert {"RegexFullMatch", "GatherND", "GRU", "MatMul"} <= set(placed.nodes)
    assert {"GRU", "MatMul", "Softmax"} <= set(placed.computing)
    assert not {"RegexFullMatch", "GatherND", "StringSplit", "LabelEncoder", "CumSum", "Less"} & set(placed.computing)
