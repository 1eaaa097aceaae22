"""How an exact output follows from floats, by what its manifest says of it. Torch-free: `verify` uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from zoo.certify import labels, rounding, threshold
from zoo.runtime.manifest import Manifest


class Rule(Protocol):
    """The end of a graph, as a head has it, without the graph."""

    def decide(self, values: np.ndarray) -> np.ndarray:
        """The answer to `values` [batch, …]."""
        ...

    def gaps(self, values: np.ndarray, answers: np.ndarray) -> np.ndarray:
        """By how much `values` prefer their own answer to `answers`: float64 [batch]."""
        ...


@dataclass(frozen=True)
class Label:
    """The name of the largest score.

    Args:
        classes: names in the order of the scores.
    """

    classes: tuple[str, ...]

    def decide(self, values: np.ndarray) -> np.ndarray:
        return labels.decide(self.classes, values)

    def gaps(self, values: np.ndarray, answers: np.ndarray) -> np.ndarray:
        return labels.gaps(self.classes, values, answers)


class Rounded:
    """255 times a number, rounded."""

    def decide(self, values: np.ndarray) -> np.ndarray:
        return rounding.decide(values)

    def gaps(self, values: np.ndarray, answers: np.ndarray) -> np.ndarray:
        return rounding.gaps(values, answers)


class Above:
    """Whether a number is above 0."""

    def decide(self, values: np.ndarray) -> np.ndarray:
        return threshold.decide(values)

    def gaps(self, values: np.ndarray, answers: np.ndarray) -> np.ndarray:
        return threshold.gaps(values, answers)


def is_inside(manifest: Manifest, output: str, scores: np.ndarray) -> bool:
    """Whether `output` is text that the model decided on within itself, with `scores` as the last that is seen of it: a float for
    each text. Then only the golden run knows how close it was."""
    tensor = next(tensor for tensor in manifest.outputs if tensor.name == output)
    return tensor.dtype == "string" and scores.ndim == len(tensor.shape) and not is_ranked(manifest, output, scores)


def is_ranked(manifest: Manifest, output: str, scores: np.ndarray) -> bool:
    """Whether `output` is names in the order of `scores`, which hold one more: that of the best that was left out."""
    tensor = next(tensor for tensor in manifest.outputs if tensor.name == output)
    many = tensor.shape[1] if len(tensor.shape) == 2 else None
    return tensor.dtype == "string" and isinstance(many, int) and scores.ndim == 2 and scores.shape[1] == many + 1


def rule_of(manifest: Manifest, output: str, scores: np.ndarray) -> Rule | None:
    """How `output` follows from `scores` [batch, …]; `None` where a manifest does not tell.

    A text of one axis names the largest of as many scores as there are classes; whole numbers 0 … 255 are rounded from as many
    floats; a Boolean is whether a float is above 0.
    """
    tensor = next(tensor for tensor in manifest.outputs if tensor.name == output)
    if tensor.dtype == "string" and len(tensor.shape) == 1 and scores.ndim == 2 and scores.shape[1] == len(manifest.classes):
        return Label(manifest.classes)
    if tensor.dtype == "uint8" and (tensor.low, tensor.high) == (0, rounding.SCALE) and scores.ndim == len(tensor.shape):
        return Rounded()
    if tensor.dtype == "bool" and scores.ndim == len(tensor.shape):
        return Above()
    return None
