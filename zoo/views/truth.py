"""A network from truth values to a truth value: could one threshold unit do, and where does it answer 1?"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import nn

from zoo.report.separability import Separability
from zoo.report.surface import Line, Surface, written
from zoo.views.subject import LeftOut, Subject, numbers

MOST = 4
"""Inputs of a system of inequalities that can still be read: 16 lines."""
LETTERS = 8
"""Of a name that are shown."""
LOW, HIGH, STEPS = -0.5, 1.5, 210
"""The square that the surface covers, and its points along each side."""
MARGIN = 0.5
"""How far the sums of a solution lie from the threshold at least: so do those of the gates by hand."""
SCIPY = "scipy is not installed (pip install 'onnx-zoo[lp]')"


def separability(subject: Subject) -> Separability:
    """The inequalities of a single unit for the same function, and a solution or a proof that there is none.

    Raises:
        LeftOut: the model is no function of a few truth values, or scipy is missing.
    """
    names, rows, values = _table(subject)
    if len(names) > MOST:
        raise LeftOut(f"{len(rows):,} inequalities are too many to be read; {1 << MOST} are possible")
    signs = np.where(values, 1.0, -1.0)
    signed = signs[:, None] * np.column_stack([rows, np.ones(len(rows))])  # [rows, inputs + 1]
    solution = solved(signed)
    multipliers = contradiction(signed) if solution is None else None
    return Separability(id=subject.id, names=names, rows=rows, values=values, solution=solution, multipliers=multipliers)


def surface(subject: Subject) -> Surface:
    """The network's answers over a square, of a model with two inputs.

    Raises:
        LeftOut: it has another number of them, or its first layer is not linear.
    """
    names, rows, values = _table(subject)
    if len(names) != 2:
        raise LeftOut(f"it has {len(names)} input{'s' * (len(names) != 1)}; a surface is drawn of two")
    layers = [call.layer for call in subject.weighted()]
    if not layers or not all(isinstance(layer, nn.Linear) for layer in layers):
        raise LeftOut("the layers are not linear")
    places = LOW + (np.arange(STEPS) + 0.5) * (HIGH - LOW) / STEPS
    grid = np.stack(np.meshgrid(places, places[::-1]), -1).reshape(-1, 2)  # [steps², 2]
    with torch.inference_mode():
        found = subject.trained(torch.from_numpy(grid.astype(np.float32))).numpy().reshape(STEPS, STEPS)  # [rows, columns]
    first, last = layers[0], layers[-1]
    assert isinstance(first, nn.Linear)
    assert isinstance(last, nn.Linear)
    weights, biases = numbers(first.weight), numbers(first.bias)
    hidden = len(layers) > 1
    units = [f"h{number}" if hidden else "unit" for number in range(1, len(weights) + 1)]
    total = (
        written(dict(zip(units, numbers(last.weight)[0].tolist(), strict=True)), float(numbers(last.bias)[0]))
        if len(layers) == 2
        else ""
    )
    corners = np.zeros((2, 2), bool)
    corners[rows[:, 0].astype(int), rows[:, 1].astype(int)] = values
    return Surface(
        id=subject.id,
        names=(names[0], names[1]),
        low=LOW,
        high=HIGH,
        values=found,
        corners=corners,
        lines=tuple(
            Line(unit, (float(row[0]), float(row[1])), float(bias)) for unit, row, bias in zip(units, weights, biases, strict=True)
        ),
        last=total,
    )


def _table(subject: Subject) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Names of the inputs, the rows bool [rows, inputs] and the function's values bool [rows].

    Raises:
        LeftOut: the model takes and gives something else.
    """
    inputs, outputs = subject.spec.inputs, subject.spec.outputs
    kinds = [(tensor.dtype, len(tensor.shape)) for tensor in (*inputs, *outputs)]
    if kinds != [("bool", 2), ("bool", 1)] or outputs[0].name not in subject.test:
        raise LeftOut("it is no function of truth values")
    rows = subject.examples
    names = inputs[0].names or tuple(f"x{number}" for number in range(1, rows.shape[1] + 1))
    names = tuple(name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…" for name in names)
    return names, rows, subject.test[outputs[0].name]


def solved(signed: np.ndarray) -> np.ndarray | None:
    """The weights and bias of smallest |w| with `signed` @ them ≥ ½: float [inputs + 1]; `None` where there are none.

    Args:
        signed: each row with a 1 for the bias, less than nothing where the output is 0: float [rows, inputs + 1].
    """
    linprog = _linprog()
    inputs = signed.shape[1] - 1
    # w = p − q with p, q ≥ 0, so that |w| = p + q is linear where it is smallest.
    system = np.column_stack([signed[:, :-1], -signed[:, :-1], signed[:, -1]])
    cost = [1.0] * (2 * inputs) + [0.0]
    bounds = [(0, None)] * (2 * inputs) + [(None, None)]
    found = linprog(cost, A_ub=-system, b_ub=np.full(len(system), -MARGIN), bounds=bounds, method="highs-ds")
    if found.status == 2:  # infeasible
        return None
    if found.status != 0:
        raise LeftOut(f"the linear program was not decided: {found.message}")
    solution: np.ndarray = np.append(found.x[:inputs] - found.x[inputs : 2 * inputs], found.x[-1]).round(9) + 0.0
    return solution


def contradiction(signed: np.ndarray) -> np.ndarray:
    """How often each row has to be taken for their sum to vanish: int [rows], not negative, not all 0 (Farkas's lemma; for strict
    inequalities Gordan 1873). The sum is checked in whole numbers, so that the proof does not rest on the solver.

    Args:
        signed: as for `solved`, of a system without solution.
    """
    linprog = _linprog()
    system = np.vstack([signed.T, np.ones(len(signed))])
    target = np.append(np.zeros(signed.shape[1]), 1.0)
    # No row costs more than another: a corner of what is allowed has few rows, and any will do.
    found = linprog(np.zeros(len(signed)), A_eq=system, b_eq=target, bounds=(0, None), method="highs-ds")
    if found.status != 0:
        raise LeftOut(f"the linear program gave no multipliers: {found.message}")
    shares = [Fraction(float(share)).limit_denominator(1000) for share in found.x]
    common = math.lcm(*(share.denominator for share in shares))
    counts = np.array([int(share * common) for share in shares])
    counts //= math.gcd(*counts.tolist())
    if not counts.any() or (counts < 0).any() or (counts @ signed.astype(int)).any():
        raise LeftOut("the multipliers of the linear program are no exact proof")
    return counts


def _linprog() -> Callable[..., Any]:
    try:
        from scipy.optimize import linprog
    except ImportError:
        raise LeftOut(SCIPY) from None
    found: Callable[..., Any] = linprog
    return found
