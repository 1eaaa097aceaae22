"""Explain a call: where its time goes by onnxruntime's profile, how much arithmetic it is, and what changes it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

import numpy as np

from zoo.benchmark.bootstrap import CONFIDENCE, SEED
from zoo.benchmark.explanation import Explanation, NodeTime, Slice, Trial, Work
from zoo.benchmark.feeds import repeated
from zoo.benchmark.latency import Race
from zoo.benchmark.modules import OTHER, PARTS, Known, Place
from zoo.benchmark.peak import peak_gbytes, peak_gflops
from zoo.benchmark.profile import CHUNKS, Cost, Profile, Ran, calibrate, profile
from zoo.benchmark.trials import Base, trials
from zoo.benchmark.values import Noise
from zoo.runtime.artifact import MODEL, read_plain

NODES = 30
"""The slowest, that a report names."""
RESAMPLES = 400
"""Of stretches of calls; a share's interval is for orientation."""
COPIES = ("MemcpyToHost", "MemcpyFromHost", "ReorderInput", "ReorderOutput")
UNKNOWN = Known(Place(OTHER, OTHER))

Machine = tuple[Cost, float]
"""What a profile costs, and the peak of products, both with the threads of one base."""


def machine(threads: int | None) -> Machine:
    """What is measured once for all batch sizes."""
    return calibrate(threads), peak_gflops(threads)


def explain(base: Base, known: Machine, *, seconds: float, passes: int, threads: Sequence[int | None]) -> Explanation:
    """Explain one condition.

    Args:
        base: what is explained.
        known: of the machine.
        seconds: of profiled calls, and of each trial.
        passes: of the trials.
        threads: numbers that are asked about.
    """
    path = base.model.path
    cost, gflops = known
    found = profile(
        read_plain(path / MODEL if path.is_dir() else path),
        repeated(base.source, base.batch),
        inputs=[tensor.name for tensor in base.model.inputs],
        outputs=[tensor.name for tensor in base.model.outputs],
        providers=base.model.providers,
        threads=base.threads,
        level=base.level,
        seconds=seconds,
        cost=cost,
    )
    tried, noise = trials(base, Race(seconds=seconds, passes=passes), passes=passes, threads=threads)
    return explained(base, found, gflops, tried, noise)


def explained(base: Base, found: Profile, gflops: float, tried: Sequence[Trial], noise: Noise) -> Explanation:
    """The explanation that a profile and trials come to."""
    place = {ran.name: found.known.get(ran.name, UNKNOWN).place for ran in found.nodes}
    call = statistics.median(found.plain)
    own = {ran.name: max(0.0, statistics.median(ran.seconds)) for ran in found.nodes}
    nodes = sum(own.values())

    def slices(key: Callable[[Ran], str]) -> tuple[Slice, ...]:
        groups: dict[str, list[Ran]] = {}
        for ran in found.nodes:
            groups.setdefault(key(ran), []).append(ran)
        made = [_slice(name, several, found, max(call, nodes)) for name, several in groups.items()]
        return tuple(sorted(made, key=lambda one: -one.ms))

    parts = slices(lambda ran: place[ran.name].part)
    slowest = sorted(found.nodes, key=lambda ran: -own[ran.name])[:NODES]
    return Explanation(
        batch=base.batch,
        threads=base.threads,
        level=base.level,
        call_ms=1e3 * call,
        between_ms=1e3 * max(0.0, call - nodes),
        node_us=1e6 * found.cost.node,
        slowed=found.slowed,
        calls=found.calls,
        parts=tuple(sorted(parts, key=lambda one: PARTS.index(one.name))),
        modules=slices(lambda ran: _module(place[ran.name])),
        operators=slices(lambda ran: ran.operator),
        providers=slices(lambda ran: ran.provider),
        copies=_slice("copies", [ran for ran in found.nodes if ran.operator in COPIES], found, max(call, nodes)),
        nodes=tuple(
            NodeTime(
                name=ran.name,
                operator=ran.operator,
                part=place[ran.name].part,
                module=place[ran.name].module,
                provider=ran.provider,
                ms=1e3 * own[ran.name],
                executions=ran.times / found.calls,
            )
            for ran in slowest
        ),
        work=_work(found, call, gflops),
        trials=tuple(tried),
        noise=noise,
    )


def _module(place: Place) -> str:
    return place.part if place.module in ("", place.part) else f"{place.part}: {place.module}"


def _slice(name: str, nodes: Sequence[Ran], found: Profile, whole: float) -> Slice:
    """The sum of the nodes' medians, and its interval over stretches of calls drawn anew, the same for all nodes."""
    seconds = np.array([ran.seconds for ran in nodes]).reshape(len(nodes), CHUNKS)  # [nodes, chunks]
    total = _sum(seconds)
    generator = np.random.default_rng(SEED)
    drawn = [_sum(seconds[:, generator.integers(CHUNKS, size=CHUNKS)]) for _ in range(RESAMPLES)]
    tail = 50 * (1 - CONFIDENCE)
    low, high = (float(value) for value in np.percentile(drawn, [tail, 100 - tail]))
    by_operator: dict[str, float] = {}
    for ran in nodes:
        by_operator[ran.operator] = by_operator.get(ran.operator, 0.0) + statistics.median(ran.seconds)
    return Slice(
        name=name,
        ms=1e3 * total,
        low_ms=1e3 * min(low, total),
        high_ms=1e3 * max(high, total),
        share=min(1.0, total / whole),
        low_share=min(1.0, min(low, total) / whole),
        executions=sum(ran.times for ran in nodes) / found.calls,
        steps=max((ran.times for ran in nodes), default=0) / found.calls,
        operators=tuple(sorted(by_operator, key=lambda one: -by_operator[one])),
    )


def _sum(seconds: np.ndarray) -> float:
    """[nodes, chunks] → the sum of the nodes' medians; what takes nothing may seem to take less than that."""
    return float(np.maximum(np.median(seconds, axis=1), 0).sum())


def _work(found: Profile, call: float, gflops: float) -> Work:
    products, moved, weights = (
        round(sum(getattr(ran, name) for ran in found.nodes) / found.calls) for name in ("products", "moved", "weights")
    )
    once = sum(found.known.get(ran.name, UNKNOWN).weight_bytes for ran in found.nodes if ran.products)
    return Work(
        multiply_adds=products,
        weight_bytes=weights,
        moved_bytes=moved,
        gflops=2e-9 * products / call,
        peak_gflops=gflops,
        gbytes=1e-9 * moved / call,
        peak_gbytes=peak_gbytes(once),
    )
