"""Intervals that cover what they should, and verdicts that follow from them."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.benchmark.bootstrap import median_interval, ratio_interval, separate_ratio_interval, verdict
from zoo.benchmark.values import Interval


@pytest.mark.parametrize(("between", "least"), [(0.0, 0.93), (0.02, 0.86), (0.05, 0.84)])
def test_interval_covers_the_truth(between: float, least: float) -> None:
    """95 % is what it is called; ten passes give at least nine of ten even where passes differ more than rounds."""
    generator, trials = np.random.default_rng(1), 150
    hits = 0
    for _ in range(trials):
        log = 0.02 * generator.standard_normal((10, 5)) + between * generator.standard_normal((10, 1))
        found = median_interval(np.exp(log))
        hits += found.low <= 1 <= found.high
    assert hits >= least * trials


def test_passes_that_differ_widen_the_interval() -> None:
    """A figure measured in one good minute and one bad is not known to the precision of either."""
    steady = np.tile(np.linspace(0.99, 1.01, 5), (10, 1))
    moody = steady * np.where(np.arange(10) % 2, 1.3, 1.0)[:, None]
    assert median_interval(steady).width < 0.02
    assert median_interval(moody).width > 0.2


def test_same_values_have_no_width_and_the_same_seed_gives_the_same() -> None:
    found = median_interval([[3.0] * 5] * 4)
    assert (found.value, found.low, found.high, found.width) == (3.0, 3.0, 3.0, 0.0)
    values = np.random.default_rng(0).lognormal(size=(10, 5))
    assert median_interval(values) == median_interval(values)


def test_ratio_within_rounds_ignores_what_all_suffer() -> None:
    """The machine halves its speed for half of the time; the ratio does not move, and its interval hardly has a width."""
    drift = np.where(np.arange(50).reshape(10, 5) % 2, 1.0, 2.0)
    ours = drift * np.random.default_rng(0).normal(1, 0.001, (10, 5))
    found = ratio_interval(1.03 * drift, ours)
    assert found.value == pytest.approx(1.03, abs=0.002)
    assert found.width < 0.01
    assert separate_ratio_interval(1.03 * drift, ours).width > 0.3


def test_separate_series_may_differ_in_shape() -> None:
    found = separate_ratio_interval(np.full((10, 5), 4.0), np.full((3, 1), 2.0))
    assert (found.value, found.low, found.high) == (2.0, 2.0, 2.0)


@pytest.mark.parametrize(
    ("low", "high", "margin", "said"),
    [
        (1.01, 1.2, 0.0, "faster"),
        (0.8, 0.99, 0.0, "slower"),
        (0.99, 1.2, 0.0, "no difference shown"),
        (1.0, 1.2, 0.0, "no difference shown"),
        (1.05, 1.2, 0.1, "no difference shown"),
        (1.11, 1.2, 0.1, "faster"),
        (0.8, 0.92, 0.1, "no difference shown"),
        (0.8, 0.9, 0.1, "slower"),
    ],
)
def test_verdict_is_whether_the_interval_excludes_one(low: float, high: float, margin: float, said: str) -> None:
    assert verdict(Interval(value=(low + high) / 2, low=low, high=high), margin=margin) == said
