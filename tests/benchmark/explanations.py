"""Hand-made explanations: every figure known, and nothing in them that a rule would speak of."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.benchmark.reports import QUIET
from zoo.benchmark.explanation import Explanation, NodeTime, Slice, Trial, Work
from zoo.benchmark.values import Interval


def slice_of(name: str, share: float, *, steps: float = 1, operators: tuple[str, ...] = ("Conv",), ms: float = 1.0) -> Slice:
    """A part of a call of `ms` milliseconds."""
    return Slice(
        name=name,
        ms=share * ms,
        low_ms=0.9 * share * ms,
        high_ms=1.1 * share * ms,
        share=share,
        low_share=0.9 * share,
        executions=steps,
        steps=steps,
        operators=operators,
    )


def trial(name: str, ratio: float, *, width: float = 0.01, over: str = "ours") -> Trial:
    """A change whose time ÷ ours is `ratio`."""
    return Trial(name=name, over=over, ms=ratio, ratio=Interval(value=ratio, low=ratio - width, high=ratio + width))


def explanation(batch: int = 1, **changes: Any) -> Explanation:
    """Of a call of a millisecond on one thread, spread over many modules, far from every peak."""
    modules = tuple(slice_of(f"network: layer.{number}", 0.09) for number in range(10))
    made = Explanation(
        batch=batch,
        threads=1,
        level="all",
        call_ms=1.0,
        between_ms=0.1,
        node_us=0.5,
        slowed=2.0,
        calls=40,
        parts=(slice_of("network", 0.9, steps=10),),
        modules=modules,
        operators=(slice_of("Conv", 0.9, steps=10),),
        providers=(slice_of("cpu", 0.9, steps=10),),
        copies=slice_of("copies", 0.0),
        nodes=(NodeTime(name="n", operator="Conv", part="network", module="layer.0", provider="cpu", ms=0.09, executions=1),),
        work=Work(
            multiply_adds=1000, weight_bytes=100, moved_bytes=400, gflops=10.0, peak_gflops=100.0, gbytes=1.0, peak_gbytes=20.0
        ),
        trials=(trial("bare", 0.99), trial("empty graph", 0.1), trial("all threads", 1.0), trial("level none", 1.5)),
        noise=QUIET,
    )
    return msgspec.structs.replace(made, **changes)
