"""Which part and module of a model each node of onnxruntime's own graph came from.

torch's exporter writes into each node's metadata which module it is of. onnxruntime drops that, fuses nodes and renames them. So a
node that it runs is looked up in the file: by its name; by the value it makes, where a fused node makes what its last one made; by
its name without what onnxruntime put around it; and what was put in between (reorders, copies) counts where its input came from.
What is not found so is `OTHER`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING

from zoo.benchmark.arithmetic import Shape
from zoo.graph import SCOPES

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto

FRONT, NETWORK, SEARCH, BACK, OTHER = "text front", "network", "search", "answer", "fused/other"
NO_MODULE = "nodes of no module"
PARTS = (FRONT, NETWORK, SEARCH, BACK, OTHER)
"""What is done to a text before the network, the network, the loop in which it searches, what makes its numbers an answer."""
_WEIGHT = re.compile(r"(?P<module>.+)\.\w+\Z")
_ADDED = re.compile(r"_[a-z]+\Z")
"""What onnxruntime puts behind a name: `relu_2_nchwc`, `getitem_3_bn_nchwc`. Numbers are torch's, and tell layers apart."""


@dataclass(frozen=True)
class Place:
    """Where a node came from: one of `PARTS`, and the module as its author called it."""

    part: str
    module: str


@dataclass(frozen=True)
class Known:
    """What is known of a node that onnxruntime runs.

    Args:
        place: where it came from.
        weights: shapes of its constant inputs, in order.
        weight_bytes: of these.
    """

    place: Place
    weights: tuple[Shape, ...] = ()
    weight_bytes: int = 0


@dataclass
class Graph:
    """A graph and those inside it, flat: nodes by name, producers by value, shapes and bytes of constants by name."""

    nodes: dict[str, NodeProto] = field(default_factory=dict)
    makers: dict[str, NodeProto] = field(default_factory=dict)
    constants: dict[str, tuple[Shape, int]] = field(default_factory=dict)
    looped: set[str] = field(default_factory=set)


def known_nodes(file: bytes, run: bytes, *, inputs: Sequence[str], outputs: Sequence[str]) -> dict[str, Known]:
    """What is known of each node by the name it has in a profile.

    Args:
        file: the artifact's model.
        run: the same as onnxruntime optimised it.
        inputs: of the graph; the nodes of a front bear the name of its text.
        outputs: of the graph; the nodes of a head bear the name of what it makes.
    """
    original, optimised = flat(file), flat(run)
    found: dict[str, Known] = {}
    for name, node in optimised.nodes.items():
        constants = [optimised.constants[value] for value in node.input if value in optimised.constants]
        source = _source(node, original, optimised)
        place = _place(source, original, inputs, outputs) if source is not None else Place(OTHER, OTHER)
        found[name] = Known(place, tuple(shape for shape, _ in constants), sum(size for _, size in constants))
    return found


def named(content: bytes) -> bytes:
    """The model with a name for every node: those of a profile are known by nothing else."""
    import onnx

    model = onnx.load_model_from_string(content)
    nameless = [node for graph, _ in _graphs(model.graph) for node in graph.node if not node.name]
    for number, node in enumerate(nameless):
        node.name = f"nameless_{number}_{node.op_type}"
    serialised: bytes = model.SerializeToString()
    return serialised if nameless else content


def flat(content: bytes) -> Graph:
    """A model's nodes, those in bodies of loops and branches among them."""
    import onnx

    found = Graph()
    for graph, looped in _graphs(onnx.load_model_from_string(content).graph):
        for tensor in graph.initializer:
            found.constants[tensor.name] = tuple(tensor.dims), prod(tensor.dims) * _bytes(tensor.data_type)
        for node in graph.node:
            found.nodes.setdefault(node.name, node)
            for value in node.output:
                found.makers.setdefault(value, node)
            if looped:
                found.looped.add(node.name)
    return found


def _bytes(kind: int) -> int:
    """Of one number; 0 of text, whose bytes a shape does not tell."""
    from onnx import TensorProto, helper

    return 0 if kind == TensorProto.STRING else int(helper.tensor_dtype_to_np_dtype(kind).itemsize)


def _graphs(graph: GraphProto, *, looped: bool = False) -> Iterator[tuple[GraphProto, bool]]:
    yield graph, looped
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _graphs(attribute.g, looped=looped or node.op_type in ("Loop", "Scan"))


def _source(node: NodeProto, original: Graph, optimised: Graph) -> NodeProto | None:
    """The node of the file that a node which onnxruntime runs stands for."""
    for _ in range(4):  # from a reorder to what it reorders, and no further than a few such
        if node.name in original.nodes:
            return original.nodes[node.name]
        for value in node.output:
            if value in original.makers:
                return original.makers[value]
        name = node.name
        while _ADDED.search(name):
            name = _ADDED.sub("", name)
            if name in original.makers:
                return original.makers[name]
            if name in original.nodes:
                return original.nodes[name]
        before = next((optimised.makers[value] for value in node.input if value in optimised.makers), None)
        if before is None:
            return None
        node = before
    return None


def _place(node: NodeProto, original: Graph, inputs: Sequence[str], outputs: Sequence[str]) -> Place:
    if any(node.name.startswith(f"{name}_front_") for name in inputs):
        return Place(FRONT, FRONT)
    if any(node.name.startswith(f"{name}_") for name in outputs):
        return Place(BACK, BACK)
    searching = node.name in original.looped or node.op_type in ("Loop", "Scan")
    module = _module(node)
    return Place(SEARCH if searching else NETWORK, module or NO_MODULE)


def _module(node: NodeProto) -> str:
    """By the node's metadata, which nodes in a loop's body have lost; else by the names of its weights, which alone have dots."""
    scopes = next((entry.value for entry in node.metadata_props if entry.key == SCOPES), "[]")
    try:
        names = [str(name) for name in ast.literal_eval(scopes)]
    except (ValueError, SyntaxError, TypeError):  # another exporter's, or a file that someone changed
        names = []
    module = next((name for name in reversed(names[:-1]) if name and not name.startswith("_empty_nn_module")), "")
    if module:
        return module
    matches = (_WEIGHT.match(value) for value in node.input)
    return next((matched["module"] for matched in matches if matched), "")
