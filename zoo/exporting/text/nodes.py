"""Appends nodes to an onnx-ir graph, and to the bodies of its If and Loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

import numpy as np
import onnx_ir as ir

from zoo.errors import ExportError
from zoo.exporting.nodes import keep
from zoo.text.vocabulary import UNKNOWN

TEXT_OPSET = 20
"""StringSplit and StringConcat exist since this opset; LabelEncoder of string tensors since version 4 of ai.onnx.ml."""
ML_OPSET = 4

BOOL, INT, STRING = ir.DataType.BOOL, ir.DataType.INT64, ir.DataType.STRING
Axis = int | str | None


class Nodes:
    """Writes into one graph.

    Args:
        graph: what the constants go into, and the nodes too.
        prefix: of all names given here, so that several pieces can be joined to one graph.

    Raises:
        ExportError: the graph's opset is below `TEXT_OPSET`.
    """

    def __init__(self, graph: ir.Graph, prefix: str) -> None:
        self.graph = graph
        self.prefix = prefix
        self._into: list[ir.Node] | None = None
        self._numbers = count()
        self._constants: dict[tuple[object, ...], ir.Value] = {}
        if (opset := graph.opset_imports.get("", 0)) < TEXT_OPSET:
            raise ExportError(f"A graph of opset {opset} cannot read or write text; it should be of opset {TEXT_OPSET} or later.")
        graph.opset_imports["ai.onnx.ml"] = max(graph.opset_imports.get("ai.onnx.ml", 0), ML_OPSET)

    def add(
        self,
        operator: str,
        *inputs: ir.Value,
        dtype: ir.DataType = INT,
        shape: Sequence[Axis] | None = None,
        domain: str = "",
        **attributes: object,
    ) -> ir.Value:
        """Append a node with one output and return that."""
        return self.add_many(operator, *inputs, dtypes=(dtype,), shapes=(shape,), domain=domain, **attributes)[0]

    def add_many(
        self,
        operator: str,
        *inputs: ir.Value,
        dtypes: Sequence[ir.DataType],
        shapes: Sequence[Sequence[Axis] | None],
        domain: str = "",
        **attributes: object,
    ) -> Sequence[ir.Value]:
        """Append a node and return its outputs."""
        name = f"{self.prefix}_{operator.lower()}_{next(self._numbers)}"
        node = ir.node(operator, inputs, attributes, domain=domain, num_outputs=len(dtypes), name=name)  # type: ignore[arg-type]
        for place, (value, dtype, shape) in enumerate(zip(node.outputs, dtypes, shapes, strict=True)):
            value.name = name if len(dtypes) == 1 else f"{name}_{place}"
            value.type = ir.TensorType(dtype)
            value.shape = None if shape is None else ir.Shape(shape)
        if self._into is None:
            self.graph.append(node)
        else:
            self._into.append(node)
        return node.outputs

    def number(self, value: int | bool | Sequence[int]) -> ir.Value:
        """An int64 or bool constant; the same one for the same value."""
        return self.constant(np.array(value, bool if isinstance(value, bool) else np.int64))

    def constant(self, values: np.ndarray) -> ir.Value:
        """A constant of numbers; the same one for the same values."""
        key = (str(values.dtype), values.shape, values.tobytes())
        if key not in self._constants:
            self._constants[key] = keep(self.graph, ir.tensor(values, name=self._constant_name()))
        return self._constants[key]

    def text(self, value: str | Sequence[str]) -> ir.Value:
        """A string constant: a scalar, or [n]; the same one for the same value."""
        scalar = isinstance(value, str)
        key = ("text", scalar, value if scalar else tuple(value))
        if key not in self._constants:
            self._constants[key] = keep(self.graph, self.strings([value] if isinstance(value, str) else value, scalar=scalar))
        return self._constants[key]

    def strings(self, values: Sequence[str], *, scalar: bool = False) -> ir.StringTensor:
        """A tensor of strings, UTF-8."""
        shape = ir.Shape([] if scalar else [len(values)])
        return ir.StringTensor([value.encode() for value in values], shape=shape, name=self._constant_name())

    def branch(
        self, condition: ir.Value, then: Callable[[], Sequence[ir.Value]], *, otherwise: Sequence[ir.Value]
    ) -> Sequence[ir.Value]:
        """What `then` makes where `condition` holds, else `otherwise`: both of the same dtypes."""
        taken, made = self._body(then, ())
        left, _ = self._body(lambda: [self.add("Identity", value, dtype=_dtype(value)) for value in otherwise], ())
        return self.add_many(
            "If",
            condition,
            dtypes=[_dtype(value) for value in made],
            shapes=[[None] * len(value.shape or ()) for value in otherwise],
            then_branch=taken,
            else_branch=left,
        )

    def loop(
        self, condition: ir.Value, carried: Sequence[ir.Value], body: Callable[..., tuple[ir.Value, Sequence[ir.Value]]]
    ) -> Sequence[ir.Value]:
        """Repeat `body`, which returns whether to go on and the carried values, while the condition holds."""
        number = next(self._numbers)
        inputs = [self._input(f"{number}_turn", INT, []), self._input(f"{number}_go", BOOL, [])]
        inputs += [
            self._input(f"{number}_carried_{place}", _dtype(value), [None] * len(value.shape or ()))
            for place, value in enumerate(carried)
        ]

        def made() -> Sequence[ir.Value]:
            go_on, values = body(*inputs[2:])
            return [go_on, *values]

        graph, _ = self._body(made, inputs)
        endless = self.number(np.iinfo(np.int64).max)
        return self.add_many(
            "Loop",
            endless,
            condition,
            *carried,
            dtypes=[_dtype(value) for value in carried],
            shapes=[[None] * len(value.shape or ()) for value in carried],
            body=graph,
        )

    def _body(self, make: Callable[[], Sequence[ir.Value]], inputs: Sequence[ir.Value]) -> tuple[ir.Graph, Sequence[ir.Value]]:
        """The nodes that `make` appends, as a graph of their own; constants stay in the outermost one."""
        outer, self._into = self._into, []
        made = make()
        nodes, self._into = self._into, outer
        return ir.Graph(inputs, made, nodes=nodes, name=f"{self.prefix}_body_{next(self._numbers)}"), made

    def _input(self, name: str, dtype: ir.DataType, shape: Sequence[Axis]) -> ir.Value:
        return ir.Value(name=f"{self.prefix}_{name}", type=ir.TensorType(dtype), shape=ir.Shape(shape))

    def _constant_name(self) -> str:
        return f"{self.prefix}_constant_{next(self._numbers)}"


def look_up(nodes: Nodes, keys: ir.Value, table: Mapping[Any, int], default: int = UNKNOWN) -> ir.Value:
    """int64 [n]: numbers of strings or of numbers [n], `default` where they are not in the table."""
    order = sorted(table)  # so that equal tables make equal files
    values = np.array([table[key] for key in order], np.int64)
    held = nodes.strings(order) if keys.dtype == STRING else ir.tensor(np.array(order, np.int64), name="keys")
    return nodes.add(
        "LabelEncoder",
        keys,
        shape=[None],
        domain="ai.onnx.ml",
        keys_tensor=held,
        values_tensor=ir.tensor(values, name="values"),
        default_tensor=ir.tensor(np.array([default], np.int64), name="default"),
    )


def _dtype(value: ir.Value) -> ir.DataType:
    assert value.dtype is not None, f"{value.name} has no type"
    return value.dtype
