"""Golden answers: PyTorch in float64, beside its own float32."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from zoo.errors import ExportError
from zoo.graph import MARGIN, Graph
from zoo.progress import Advance
from zoo.spec import TensorSpec

Arrays = dict[str, np.ndarray]

CHUNK, TEXT_CHUNK = 500, 100
"""Examples at once in a float64 run; fewer of text, where all are as wide as the longest."""


@dataclass(frozen=True)
class Golden:
    """The answers to one set of inputs.

    Args:
        name: of the case.
        inputs: raw arrays; text as objects.
        exact: name → what module and fronts gave in float64: floats, numbers that are none, text.
        single: the same in float32.
    """

    name: str
    inputs: Arrays
    exact: Arrays
    single: Arrays

    def __len__(self) -> int:
        return len(next(iter(self.inputs.values())))

    def first(self, count: int) -> Golden:
        """The same for its first `count` examples."""
        inputs, exact, single = (
            {name: array[:count] for name, array in arrays.items()} for arrays in (self.inputs, self.exact, self.single)
        )
        return Golden(self.name, inputs, exact, single)


class Reference:
    """The PyTorch original of a graph, in both precisions, on the CPU.

    Args:
        graph: as its plugin declares it; its module is copied.
        inputs: of the graph, in order.

    Raises:
        ExportError: the module decides within itself, but does not say how closely.
    """

    def __init__(self, graph: Graph, inputs: Sequence[TensorSpec]) -> None:
        self.inputs = [spec.name for spec in inputs]
        self.graph = graph
        self.single = copy.deepcopy(graph.module).cpu().float().eval()
        self.double = copy.deepcopy(graph.module).cpu().double().eval()
        self.names = graph.outputs
        self.chunk = TEXT_CHUNK if graph.fronts else CHUNK
        if any(head.inside for head in graph.heads):
            self.names = (*graph.outputs, MARGIN)
            asked = [_ask_for_margins(module) for module in (self.single, self.double)]
            if not all(asked):
                raise ExportError("The module decides within itself, so it should have an attribute `margins`; it has none.")

    def golden(self, name: str, inputs: Arrays, advance: Advance | None = None) -> Golden:
        """Answers of both precisions to `inputs`, computed in chunks of examples; `advance` hears of each example twice."""
        exact = self._run(self.double, inputs, np.float64, advance)
        return Golden(name, inputs, exact, self._run(self.single, inputs, np.float32, advance))

    def _run(self, module: nn.Module, inputs: Arrays, dtype: type[np.floating[Any]], advance: Advance | None) -> Arrays:
        pieces: dict[str, list[np.ndarray]] = {}
        order = by_length([inputs[front.input] for front in self.graph.fronts], len(inputs[self.inputs[0]]))
        with torch.inference_mode():
            for start in range(0, len(order), self.chunk):
                part = order[start : start + self.chunk]
                arrays, encoded = self.graph.read({name: inputs[name][part] for name in self.inputs})
                given = [torch.from_numpy(np.ascontiguousarray(array)) for array in arrays]
                for name, array in encoded.items():
                    pieces.setdefault(name, []).append(array)
                # Inputs that are numbers rather than codes enter the golden run in its own precision.
                kind = next((parameter.dtype for parameter in module.parameters()), torch.get_default_dtype())
                values = module(*(tensor.to(kind) if tensor.is_floating_point() else tensor for tensor in given))
                for name, value in zip(self.names, values if isinstance(values, tuple) else (values,), strict=True):
                    array = value.numpy().astype(dtype, copy=False) if value.is_floating_point() else value.numpy()
                    pieces.setdefault(name, []).append(array)
                if advance is not None:
                    advance(len(part))
        back = np.argsort(order)
        return {name: _joined(values)[back] for name, values in pieces.items()}


def by_length(texts: Sequence[np.ndarray], examples: int) -> np.ndarray:
    """An order in which texts of like length follow each other: int64 [examples]. A batch takes as long as its longest."""
    letters = sum((np.array([len(str(text)) for text in column]) for column in texts), np.zeros(examples, np.int64))
    return np.argsort(letters, kind="stable")


def _ask_for_margins(module: nn.Module) -> bool:
    """Set `margins` wherever a part of the module has it; whether any has."""
    parts = [part for part in module.modules() if hasattr(part, "margins")]
    for part in parts:
        part.margins = True  # type: ignore[assignment]
    return bool(parts)


def _joined(pieces: Sequence[np.ndarray]) -> np.ndarray:
    """One array of several along the first axis; where other axes differ, the shorter are filled with 0 or no text."""
    shape = tuple(max(sizes) for sizes in zip(*(piece.shape[1:] for piece in pieces), strict=True))
    if all(piece.shape[1:] == shape for piece in pieces):
        return np.concatenate(pieces)
    whole = np.full((sum(map(len, pieces)), *shape), "" if pieces[0].dtype.kind in "OU" else 0, pieces[0].dtype)
    start = 0
    for piece in pieces:
        whole[(slice(start, start + len(piece)), *(slice(size) for size in piece.shape[1:]))] = piece
        start += len(piece)
    return whole
