"""The shape grid: the inputs of the golden cases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from zoo.certify.texts import text_cases
from zoo.errors import ExportError
from zoo.sample import sample_input
from zoo.spec import TensorSpec, replaced

Arrays = dict[str, np.ndarray]

SIZES = (1, 2, 7, 64)
"""Of each dynamic axis: the smallest, the traced one, an odd one, a large one."""


def grid(
    inputs: Sequence[TensorSpec],
    examples: Mapping[str, np.ndarray],
    seed: int = 0,
    *,
    audited: Mapping[str, np.ndarray] | None = None,
) -> dict[str, Arrays]:
    """The cases of the shape grid: real examples at each size, noise, and the two ends of the range; of text, sentences of one's
    own at each size and length, and hostile ones.

    Args:
        inputs: of the graph.
        examples: arrays of the test split, by input name; what has none there is made up. A float input without a range of its own
            has theirs.
        seed: of the choice.
        audited: the test split, if it is not `examples`; of texts only their length is taken.

    Raises:
        ExportError: a text input has no examples.
    """
    generator = np.random.default_rng(seed)
    inputs = [_ranged(spec, examples) for spec in inputs]
    if any(spec.dtype == "string" for spec in inputs):
        return _text_grid(inputs, dict(examples), {**examples, **(audited or {})}, generator)
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


def _text_grid(
    inputs: Sequence[TensorSpec], examples: Arrays, audited: Arrays, generator: np.random.Generator
) -> dict[str, Arrays]:
    """The cases where some inputs are text."""
    cases: dict[str, Arrays] = {}
    for spec in inputs:
        if spec.dtype == "string":
            if not len(examples.get(spec.name, ())):
                raise ExportError(f"The export gives no sentences of its own for the text input {spec.name}, to be certified on.")
            for case, texts in text_cases(examples[spec.name], audited[spec.name], SIZES, generator).items():
                cases.setdefault(case, {})[spec.name] = texts
    for arrays in cases.values():
        batch = len(next(iter(arrays.values())))
        for spec in inputs:
            if spec.dtype != "string":
                axes = {axis: batch if place == 0 else SIZES[1] for place, axis in enumerate(spec.shape) if isinstance(axis, str)}
                arrays[spec.name] = _real(spec, examples, axes, generator)
    return cases
