"""What a plugin's export function returns: a module from raw input to numbers, and heads that turn numbers into an answer.

PyTorch has no strings, so the part of a graph that makes them is declared as a head: it is joined to the traced module in ONNX,
and has a twin in NumPy from which the certificate knows what the answer ought to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from zoo.spec import Picture, TensorSpec

if TYPE_CHECKING:
    import onnx_ir as ir
    from torch import nn


class Head(Protocol):
    """The end of a graph: from a float tensor to an exact answer."""

    @property
    def source(self) -> str:
        """Name of the float output it reads."""
        ...

    @property
    def output(self) -> str:
        """Name of the output it makes."""
        ...

    def attach(self, graph: ir.Graph, source: ir.Value) -> ir.Value:
        """Append the head's nodes to `graph` and return its output."""
        ...

    def decide(self, values: np.ndarray) -> np.ndarray:
        """The answer to `values` [batch, …], as the graph would give it."""
        ...

    def candidates(self, values: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """By how much `values` prefer their own answer to `answers`: float64 [batch].

        It is 0 where they are the same, and infinite for what this head could never have answered.
        """
        ...

    def margins(self, values: np.ndarray) -> np.ndarray:
        """By how much `values` prefer their answer to the next best: float64 [batch]."""
        ...


@dataclass(frozen=True)
class Graph:
    """A graph as it is declared, before it is traced.

    Args:
        module: from the raw inputs, in the order of the spec, to the float outputs named in `outputs`, as a tuple or one tensor.
        outputs: names of what `module` returns.
        heads: what is joined to it. What a head reads need be no output of the finished graph.
        examples: for an input that is no array of the data set, what it is certified on: [examples, …].
    """

    module: nn.Module
    outputs: tuple[str, ...]
    heads: tuple[Head, ...] = ()
    examples: Mapping[str, np.ndarray] = field(default_factory=dict)


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
