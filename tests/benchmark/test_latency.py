"""Times of a call: as many as asked, for as long as asked, and honest percentiles."""

from __future__ import annotations

import gc
import time

import numpy as np
import pytest

from zoo.benchmark.latency import measure, sample, summary


def test_at_least_so_many_calls() -> None:
    calls = []
    timing = measure(lambda: calls.append(1), warmup=3, seconds=0, least=7)
    assert (timing.n, len(calls)) == (7, 10)


def test_at_least_so_long() -> None:
    start = time.perf_counter()
    timing = measure(lambda: time.sleep(0.001), warmup=0, seconds=0.05, least=1)
    assert time.perf_counter() - start >= 0.05
    assert timing.n > 1
    assert 0.001 <= timing.p50 <= timing.p90 <= timing.p99


def test_percentiles_are_numpys() -> None:
    times = list(np.random.default_rng(0).exponential(size=1000))
    timing = summary(times)
    assert (timing.n, timing.mean) == (1000, pytest.approx(np.mean(times)))
    assert [timing.p50, timing.p90, timing.p99] == pytest.approx(list(np.percentile(times, [50, 90, 99])))


def test_garbage_is_not_collected_within_and_afterwards_again() -> None:
    seen = []
    sample(lambda: seen.append(gc.isenabled()), seconds=0, least=2)
    assert seen == [False, False]
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        sample(lambda: 1 // 0, seconds=0, least=1)
    assert gc.isenabled()
