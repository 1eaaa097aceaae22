"""An exported graph with all its numbers as outputs, those inside its loops once for each iteration."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from zoo.graph import CLASSES, SCOPES
from zoo.runtime.session import new_session

SIZES = {"Shape", "Size", "Constant"}
"""Operators whose answers do not depend on numbers of the input."""
Key = tuple[str, int | None]
"""A value's name, and the iteration it is of; `None` outside of loops."""


@dataclass(frozen=True)
class Point:
    """Where a value is made.

    Args:
        name: of the value.
        node: that makes it; empty for what a loop's body is given.
        operator: of the node.
        inputs: names of what the node reads.
        scopes: qualified names of the modules it was traced in, outermost first; none in a loop's body, where torch keeps none.
        step: what was traced; one such step may be several nodes.
        operation: torch's name of it.
        loop: name of the node of the loop in whose body it lies.
    """

    name: str
    node: str = ""
    operator: str = ""
    inputs: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    step: str = ""
    operation: str = ""
    loop: str | None = None


@dataclass(frozen=True)
class Value:
    """What was there in one run.

    Args:
        point: where.
        turn: iteration of its loop, from 0.
        array: its numbers.
    """

    point: Point
    turn: int | None
    array: np.ndarray

    @property
    def key(self) -> Key:
        return self.point.name, self.turn


@dataclass(frozen=True)
class Loop:
    """A loop that a module was traced to.

    Args:
        body: places in it, what it is given first.
        carried: name inside → name outside that it has at first, and name inside that it has from then on.
        left: name outside → name inside, in the last iteration.
        scans: for each place in the body, the output that has its values of all iterations.
    """

    body: tuple[Point, ...]
    carried: Mapping[str, tuple[str, str]]
    left: Mapping[str, str]
    scans: tuple[str, ...]


class Exposed:
    """The graph of a file, ready to tell its values.

    Args:
        content: the file.

    Attributes:
        points: outside of loops, in the order of execution.
        loops: by the name of their node.
        given: names of values that do not depend on the input: weights, sizes, and what follows from them alone.
    """

    def __init__(self, content: bytes) -> None:
        model = onnx.load_from_string(content)
        graph = model.graph
        self.given = {tensor.name for tensor in graph.initializer}
        self.points: list[Point] = []
        self.loops: dict[str, Loop] = {}
        for node in graph.node:
            self.points += self._points(node)
            if node.op_type == "Loop" and node.metadata_props:  # those of text have none
                self.loops[node.name] = self._loop(node)
        outputs = {value.name for value in graph.output}
        asked = [*(point.name for point in self.points), *(name for loop in self.loops.values() for name in loop.scans)]
        # onnxruntime finds their types.
        graph.output.extend(onnx.ValueInfoProto(name=name) for name in asked if name not in outputs)
        where = Path("the graph with its values as outputs")
        self.session, _ = new_session(model.SerializeToString(), where=where, providers=("cpu",), threads=None, level="none")

    def run(self, inputs: Mapping[str, np.ndarray]) -> list[Value]:
        """All values in the order in which they are made."""
        names = [output.name for output in self.session.get_outputs()]
        found = dict(zip(names, self.session.run(names, dict(inputs)), strict=True))
        return list(self._ordered(found))

    def origins(self, value: Value, turns: Mapping[str, int]) -> list[Key]:
        """What a value was made of.

        Args:
            value: which.
            turns: how many iterations each loop had.
        """
        point = value.point
        if point.operator == "Loop" and point.node in self.loops:
            inner = self.loops[point.node].left.get(point.name)
            return [(inner, turns[point.node] - 1)] if inner else []
        if point.loop is None:
            return [(name, None) for name in point.inputs]
        loop = self.loops[point.loop]
        if not point.node:
            first, later = loop.carried[point.name]
            return [(later, value.turn - 1) if value.turn else (first, None)]
        inside = {inner.name for inner in loop.body}
        return [(name, value.turn if name in inside else None) for name in point.inputs]

    def weights_in_loops(self) -> dict[str, set[str]]:
        """Loop → names of weights that its body alone reads."""
        outside = {name for point in self.points for name in point.inputs}
        inside = {name: {read for point in loop.body for read in point.inputs} for name, loop in self.loops.items()}
        return {name: (found & self.given) - outside for name, found in inside.items()}

    def _points(self, node: onnx.NodeProto, loop: str | None = None) -> list[Point]:
        metadata = {entry.key: entry.value for entry in node.metadata_props}
        scopes, classes = (ast.literal_eval(metadata.get(key, "['']")) for key in (SCOPES, CLASSES))
        inputs = tuple(name for name in node.input if name)
        # Of a range its length counts, which another limit would change.
        if node.op_type in SIZES or (node.op_type not in ("Range", "Loop") and set(inputs) <= self.given):
            self.given |= set(node.output)
        # aten.softmax.int, onnx_symbolic._symbolic_multi_out.default; some nodes of a loop's body say nothing.
        operation = classes[-1].split(".")[1] if "." in classes[-1] else node.op_type.lower()
        step = scopes[-1] or node.name
        return [
            Point(name, node.name, node.op_type, inputs, tuple(scopes[:-1]), step, operation, loop) for name in node.output if name
        ]

    def _loop(self, node: onnx.NodeProto) -> Loop:
        """Read a loop, and let its body scan all its values."""
        (body,) = (attribute.g for attribute in node.attribute if attribute.name == "body")
        before, after = [value.name for value in body.input][2:], [value.name for value in body.output][1:]
        given = [Point(name, loop=node.name) for name in before]
        points = [*given, *(point for inner in body.node for point in self._points(inner, node.name))]
        left = dict(zip(node.output, after, strict=False))
        scans = tuple(f"{node.name}/{point.name}" for point in points)
        for point, scan in zip(points, scans, strict=True):
            body.node.append(onnx.helper.make_node("Identity", [point.name], [f"{scan}/each"]))
            body.output.append(onnx.ValueInfoProto(name=f"{scan}/each"))
            node.output.append(scan)
        carried = {name: (first, later) for name, first, later in zip(before, node.input[2:], after, strict=False)}
        return Loop(tuple(points), carried, left, scans)

    def _ordered(self, found: Mapping[str, np.ndarray]) -> Iterator[Value]:
        entered: set[str] = set()
        for point in self.points:
            if point.node in self.loops and point.node not in entered:
                entered.add(point.node)
                loop = self.loops[point.node]
                arrays = [found[scan] for scan in loop.scans]
                for turn in range(len(arrays[0])):
                    yield from (Value(inner, turn, array[turn]) for inner, array in zip(loop.body, arrays, strict=True))
            yield Value(point, None, found[point.name])
