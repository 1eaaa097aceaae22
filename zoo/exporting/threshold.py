"""The head of a Boolean answer: a Heaviside function at the end of a graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from zoo.certify import threshold
from zoo.exporting.heads import Arrays, Reading
from zoo.exporting.nodes import put


@dataclass(frozen=True)
class ThresholdHead(Reading):
    """Whether a sum is above 0: Greater.

    Args:
        source: float output [batch, …] it reads.
        output: bool output of the same shape it makes.
    """

    source: str = "sum"
    output: str = "output"

    def attach(self, graph: ir.Graph, values: Mapping[str, ir.Value]) -> ir.Value:
        """Append one node and its constant to `graph`."""
        source = values[self.source]
        zero = put(graph, f"{self.output}_threshold", np.zeros((), np.float32))
        node = ir.node("Greater", [source, zero], name=f"{self.output}_above")
        value = node.outputs[0]
        value.name, value.type, value.shape = self.output, ir.TensorType(ir.DataType.BOOL), source.shape
        graph.append(node)
        return value

    def decide(self, values: Arrays) -> np.ndarray:
        """bool, of the shape of `values`."""
        return threshold.decide(values[self.source])

    def candidates(self, values: Arrays, answers: np.ndarray) -> np.ndarray:
        """How far `values` lie from the threshold where the answers are not theirs: float64 [batch]."""
        return threshold.gaps(values[self.source], answers)

    def margins(self, values: Arrays) -> np.ndarray:
        """How far the nearest value lies from the threshold: float64 [batch]."""
        return threshold.margins(values[self.source])
