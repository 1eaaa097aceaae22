"""What is planted where: a fault of each kind in each model that can have it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import onnx
import torch
from onnx import NodeProto, TensorProto, helper
from torch import Tensor, nn

from zoo.text import END

NOTHING = "none"
"""Is not to be caught."""
Plant = Callable[[nn.Module, nn.Module], None]
"""Changes the module that is traced; the other one is the same after fewer steps."""


@dataclass(frozen=True)
class Fault:
    """What is planted where.

    Args:
        name: kind of fault.
        module: qualified name in the declared graph; empty for the code of the outermost module itself.
        change: of the module to be traced, or of the file.
        file: whether it is of the file.
        before: what is done to the original, and so to the file, too.
    """

    name: str
    module: str
    change: Any
    file: bool = False
    before: Callable[[nn.Module], None] | None = None


def weight(path: str, change: Callable[[Tensor], Tensor], parameter: str = "weight") -> Plant:
    """A change of one parameter."""

    def plant(module: nn.Module, stale: nn.Module) -> None:
        del stale
        tensor = getattr(module.get_submodule(path), parameter)
        tensor.data = change(tensor.data).contiguous().clone()
        thaw(module)

    return plant


def thaw(module: nn.Module) -> None:
    """Lay the weights out again for ONNX, where a module keeps a copy for that."""
    for part in module.modules():
        if hasattr(part, "freeze"):
            part.freeze()


def stale(path: str) -> Fault:
    """A layer as it was after a few steps of training."""

    def plant(module: nn.Module, before: nn.Module) -> None:
        module.get_submodule(path).load_state_dict(before.get_submodule(path).state_dict())
        thaw(module)

    return Fault("stale weight", path, plant)


def untrained(path: str) -> Fault:
    """A layer as it is before the weights that are set by hand."""

    def plant(module: nn.Module, _: nn.Module) -> None:
        torch.manual_seed(0)
        layer = module.get_submodule(path)
        assert isinstance(layer, nn.Linear)
        layer.reset_parameters()

    return Fault("stale weight", path, plant)


def transposed(path: str) -> Fault:
    """A square matrix, or filters with as many inputs as outputs."""
    return Fault("transposed weight", path, weight(path, lambda tensor: tensor.transpose(0, 1)))


def epsilon(path: str) -> Fault:
    """A hundred times that of a normalisation, or PyTorch's own where that is another."""
    return Fault("wrong epsilon", path, lambda module, _: setattr(module.get_submodule(path), "eps", 1e-1))


def gates(path: str, blocks: int, parameter: str = "weight") -> Fault:
    """The first two blocks of rows of a recurrent layer's matrix change places."""

    def swap(tensor: Tensor) -> Tensor:
        first, second, *rest = tensor.chunk(blocks)
        return torch.cat([second, first, *rest])

    return Fault("swapped gates", path, weight(path, swap, parameter))


def body_of(graph: onnx.GraphProto) -> onnx.GraphProto:
    """The body of the loop that was traced."""
    return next(
        attribute.g for node in graph.node if node.op_type == "Loop" and node.metadata_props for attribute in node.attribute
    )


def unmasked(where: str, nodes: Callable[[onnx.GraphProto], Any]) -> Fault:
    """What was to be left out is not."""

    def edit(graph: onnx.GraphProto) -> None:
        node: NodeProto = next(node for node in nodes(graph) if node.name.startswith("node_masked_fill"))
        node.op_type = "Identity"
        del node.input[:2]

    return Fault("missing mask", where, edit, file=True)


def one_more(graph: onnx.GraphProto, nodes: Any, node: NodeProto, place: int) -> None:
    """One more than a node was to read."""
    graph.initializer.append(helper.make_tensor("planted_one", TensorProto.INT64, [], [1]))
    before = next(number for number, other in enumerate(nodes) if other.name == node.name)
    nodes.insert(before, helper.make_node("Add", [node.input[place], "planted_one"], ["planted_sum"], name="planted_add"))
    nodes[before + 1].input[place] = "planted_sum"


def longer(graph: onnx.GraphProto) -> None:
    """A translation may have one word more."""
    nodes = body_of(graph).node
    one_more(graph, nodes, next(node for node in nodes if node.op_type == "GreaterOrEqual"), 1)


def further(graph: onnx.GraphProto) -> None:
    """Each word is written one place further on."""
    nodes = body_of(graph).node
    (place,) = (node for node in graph.node if node.name.startswith("node_arange"))
    one_more(graph, nodes, next(node for node in nodes if node.op_type == "Equal" and place.output[0] in node.input), 1)


def endless(module: nn.Module) -> None:
    """A translator that never says that it has ended: each of its translations is as long as it may be."""
    module.get_submodule("translator").bias.data[END] -= 100


def search(cell: str, blocks: int, *, attention: bool, square: bool = False) -> tuple[Fault, ...]:
    """The faults of a translator."""
    swaps = (gates("translator.cell.past", blocks), gates("translator.encoder.layers.0", blocks, "weight_hh_l0"))
    return (
        *(swaps if cell != "rnn" else ()),
        *((transposed("translator.cell.past"),) if square else ()),
        *((unmasked("translator.attention", lambda graph: body_of(graph).node),) if attention else ()),
        Fault(NOTHING, "", lambda _: None, file=True, before=endless),
        Fault("off by one: limit", "", longer, file=True, before=endless),
        Fault("off by one: place", "", further, file=True, before=endless),
        stale("translator.readout"),
        stale("translator.encoder"),
        stale("translator.cell.word"),
    )


FAULTS: dict[str, tuple[Fault, ...]] = {
    "logreg.sgd": (stale("network.linear"),),
    "camera.trained": (stale("network.third"), transposed("network.second")),
    "boolean.xor": (untrained("network.layers.0"), untrained("network.layers.1")),
    "mlp.batchnorm": (epsilon("network.hidden.2"), transposed("network.hidden.3"), stale("network.output")),
    "cnn.fast": (
        epsilon("network.features.1"),
        epsilon("network.features.5"),
        stale("network.features.3"),
        stale("network.features.0"),
    ),
    "autoencoder.best": (epsilon("network.encoder.1"), stale("network.encoder.3")),
    "autoencoder.denoising": (transposed("network.encoder.4"), stale("network.decoder.7")),
    "autoencoder.denoising:decoder": (transposed("network.decoder.1"), stale("network.decoder.4")),
    "word2vec.skipgram": (
        Fault("stale weight", "", lambda module, before: setattr(module.vectors, "data", before.vectors.data)),
        unmasked("", lambda graph: graph.node),
    ),
    "seq2seq.gru-attention:greedy": search("gru", 3, attention=True),
    "seq2seq.gru-attention:beam": search("gru", 3, attention=True),
    "seq2seq.lstm-attention:greedy": search("lstm", 4, attention=True),
    "seq2seq.lstm:greedy": search("lstm", 4, attention=False),
    "seq2seq.rnn:greedy": search("rnn", 1, attention=False, square=True),
}
"""Model, or model and variant → what is planted."""
