"""Where a graph goes wrong: faults planted between a network and its file are found at the right module."""

from __future__ import annotations

import copy
import dataclasses

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

from tests.certify import text_model
from tests.certify.test_certify import FAULTS, exported
from zoo.certify.locate import locate
from zoo.errors import ParityError
from zoo.exporting import trained as exporting
from zoo.exporting.trace import trace
from zoo.graph import Graph
from zoo.sample import sample_input
from zoo.spec import TensorSpec

PICTURE = TensorSpec(name="picture", dtype="float32", shape=("batch", 1, 6, 6), meaning="brightness", low=-1, high=1)
SCORES = TensorSpec(name="scores", dtype="float32", shape=("batch", 6), meaning="of each class")
SENTENCES = np.array(["der Hund sieht ein rot Haus .", "ein Mann", "Frau und Katze schläft groß", "Ball ,"], object)


class Recurrent(nn.Module):
    """Reads rows with an LSTM, of which ONNX has one node, and adds what it knows at the end."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(6, 6, batch_first=True)

    def forward(self, rows):
        return self.lstm(rows)[0].sum(1)


class Sums(nn.Module):
    """Adds rows."""

    def forward(self, rows):
        return rows.sum(1)


def network(middle=Sums):
    """A convolution that the exporter joins with the normalisation behind it, one that it cannot, layers with square matrices."""
    torch.manual_seed(0)
    front = [nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.BatchNorm2d(4), nn.Conv2d(4, 1, 1), nn.Flatten(1, 2)]
    module = nn.Sequential(*front, middle(), nn.Linear(6, 6), nn.Tanh(), nn.Linear(6, 6)).eval()
    for norm in (module[1], module[3]):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.2, 2)
    return module


def transposed(layer):
    layer.weight.data = layer.weight.data.T.contiguous()


def stale(layer):
    layer.reset_parameters()


def coarse(layer):
    layer.eps = 0.1


def swapped(layer):
    first, second, *rest = layer.weight_hh_l0.data.chunk(4)
    layer.weight_hh_l0.data = torch.cat([second, first, *rest])


def file_of(module):
    return trace(Graph(module, ("scores",)), (PICTURE,), (SCORES,), name="small", metadata={}).content


def located(module, content):
    cases = {"noise": {"picture": sample_input(PICTURE, {"batch": 5})}}
    return locate(Graph(module, ("scores",)), content, (PICTURE,), cases)


PLANTED = {
    "epsilon": ("3", coarse, ["3"], "BatchNormalization"),
    "epsilon of what is joined": ("1", coarse, ["0", "1"], "Conv"),
    "stale weight": ("4", stale, ["4"], "Conv"),
    "swapped gates": ("6.lstm", swapped, ["6.lstm"], "LSTM"),
    "transposed weight": ("7", transposed, ["7"], "Gemm"),
    "stale weight of the last layer": ("9", stale, ["9"], "Gemm"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_is_found_at_its_module(name):
    path, change, modules, operator = PLANTED[name]
    module = network(Recurrent if path == "6.lstm" else Sums)
    wrong = copy.deepcopy(module)
    change(wrong.get_submodule(path))
    found = located(module, file_of(wrong))
    assert found is not None
    assert [one.name for one in found.modules] == modules
    assert found.first.operator == operator
    assert found.turn is None
    assert found.largest > 4 * found.bound
    assert f"`{path}` ({type(module.get_submodule(path)).__name__})" in str(found)


def test_the_numbers_are_those_of_both_sides():
    module = network()
    wrong = copy.deepcopy(module)
    wrong[9].bias.data[3] += 0.5
    found = located(module, file_of(wrong))
    assert (found.ours.shape, found.theirs.shape) == ((5, 6), (5, 6))
    assert found.at[1] == 3
    assert found.largest == pytest.approx(0.5, abs=1e-5)
    assert found.ours.mean - found.theirs.mean == pytest.approx(0.5 / 6, abs=1e-5)


def test_nothing_is_found_where_nothing_is_wrong():
    module = network()
    assert located(module, file_of(module)) is None


@pytest.fixture(scope="module")
def translator():
    graph = text_model.declared()
    return graph, trace(graph, (text_model.TEXT,), (text_model.TRANSLATION, text_model.SCORE), name="toy", metadata={}).content


def body_of(graph):
    return next(
        attribute.g for node in graph.node if node.op_type == "Loop" and node.metadata_props for attribute in node.attribute
    )


def scaled(name):
    def edit(graph):
        tensor = next(tensor for tensor in graph.initializer if tensor.name == name)
        tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor) * np.float32(1.05), name))

    return edit


def unmasked(graph):
    node = next(node for node in body_of(graph).node if node.name == "node_masked_fill")
    node.op_type = "Identity"
    del node.input[:2]


def one_step_further(graph):
    nodes = body_of(graph).node
    at = next(number for number, node in enumerate(nodes) if node.op_type == "Equal" and node.input[0].startswith("arange"))
    graph.initializer.append(numpy_helper.from_array(np.array(1), "planted_one"))
    nodes.insert(at, onnx.helper.make_node("Add", [nodes[at].input[1], "planted_one"], ["planted_sum"], name="planted"))
    nodes[at + 1].input[1] = "planted_sum"


def lengths_forgotten(graph):
    next(node for node in graph.node if node.op_type == "GRU").input[4] = ""


def exchanged(graph):
    """Two words of the source."""
    (encoder,) = (node for node in graph.node if node.op_type == "LabelEncoder")
    (keys,) = (attribute.t for attribute in encoder.attribute if attribute.name == "keys_tensor")
    keys.string_data[1], keys.string_data[3] = keys.string_data[3], keys.string_data[1]


LOOPED = {
    "weight of a step": (scaled("out.weight"), "out", "Gemm", 0),
    "weight of the cell": (scaled("cell.weight_hh"), "cell", "Gemm", 0),
    "missing mask": (unmasked, "", "Identity", 0),
    "one place further": (one_step_further, "", "Equal", 0),
    "padding read as words": (lengths_forgotten, "encoder.gru", "GRU", None),
}


def planted(translator, edit):
    model = onnx.load_from_string(translator[1])
    edit(model.graph)
    return locate(translator[0], model.SerializeToString(), (text_model.TEXT,), {"own": {"text": SENTENCES}})


@pytest.mark.parametrize("name", LOOPED)
def test_a_fault_is_found_inside_a_search(name, translator):
    edit, module, operator, turn = LOOPED[name]
    found = planted(translator, edit)
    assert found is not None
    assert found.modules[0].name == module
    assert operator in (found.first.operator, found.last.operator)
    assert found.turn == turn
    assert (f", iteration {turn}: " in str(found)) == (turn is not None)


def test_a_text_read_wrongly_is_not_blamed_on_the_network(translator):
    found = planted(translator, exchanged)
    assert found.modules == ()
    assert "what reads `text`" in str(found)


def test_an_intact_search_is_found_so(translator):
    assert planted(translator, lambda graph: None) is None


@pytest.mark.parametrize(
    ("fault", "where"),
    [
        ("sign", r"; first differs in `network\.first` \(Linear\) at node `node_linear` \(Gemm\): onnxruntime -?\d"),
        (
            "labels in another order",
            r"; first differs in what makes `label` at nodes `label_index` \(ArgMax\) to `label_name` \(Gather\)",
        ),
    ],
)
def test_a_refused_export_says_where(fault, where, source, tmp_path, plant):
    plant(FAULTS[fault][0])
    with pytest.raises(ParityError, match=where):
        exported(source, tmp_path)


def test_what_cannot_be_located_does_not_hide_the_error(source, tmp_path, plant, monkeypatch):
    plant(FAULTS["sign"][0])
    real = exporting.said
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no graph")
    monkeypatch.setattr(exporting, "said", lambda subject, found: real(dataclasses.replace(subject, path=broken), found))
    with pytest.raises(ParityError, match=r"probabilities lies .*; where could not be located \(DecodeError: .*\)\.$"):
        exported(source, tmp_path / "exported")
