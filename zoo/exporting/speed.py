"""How fast a file with fewer bits is beside the same network in float32, measured in turn."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from zoo.benchmark.bootstrap import ratio_interval
from zoo.benchmark.feeds import repeated
from zoo.benchmark.latency import Call, Race, medians, passes_for
from zoo.benchmark.noise import OTHERS, Watch, judged
from zoo.certify.speed import Speed
from zoo.machine import cores
from zoo.runtime.session import new_session

if TYPE_CHECKING:
    from zoo.progress import Progress

BATCHES = (1, 64)
SECONDS = 0.4
"""Of timed calls for each file and batch size."""
THREADS = 1
"""What is compared are kernels, not how they share the cores."""
SMALL, CONTROL, PLAIN = "small", "control", "plain"


def speeds(small: bytes, plain: bytes, examples: Mapping[str, np.ndarray], *, name: str, progress: Progress) -> tuple[Speed, ...]:
    """Speed of the file `small` as a multiple of the file `plain`'s, for each of `BATCHES`, by the rules of `zoo bench`: in turn,
    in fresh sessions each pass, `small` twice as a control.

    Args:
        small: of which.
        plain: the same network in float32.
        examples: by input; they are repeated where they are fewer than a batch.
        name: for progress.
        progress: who is told.
    """
    feeds = {batch: repeated(examples, batch) for batch in BATCHES}
    start = perf_counter()
    _call(small, feeds[min(BATCHES)])()
    passes = passes_for(perf_counter() - start, SECONDS)
    races = {batch: Race(seconds=SECONDS, passes=passes) for batch in BATCHES}
    watches = {batch: Watch() for batch in BATCHES}
    with progress.bar(f"{name}: speed beside float32", passes * len(BATCHES), unit="races") as advance:
        for _ in range(passes):
            for batch, race in races.items():
                ours, theirs = (_call(content, feeds[batch]) for content in (small, plain))
                with watches[batch]:
                    race.go({SMALL: ours, CONTROL: ours, PLAIN: theirs})
                advance(detail=f"batch {batch}")
    return tuple(_speed(batch, races[batch], watches[batch]) for batch in BATCHES)


def _call(content: bytes, feeds: Mapping[str, np.ndarray]) -> Call:
    session, _ = new_session(content, where=Path("the file"), providers=("cpu",), threads=THREADS, level="all")
    return partial(session.run, None, dict(feeds))


def _speed(batch: int, race: Race, watch: Watch) -> Speed:
    rounds = {name: medians(passes) for name, passes in race.times.items()}
    others, stolen = watch.shares()
    # One thread needs one core; what others do on the rest of them is no noise.
    crowded = others is not None and others > OTHERS + 1 - THREADS / cores()
    noise = judged(ratio_interval(rounds[CONTROL], rounds[SMALL]), others if crowded else None, stolen)
    ratio = ratio_interval(rounds[PLAIN], rounds[SMALL])
    return Speed(batch=batch, ratio=ratio.value, low=ratio.low, high=ratio.high, noise=noise.reasons)
