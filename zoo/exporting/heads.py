"""Heads: the ends of a graph that PyTorch cannot express."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import onnx_ir as ir

from zoo.certify import labels, rounding
from zoo.errors import ExportError
from zoo.exporting.nodes import keep, put
from zoo.graph import MARGIN

Arrays = Mapping[str, np.ndarray]


class Reading:
    """What heads that read one float share.

    Attributes:
        source: its name.
    """

    source: str
    inside: ClassVar[bool] = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The float alone."""
        return (self.source,)


class Spelled:
    """What heads share that spell what the module has decided; how close a decision was, only the module can tell."""

    inside: ClassVar[bool] = True

    def decide(self, values: Arrays) -> np.ndarray:
        """See `zoo.graph.Head`."""
        raise NotImplementedError

    def candidates(self, values: Arrays, answers: np.ndarray) -> np.ndarray:
        """The module's margin where the answers are not its own: float64 [batch]."""
        other = (self.decide(values) != answers).reshape(len(answers), -1).any(1)  # [batch]
        return np.where(other, self.margins(values), 0.0)

    def margins(self, values: Arrays) -> np.ndarray:
        """The module's margin: float64 [batch]."""
        return values[MARGIN].astype(np.float64)


@dataclass(frozen=True)
class LabelHead(Reading):
    """The name of the most probable class, the first of equals: ArgMax, then Gather from a table of strings.

    Args:
        classes: names in the order of the scores.
        source: float output [batch, classes] it reads.
        output: string output [batch] it makes.
    """

    classes: tuple[str, ...]
    source: str = "probabilities"
    output: str = "label"

    def attach(self, graph: ir.Graph, values: Mapping[str, ir.Value]) -> ir.Value:
        """Append two nodes and the table of names to `graph`.

        Raises:
            ExportError: the scores are not as many as the names; a Gather would then name wrongly, or never name some.
        """
        source = values[self.source]
        if source.shape is None or len(source.shape) != 2 or source.shape[1] != len(self.classes):
            raise ExportError(
                f"{self.source} is {source.shape}; for {len(self.classes)} labels it should be [batch, {len(self.classes)}]."
            )
        shape = ir.Shape([len(self.classes)])
        names = ir.StringTensor([name.encode() for name in self.classes], shape=shape, name=f"{self.output}_names")
        table = keep(graph, names)
        index = ir.node("ArgMax", [source], {"axis": 1, "keepdims": 0, "select_last_index": 0}, name=f"{self.output}_index")
        index.outputs[0].name = f"{self.output}_index"
        index.outputs[0].type, index.outputs[0].shape = ir.TensorType(ir.DataType.INT64), ir.Shape([source.shape[0]])
        name = ir.node("Gather", [table, index.outputs[0]], {"axis": 0}, name=f"{self.output}_name")
        value = name.outputs[0]
        value.name, value.type = self.output, ir.TensorType(ir.DataType.STRING)
        value.shape = ir.Shape([source.shape[0]])
        graph.extend([index, name])
        return value

    def decide(self, values: Arrays) -> np.ndarray:
        """Names for scores [batch, classes]."""
        return labels.decide(self.classes, values[self.source])

    def candidates(self, values: Arrays, answers: np.ndarray) -> np.ndarray:
        """Score of the own class less the score of the class named in `answers`: float64 [batch]; infinite for a name of none."""
        return labels.gaps(self.classes, values[self.source], answers)

    def margins(self, values: Arrays) -> np.ndarray:
        """Largest score less the second largest: float64 [batch]."""
        return labels.margins(values[self.source])


@dataclass(frozen=True)
class RoundingHead(Reading):
    """Whole numbers 0 … 255: Mul, Round (half to even), Clip, Cast.

    Args:
        source: float output of about 0 … 1 [batch, …] it reads.
        output: uint8 output of the same shape it makes.
    """

    source: str
    output: str

    def attach(self, graph: ir.Graph, values: Mapping[str, ir.Value]) -> ir.Value:
        """Append four nodes and their constants to `graph`."""
        source = values[self.source]
        high, low = (
            put(graph, f"{self.output}_{name}", np.array(value, np.float32))
            for name, value in (("most", float(rounding.SCALE)), ("least", 0.0))
        )
        value = source
        for operator, others, attributes in (
            ("Mul", (high,), {}),
            ("Round", (), {}),
            ("Clip", (low, high), {}),
            ("Cast", (), {"to": ir.DataType.UINT8}),
        ):
            node = ir.node(operator, [value, *others], attributes, name=f"{self.output}_{operator.lower()}")
            value = node.outputs[0]
            value.name, value.shape = node.name, source.shape
            value.type = ir.TensorType(ir.DataType.UINT8 if operator == "Cast" else ir.DataType.FLOAT)
            graph.append(node)
        value.name = self.output
        return value

    def decide(self, values: Arrays) -> np.ndarray:
        """uint8 for floats of the same shape."""
        return rounding.decide(values[self.source])

    def candidates(self, values: Arrays, answers: np.ndarray) -> np.ndarray:
        """By how much the worst element lies nearer to its own number than to that of `answers`: float64 [batch]."""
        return rounding.gaps(values[self.source], answers)

    def margins(self, values: Arrays) -> np.ndarray:
        """The same for the next best number, of the closest element: float64 [batch]."""
        return rounding.margins(values[self.source])
