"""What the machine can do at best, measured in this process: multiply and copy."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from zoo.benchmark.tiny import product
from zoo.runtime.session import session_options

SIZE = 768
"""Rows of the matrices: large enough that onnxruntime comes to its full speed, small enough for the processor's caches."""
SECONDS = 0.15
SMALLEST, LARGEST = 1 << 20, 1 << 28
"""Bytes of an array that is copied: below, calling NumPy would be timed; above, a machine's memory would be."""


def peak_gflops(threads: int | None) -> float:
    """Thousand million operations a second that onnxruntime's own product of float32 matrices comes to on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(
        product(SIZE), session_options(threads, "all"), providers=["CPUExecutionProvider"], enable_fallback=0
    )
    feeds = {"x": np.random.default_rng(0).standard_normal((SIZE, SIZE), np.float32)}
    return 2e-9 * SIZE**3 / _fastest(lambda: session.run(None, feeds))


def peak_gbytes(size: int) -> float:
    """Thousand million bytes that NumPy reads and writes in a second, one thread, in copying arrays of about `size` bytes."""
    source = np.ones(min(max(size, SMALLEST), LARGEST), np.uint8)
    target = np.empty_like(source)
    return 2e-9 * len(source) / _fastest(lambda: np.copyto(target, source))


def _fastest(call: Callable[[], object]) -> float:
    """Seconds of the fastest call: a peak is what is left when nothing is in the way."""
    call()
    times: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)
