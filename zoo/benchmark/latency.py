"""How long a call takes: the distribution, since a mean hides what a user waits for."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Call = Callable[[], object]


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Times of `n` calls, in seconds: their mean, and percentiles by linear interpolation."""

    n: int
    mean: float
    p50: float
    p90: float
    p99: float


def measure(call: Call, *, warmup: int, seconds: float, least: int) -> Timing:
    """Time a call again and again.

    Args:
        call: what is timed.
        warmup: calls before, untimed: caches fill, memory is claimed, code is compiled.
        seconds: it goes on for so long,
        least: and for at least so many calls.
    """
    gc.collect()
    for _ in range(warmup):
        call()
    return summary(sample(call, seconds=seconds, least=least))


def sample(call: Call, *, seconds: float, least: int) -> list[float]:
    """Seconds of each of at least `least` calls that together last `seconds`; no garbage is collected meanwhile."""
    times: list[float] = []
    collecting = gc.isenabled()
    gc.disable()
    try:
        end = time.perf_counter() + seconds
        while len(times) < least or time.perf_counter() < end:
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
    finally:
        if collecting:
            gc.enable()
    return times


def summary(times: Sequence[float]) -> Timing:
    """The distribution of at least one time."""
    p50, p90, p99 = np.percentile(times, [50, 90, 99])
    return Timing(n=len(times), mean=float(np.mean(times)), p50=float(p50), p90=float(p90), p99=float(p99))
