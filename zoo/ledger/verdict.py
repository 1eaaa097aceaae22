"""Seeds beside a published figure."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from zoo.report.tables import decimals
from zoo.spec import LBFGS, Recipe, Reference, Spec

ENOUGH = 3
"""Seeds without which a figure that chance has a part in is left open."""


class Row(Spec):
    """One metric of one model over its seeds.

    Args:
        id: of the model.
        metric: of the test split.
        values: one for each seed.
        seeds: that were trained; empty where nothing is learned.
        mean: of `values`.
        deviation: their standard deviation (n − 1); 0 for one.
        reached: how many of them are no worse than the published figure, its tolerance allowed for.
        published: the figure held against.
        rule: how (`zoo.spec.Reference`).
        verdict: `"reproduced"`, or by how much it falls short; `"open"` where the seeds are too few to tell.
        seconds: of training, mean.
        device: it ran on.
        precision: it ran in.
        source: of the published figure.
    """

    id: str
    metric: str
    values: tuple[float, ...]
    seeds: tuple[int, ...]
    mean: float
    deviation: float
    reached: int
    published: float
    rule: str
    verdict: str
    seconds: float
    device: str
    precision: str
    source: str


# Student's t, 97.5 %, by degrees of freedom from 1.
STUDENT = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110)


def student(freedom: int) -> float:
    """The 97.5 % quantile of Student's t; from 18 degrees on by its expansion around the normal, right to three places."""
    if freedom <= len(STUDENT):
        return STUDENT[freedom - 1]
    z = 1.959964
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def reached(reference: Reference, value: float) -> bool:
    """Whether one value is no worse than the figure."""
    lower = reference.rule == "at_most" or (reference.rule == "run" and reference.better == "lower")
    if reference.rule in ("exact", "about"):
        return abs(value - reference.value) <= reference.tolerance
    return value <= reference.value if lower else value >= reference.value


def drawn(recipe: Recipe | None, reference: Reference) -> bool:
    """Whether chance has a part in a figure, so that one value of it says little.

    It has none where nothing is learned, nor where the optimum is computed as a whole (L-BFGS). Full batches leave it the weights
    of the beginning: there the reference says whether the figure is deterministic (`"exact"`).
    """
    if recipe is None or isinstance(recipe.optimiser, LBFGS):
        return False
    return bool(recipe.batch_size or recipe.augment) or reference.rule != "exact"


def verdict(reference: Reference, values: Sequence[float], recipe: Recipe | None) -> str:
    """Whether `values`, reached by `recipe`, reproduce the figure.

    A published run is one draw: our mean must be no worse, or |published − mean| ≤ t · s · √(1 + 1/n), the 95 % prediction
    interval of a further run. Where chance has a part (`drawn`), fewer than `ENOUGH` values leave the question open, whichever
    side they fall on.
    """
    mean, published, places = statistics.fmean(values), reference.value, decimals(reference)
    strict = reference.rule in ("exact", "about")  # then each value counts
    passed = all(reached(reference, value) for value in (values if strict else [mean]))
    short = f"{mean - published:+.{places}f}"
    if len(values) < ENOUGH and drawn(recipe, reference):
        return f"open: {len(values)} of {ENOUGH} seeds ({'no worse' if passed else short})"
    if not passed and reference.rule == "run" and len(values) > 1:
        reach = student(len(values) - 1) * statistics.stdev(values) * math.sqrt(1 + 1 / len(values))
        passed = abs(published - mean) <= reach
        short += f", interval ±{reach:.{places}f}"
    return "reproduced" if passed else f"not reproduced ({short})"
