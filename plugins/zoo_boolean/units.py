"""Weights and biases that make a function of threshold units.

A unit fires where w·x + b > 0, for x of zeros and ones (McCulloch & Pitts 1943; Rosenblatt 1958). Every sum below is a whole number
and a half, so that no rounding can move a unit over its threshold.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from zoo_boolean import Function, Gate
from zoo_boolean.function import names_of, table_of
from zoo_boolean.minimise import ABSENT, minimise


@dataclass(frozen=True)
class Layer:
    """One layer of units.

    Args:
        weights: float32 [units, inputs].
        biases: float32 [units].
    """

    weights: np.ndarray
    biases: np.ndarray


def layers_of(config: Gate | Function) -> tuple[Layer, ...]:
    """The network of a config.

    Raises:
        UsageError: the config means no function.
    """
    if isinstance(config, Gate):
        return gate(config.gate, len(names_of(config)))
    return disjunction(minimise(table_of(config)).terms)


def gate(kind: str, inputs: int) -> tuple[Layer, ...]:
    """AND: all n ones, −n + ½ above 0. OR: one is enough. NOT: the one that stays away. XOR: an odd number of ones.

    XOR needs a layer more: unit k counts whether at least k inputs are 1, and they speak in turn for and against.
    """
    if kind == "and":
        return (_layer([[1] * inputs], [-inputs + 0.5]),)
    if kind == "or":
        return (_layer([[1] * inputs], [-0.5]),)
    if kind == "not":
        return (_layer([[-1]], [0.5]),)
    counts = range(1, inputs + 1)
    hidden = _layer([[1] * inputs] * inputs, [-count + 0.5 for count in counts])
    return hidden, _layer([[1 if count % 2 else -1 for count in counts]], [-0.5])


def disjunction(terms: np.ndarray) -> tuple[Layer, ...]:
    """A disjunctive normal form: a unit for each term, an AND of its literals, and one that is the OR of all.

    Args:
        terms: int8 [terms, variables]: 1 for a variable, 0 for its negation, 2 for none. Where there is no term, one hidden unit
            that never fires stands for them; a term without literals always fires.
    """
    if not len(terms):
        return _layer([[0] * terms.shape[1]], [-0.5]), _layer([[1]], [-0.5])
    weights = np.where(terms == ABSENT, 0, np.where(terms == 1, 1, -1))  # [terms, variables]
    return _layer(weights, 0.5 - (terms == 1).sum(1)), _layer(np.ones((1, len(terms))), [-0.5])


def _layer(weights: object, biases: object) -> Layer:
    return Layer(np.asarray(weights, np.float32), np.asarray(biases, np.float32))
