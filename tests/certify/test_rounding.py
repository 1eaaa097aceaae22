"""Whole numbers at the end of a graph: rounding, ties, and the float that is no output."""

from __future__ import annotations

import hashlib
import io
import json
import shutil

import numpy as np
import onnx
import onnx_ir as ir
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import numpy_helper

from zoo import api
from zoo.certify import rounding
from zoo.certify.certificate import TIE, hidden_bound
from zoo.certify.compare import changed_answers
from zoo.certify.replay import replay
from zoo.errors import IntegrityError, ParityError
from zoo.exporting.export import export
from zoo.exporting.heads import RoundingHead
from zoo.exporting.source import source_of
from zoo.progress import Progress

HALVES = np.array([[-0.3, 0.0, 0.5 / 255, 1.5 / 255, 2.5 / 255, 254.5 / 255, 1.0, 1.7]])


def graph_of(head):
    """The head alone as a session: `pixels` float32 [batch, n] → uint8."""
    import onnxruntime

    source = ir.Value(name="pixels", type=ir.TensorType(ir.DataType.FLOAT), shape=ir.Shape(["batch", "n"]))
    graph = ir.Graph([source], [], nodes=[], opset_imports={"": 20}, name="g")
    graph.outputs.append(head.attach(graph, {"pixels": source}))
    content = ir.to_proto(ir.Model(graph, ir_version=10)).SerializeToString()
    onnx.checker.check_model(content, full_check=True)
    return onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])


def test_numpy_torch_and_the_graph_round_alike():
    values = np.concatenate([HALVES[0], np.linspace(-0.1, 1.1, 5000), np.arange(0, 255.5, 0.5) / 255]).astype(np.float32)[None]
    ours = rounding.decide(values)
    theirs = (torch.from_numpy(values) * 255).round().clamp(0, 255).to(torch.uint8).numpy()
    (made,) = graph_of(RoundingHead("pixels", "image")).run(None, {"pixels": values})
    assert np.array_equal(ours, theirs)
    assert np.array_equal(ours, made)


def test_halves_go_to_the_even_neighbour_and_ends_are_cut():
    exact = np.array([[0.5, 1.5, 2.5, 253.5]]) / 255
    assert rounding.decide(exact * 1.0).tolist() in ([[0, 2, 2, 254]], [[1, 2, 3, 254]])  # 0.5 / 255 · 255 may not be 0.5
    assert rounding.decide(np.array([[-3.0, 2.0, np.nan]])).tolist() == [[0, 255, 0]]


@given(st.lists(st.floats(-1, 2), min_size=1, max_size=6), st.data())
@settings(max_examples=200)
def test_the_gap_is_nothing_for_the_own_answer_and_more_for_any_other(values, data):
    row = np.array([values])
    own = rounding.decide(row)
    assert rounding.gaps(row, own) == 0
    other = own.copy()
    place = data.draw(st.integers(0, len(values) - 1))
    other[0, place] = data.draw(st.integers(0, 255).filter(lambda number: number != own[0, place]))
    assert rounding.gaps(row, other)[0] >= rounding.margins(row)[0] - 1e-15


def test_only_a_hair_from_the_middle_is_a_tie():
    values = np.array([[7.5 / 255 + 1e-8], [7.5 / 255 + 1e-3]])
    own = rounding.decide(values)
    assert own.tolist() == [[8], [8]]
    ours = own - np.uint8(1)
    ties = changed_answers("test", ours, own, lambda at: rounding.gaps(values[at], ours[at]), 1e-7)
    assert [(tie.ours, tie.theirs, tie.explained) for tie in ties] == [
        ("7 at [0]", "8 at [0]", True),
        ("7 at [0]", "8 at [0]", False),
    ]
    assert ties[0].margin == pytest.approx(2e-8, rel=1e-3)


def test_a_hidden_bound_is_never_more_than_half_a_tie():
    assert hidden_bound(1e-7, 1.0) == pytest.approx(8 * 2.0**-23)
    assert hidden_bound(1.0, 1.0) == TIE / 2
    assert np.isnan(hidden_bound(np.nan, 1.0))


@pytest.fixture(scope="module")
def trained_autoencoder(tmp_path_factory, small_data_session):
    folder = tmp_path_factory.mktemp("rounding")
    with small_data_session():
        return api.train("autoencoder.dense-32", recipe={"steps": 20}, output=folder / "runs")


@pytest.fixture
def autoencoder(trained_autoencoder, small_data, zoo_registry, tmp_path):
    return source_of(None, trained_autoencoder.path, tmp_path, zoo_registry, Progress())


def scaled(graph):
    """255 becomes 254.9."""
    for tensor in graph.initializer:
        if tensor.name.endswith("_most"):
            tensor.CopyFrom(numpy_helper.from_array(np.array(254.9, np.float32), tensor.name))


def floored(graph):
    next(node for node in graph.node if node.op_type == "Round").op_type = "Floor"


def uncut(graph):
    """The last layer a little off: by 2e-5, which moves few pixels over the middle."""
    tensor = next(tensor for tensor in graph.initializer if tensor.name.endswith("decoder.0.weight"))
    tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(1.0001), tensor.name))


@pytest.mark.parametrize("change", [scaled, floored, uncut])
def test_a_planted_fault_is_caught(change, autoencoder, tmp_path, plant):
    plant(change)
    with pytest.raises(ParityError, match=r"answers differ without a tie.* at \[\d+, \d+\]"):
        export(autoencoder, tmp_path / "exported", variants=["decoder"], progress=Progress())
    assert list((tmp_path / "exported").iterdir()) == []


@pytest.fixture(scope="module")
def original(trained_autoencoder, tmp_path_factory, small_data_session):
    with small_data_session():
        (artifact,) = api.export(run=trained_autoencoder.path, variants=["decoder"], output=tmp_path_factory.mktemp("exported"))
    return artifact.path


@pytest.fixture
def folder(original, tmp_path):
    return shutil.copytree(original, tmp_path / original.name)


def forge(folder, change_golden=None, change_certificate=None):
    """A forger who keeps the manifest's hashes right."""
    with np.load(folder / "golden.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    certificate = json.loads((folder / "certificate.json").read_text())
    if change_golden:
        change_golden(arrays)
    if change_certificate:
        change_certificate(certificate)
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    (folder / "golden.npz").write_bytes(stream.getvalue())
    (folder / "certificate.json").write_text(json.dumps(certificate))
    manifest = json.loads((folder / "zoo.json").read_text())
    for name, field in (("certificate.json", "certificate_sha256"), ("golden.npz", "golden_sha256")):
        manifest[field] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    (folder / "zoo.json").write_text(json.dumps(manifest))


def test_whole_numbers_must_follow_from_the_hidden_ones(folder):
    assert replay(folder).passed

    def one_more(arrays):
        arrays["batch-7:out:image"][0, 3, 3] += 1

    forge(folder, one_more)
    with pytest.raises(IntegrityError, match="contradict each other: image is not what pixels say"):
        replay(folder)


def test_other_golden_numbers_fail(folder):
    def lighter(arrays):
        arrays["batch-7:out:pixels"][0, 3, 3] += 1.5 / 255
        arrays["batch-7:out:image"] = rounding.decide(arrays["batch-7:out:pixels"])

    forge(folder, lighter)
    found = replay(folder)
    assert not found.passed
    assert "answers differ without a tie" in found.problems[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda hidden: hidden["pixels"].update(bound=1e-3), "the bound of pixels is 0.001"),
        (
            lambda hidden: hidden["pixels"].update(torch_error=1e-4, bound=4e-4),
            "the bound of pixels is 0.0004, which should be 5e-06",
        ),
        (lambda hidden: hidden["pixels"].update(golden_max=0.0, bound=4 * hidden["pixels"]["torch_error"]), "other values"),
        (lambda hidden: hidden.update(image=hidden["pixels"]), "it calls image hidden, which the model answers"),
        (dict.clear, "does not hold an answer|follows from pixels"),
    ],
)
def test_a_forged_hidden_bound_is_refused(change, said, folder):
    forge(folder, change_certificate=lambda certificate: change(certificate["hidden"]))
    with pytest.raises(IntegrityError, match=said):
        replay(folder)
