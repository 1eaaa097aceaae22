"""Golden answers: PyTorch in float64, beside its own float32."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from zoo.graph import Graph
from zoo.sample import sample_input
from zoo.spec import TensorSpec, replaced

Arrays = dict[str, np.ndarray]

SIZES = (1, 2, 7, 64)
"""Of each dynamic axis: the smallest, the traced one, an odd one, a large one."""
CHUNK = 500
"""Examples at once in a float64 run."""


@dataclass(frozen=True)
class Golden:
    """The answers to one set of inputs.

    Args:
        name: of the case.
        inputs: raw arrays.
        exact: float output → PyTorch's answer in float64.
        single: float output → PyTorch's answer in float32.
    """

    name: str
    inputs: Arrays
    exact: Arrays
    single: Arrays

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
    """

    def __init__(self, graph: Graph, inputs: Sequence[TensorSpec]) -> None:
        self.names = graph.outputs
        self.inputs = [spec.name for spec in inputs]
        self.single = copy.deepcopy(graph.module).cpu().float().eval()
        self.double = copy.deepcopy(graph.module).cpu().double().eval()

    def golden(self, name: str, inputs: Arrays) -> Golden:
        """Answers of both precisions to `inputs`, computed in chunks along the first axis."""
        return Golden(name, inputs, self._run(self.double, inputs, np.float64), self._run(self.single, inputs, np.float32))

    def _run(self, module: nn.Module, inputs: Arrays, dtype: type[np.floating[Any]]) -> Arrays:
        pieces: dict[str, list[np.ndarray]] = {name: [] for name in self.names}
        examples = len(inputs[self.inputs[0]])
        with torch.inference_mode():
            for start in range(0, examples, CHUNK):
                raw = [torch.from_numpy(np.ascontiguousarray(inputs[name][start : start + CHUNK])) for name in self.inputs]
                # Inputs that are numbers rather than codes enter the golden run in its own precision.
                given = [
                    tensor.to(next(iter(module.parameters())).dtype) if tensor.is_floating_point() else tensor for tensor in raw
                ]
                values = module(*given)
                for name, value in zip(self.names, values if isinstance(values, tuple) else (values,), strict=True):
                    pieces[name].append(value.numpy().astype(dtype, copy=False))
        return {name: np.concatenate(values) for name, values in pieces.items()}


def grid(inputs: Sequence[TensorSpec], examples: Mapping[str, np.ndarray], seed: int = 0) -> dict[str, Arrays]:
    """The cases of the shape grid: real examples at each size, noise, and the two ends of the range.

    Args:
        inputs: of the graph.
        examples: arrays of the test split, by input name; what has none there is made up. A float input without a range of its own
            has theirs.
        seed: of the choice.
    """
    generator = np.random.default_rng(seed)
    inputs = [_ranged(spec, examples) for spec in inputs]
    cases: dict[str, Arrays] = {}
    axes = list(dict.fromkeys(axis for spec in inputs for axis in spec.shape if isinstance(axis, str)))
    for axis in axes:
        for size in SIZES:
            sizes = dict.fromkeys(axes, SIZES[1]) | {axis: size}
            cases[f"{axis}-{size}"] = {spec.name: _real(spec, examples, sizes, generator) for spec in inputs}
    sizes = dict.fromkeys(axes, SIZES[1])
    cases["noise"] = {spec.name: sample_input(spec, sizes, seed) for spec in inputs}
    ends = {end: {spec.name: _filled(spec, sizes, end) for spec in inputs} for end in ("low", "high")}
    return cases | ends


def _ranged(spec: TensorSpec, examples: Mapping[str, np.ndarray]) -> TensorSpec:
    """The input with the range of the examples, where it declares none and they are floats."""
    array = examples.get(spec.name)
    if array is None or array.dtype.kind != "f" or (spec.low, spec.high) != (None, None) or not np.isfinite(array).all():
        return spec
    return replaced(spec, low=float(array.min()), high=float(array.max()))


def _real(
    spec: TensorSpec, examples: Mapping[str, np.ndarray], sizes: Mapping[str, int], generator: np.random.Generator
) -> np.ndarray:
    """Examples drawn from the test split where they fit the asked shape, else noise."""
    shape = tuple(sizes[axis] if isinstance(axis, str) else axis for axis in spec.shape)
    array = examples.get(spec.name)
    if array is None or array.shape[1:] != shape[1:] or str(array.dtype) != spec.dtype:
        return sample_input(spec, sizes)
    return array[generator.choice(len(array), size=shape[0], replace=shape[0] > len(array))]


def _filled(spec: TensorSpec, sizes: Mapping[str, int], end: str) -> np.ndarray:
    """Every element at one end of the input's range."""
    value = getattr(spec, end)
    return np.full_like(sample_input(spec, sizes), (0 if end == "low" else 1) if value is None else value)
