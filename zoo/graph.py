"""What a plugin's export function returns: a module from numbers to numbers, with fronts before it and heads behind it.

PyTorch has no strings, so the parts of a graph that read or make them are declared as fronts and heads: they are joined to the
traced module in ONNX, and each has a twin in NumPy from which the certificate knows what the answer ought to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

from zoo.spec import Picture, TensorSpec

if TYPE_CHECKING:
    import onnx_ir as ir
    from torch import nn

SCOPES = "pkg.torch.onnx.name_scopes"
CLASSES = "pkg.torch.onnx.class_hierarchy"
"""Metadata of each traced node: names and classes of the modules that it lies in, from the outermost to torch's own operator."""
MARGIN = "margin"
"""What a module that decides within itself returns last, float [batch], when its attribute `margins` is set: by how much each
example's closest decision was preferred to the next best."""


class Front(Protocol):
    """The beginning of a graph: from text to numbers."""

    @property
    def input(self) -> str:
        """Name of the graph's input that it reads: string [batch]."""
        ...

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """What it gives. Those that are numbers the module takes, in this order and in the input's place; heads may read all.

        An axis that varies bears the same name wherever it has the same size.
        """
        ...

    def attach(self, graph: ir.Graph, text: ir.Value) -> dict[str, ir.Value]:
        """Append the front's nodes to `graph`, with names that begin with that of its input, and return its outputs by name."""
        ...

    def encode(self, texts: np.ndarray) -> dict[str, np.ndarray]:
        """Its outputs by name for `texts`, `str` [batch], as the graph would give them; text as objects."""
        ...


class Head(Protocol):
    """The end of a graph: from what the module gives to an exact answer.

    Its methods take everything that module and fronts gave, by name.
    """

    @property
    def source(self) -> str:
        """Name of the float output by whose error it is judged whether rounding alone can turn an answer."""
        ...

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the values it reads."""
        ...

    @property
    def output(self) -> str:
        """Name of the output it makes."""
        ...

    def attach(self, graph: ir.Graph, values: Mapping[str, ir.Value]) -> ir.Value:
        """Append the head's nodes to `graph` and return its output."""
        ...

    def decide(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """The answer to `values`, each [batch, …], as the graph would give it."""
        ...

    def candidates(self, values: Mapping[str, np.ndarray], answers: np.ndarray) -> np.ndarray:
        """By how much `values` prefer their own answer to `answers`: float64 [batch].

        It is 0 where they are the same, and infinite for what this head could never have answered.
        """
        ...

    def margins(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """By how much `values` prefer their answer to the next best: float64 [batch]."""
        ...

    @property
    def inside(self) -> bool:
        """Whether the decisions are made inside the module, so that only its `MARGIN` knows how close they were.

        Where one turns, everything after it is another answer's, its `source` among them.
        """
        ...


@runtime_checkable
class Ordering(Protocol):
    """A head that puts names into an order: many decisions, of which some may be close."""

    @property
    def source(self) -> str:
        """Name of the scores."""
        ...

    def close(self, values: Mapping[str, np.ndarray], limit: float) -> np.ndarray:
        """Which share of an example's places in the order hang on less than twice `limit`: float64 [batch]."""
        ...


@dataclass(frozen=True)
class Graph:
    """A graph as it is declared, before it is traced.

    Args:
        module: from the raw inputs, in the order of the spec, to the values named in `outputs`, as a tuple or one tensor. In the
            place of a front's input it takes what the front gives.
        outputs: names of what `module` returns.
        heads: what is joined to it. What a head reads need be no output of the finished graph.
        examples: for an input that is no array of the data set, what it is certified on: [examples, …]. For text, sentences of
            one's own, which are kept with the artifact.
        fronts: what is joined before it, one for each string input.
        audited: for an input that is no array of the data set, the test split, where that is not `examples`. It is not kept.
    """

    module: nn.Module
    outputs: tuple[str, ...]
    heads: tuple[Head, ...] = ()
    examples: Mapping[str, np.ndarray] = field(default_factory=dict)
    fronts: tuple[Front, ...] = ()
    audited: Mapping[str, np.ndarray] = field(default_factory=dict)

    def read(self, inputs: Mapping[str, np.ndarray]) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
        """What the module takes of the graph's `inputs`, in their order, and all that the fronts gave, by name."""
        fronts = {front.input: front for front in self.fronts}
        given: list[np.ndarray] = []
        values: dict[str, np.ndarray] = {}
        for name, array in inputs.items():
            if name not in fronts:
                given.append(array)
                continue
            made = fronts[name].encode(array)
            values |= made
            given += [made[spec.name] for spec in fronts[name].outputs if spec.dtype != "string"]
        return given, values


@dataclass(frozen=True)
class Assets:
    """What an export function may need beside the module.

    Args:
        inputs: of the graph, from the spec.
        outputs: of the graph, from the spec.
        classes: names of the labels.
        picture: how a picture enters.
        examples: arrays of the test split.
    """

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    classes: tuple[str, ...]
    picture: Picture | None
    examples: Mapping[str, np.ndarray]
