"""Heads: the ends of a graph that PyTorch cannot express."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from zoo.certify import labels
from zoo.errors import ExportError


@dataclass(frozen=True)
class LabelHead:
    """The name of the most probable class, the first of equals: ArgMax, then Gather from a table of strings.

    Args:
        classes: names in the order of the scores.
        source: float output [batch, classes] it reads.
        output: string output [batch] it makes.
    """

    classes: tuple[str, ...]
    source: str = "probabilities"
    output: str = "label"

    def attach(self, graph: ir.Graph, source: ir.Value) -> ir.Value:
        """Append two nodes and the table of names to `graph`.

        Raises:
            ExportError: the scores are not as many as the names; a Gather would then name wrongly, or never name some.
        """
        if source.shape is None or len(source.shape) != 2 or source.shape[1] != len(self.classes):
            raise ExportError(
                f"{self.source} is {source.shape}; for {len(self.classes)} labels it should be [batch, {len(self.classes)}]."
            )
        shape = ir.Shape([len(self.classes)])
        names = ir.StringTensor([name.encode() for name in self.classes], shape=shape, name=f"{self.output}_names")
        table = ir.Value(name=names.name, type=ir.TensorType(ir.DataType.STRING), shape=shape, const_value=names)
        graph.initializers.add(table)
        index = ir.node("ArgMax", [source], {"axis": 1, "keepdims": 0, "select_last_index": 0}, name=f"{self.output}_index")
        index.outputs[0].name = f"{self.output}_index"
        index.outputs[0].type, index.outputs[0].shape = ir.TensorType(ir.DataType.INT64), ir.Shape([source.shape[0]])
        name = ir.node("Gather", [table, index.outputs[0]], {"axis": 0}, name=f"{self.output}_name")
        value = name.outputs[0]
        value.name, value.type = self.output, ir.TensorType(ir.DataType.STRING)
        value.shape = ir.Shape([source.shape[0]])
        graph.extend([index, name])
        return value

    def decide(self, values: np.ndarray) -> np.ndarray:
        """Names for scores [batch, classes]."""
        return labels.decide(self.classes, values)

    def candidates(self, values: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """Score of the own class less the score of the class named in `answers`: float64 [batch]; infinite for a name of none."""
        return labels.gaps(self.classes, values, answers)

    def margins(self, values: np.ndarray) -> np.ndarray:
        """Largest score less the second largest: float64 [batch]."""
        return labels.margins(values)
