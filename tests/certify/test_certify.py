"""Planted faults: a graph that is not its PyTorch original never becomes an artifact."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from zoo.certify.certificate import EPSILON, error_bound
from zoo.certify.compare import changed_answers, largest_error
from zoo.certify.placement import fallen_back, placed_on
from zoo.errors import ExportError, ParityError, UsageError
from zoo.exporting import export as exporting
from zoo.exporting.export import export
from zoo.exporting.heads import LabelHead
from zoo.progress import Progress


def exported(source, folder, **options):
    (artifact,) = export(source, folder, progress=Progress(), **options)
    return artifact


def plant(monkeypatch, change):
    """Change the file between tracing and certifying."""
    real = exporting.trace

    def trace(*arguments, **options):
        content, outputs = real(*arguments, **options)
        model = onnx.load_from_string(content)
        change(model.graph)
        return model.SerializeToString(), outputs

    monkeypatch.setattr(exporting, "trace", trace)


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
def test_a_planted_fault_is_caught_and_nothing_is_left(name, source, tmp_path, monkeypatch):
    change, error = FAULTS[name]
    plant(monkeypatch, change)
    with pytest.raises(error, match="does not answer as its PyTorch original"):
        exported(source, tmp_path / "exported")
    assert list((tmp_path / "exported").iterdir()) == []


def test_a_fixed_batch_is_caught(source, tmp_path, monkeypatch):
    plant(monkeypatch, fixed_batch)
    with pytest.raises(Exception, match=r"shape|batch|could not answer|dimension"):
        exported(source, tmp_path / "exported")
    assert list((tmp_path / "exported").iterdir()) == []


def test_an_older_artifact_survives_a_failure(source, tmp_path, monkeypatch):
    first = exported(source, tmp_path)
    before = (first.path / "zoo.json").read_bytes()
    plant(monkeypatch, FAULTS["sign"][0])
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


def test_errors_see_nan_and_shape():
    assert largest_error(np.array([1.0, np.nan]), np.array([1.5, np.nan])) == 0.5
    assert largest_error(np.array([np.nan]), np.array([1.0])) == float("inf")
    assert largest_error(np.zeros(2), np.zeros(3)) == float("inf")
    assert largest_error(np.zeros((0, 3)), np.zeros((0, 3))) == 0


def test_a_changed_answer_is_explained_by_a_small_margin_only():
    head = LabelHead(("a", "b"))
    golden = np.array([[0.5 + 1e-8, 0.5 - 1e-8], [0.9, 0.1]])
    ours = np.array(["b", "b"])
    ties = changed_answers("test", ours, head.decide(golden), lambda at: head.candidates(golden[at], ours[at]), 1e-7)
    assert [(tie.index, tie.ours, tie.theirs, tie.explained) for tie in ties] == [(0, "b", "a", True), (1, "b", "a", False)]
    assert ties[1].margin == pytest.approx(0.8)
    assert head.margins(golden) == pytest.approx([2e-8, 0.8])


def test_a_profile_tells_what_fell_back():
    events = [
        {"cat": "Node", "name": "a_kernel_time", "args": {"provider": "CPUExecutionProvider", "op_name": "Conv"}},
        {"cat": "Node", "name": "b_kernel_time", "args": {"provider": "CPUExecutionProvider", "op_name": "Gather"}},
        {"cat": "Node", "name": "c_kernel_time", "args": {"provider": "CUDAExecutionProvider", "op_name": "Gemm"}},
        {"cat": "Session", "name": "run"},
    ]
    placed = placed_on(events, "CPUExecutionProvider")
    assert placed == {"Conv": 1, "Gather": 1}
    assert fallen_back(placed) == ["Conv"]
