"""Measure an artifact: load time, latency and throughput at several batch sizes, alone or in turn with peers."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from zoo.benchmark.feeds import Arrays, batch_axis, examples, repeated
from zoo.benchmark.latency import Call, sample, summary
from zoo.benchmark.machine import this_machine
from zoo.benchmark.report import Against, BenchReport, Latency, Row
from zoo.errors import UsageError, ZooError
from zoo.progress import Advance, Progress
from zoo.runtime.artifact import MODEL
from zoo.runtime.model import Model
from zoo.runtime.model import open as open_model

BATCHES = (1, 8, 64, 512)
ROUNDS = 5
WARMUP = 3
LOADS = 3
SETTLE = 0.2
"""Share of a round that is not timed: the threads of whoever ran before still spin, and caches hold its data."""


@dataclass(frozen=True)
class Peer:
    """Something that answers the same question: its name, and a call that takes the inputs and returns its float outputs."""

    name: str
    call: Callable[[Arrays], Sequence[np.ndarray]]


def bench(
    path: Path,
    *,
    batches: Sequence[int] = BATCHES,
    providers: Sequence[str] = ("cpu",),
    threads: int | None = None,
    against: Sequence[Peer] = (),
    seconds: float = 1.0,
    data: Mapping[str, np.ndarray] | None = None,
    progress: Progress | None = None,
) -> BenchReport:
    """Measure an artifact with onnxruntime's session as a deployment would call it.

    With peers, ours and theirs are timed in turn (A B A B …) in rounds, so that a change of the machine's speed meets all, and
    ratios are taken within a round. A peer whose answers differ from ours is refused.

    Args:
        path: the artifact's folder, or a bare `.onnx` file.
        batches: examples in a call; a model that takes a fixed number is measured with that alone.
        providers: short names of execution providers, best first.
        threads: of one operator; `None` leaves it to onnxruntime.
        against: peers.
        seconds: of timing for each batch size and each contestant.
        data: inputs to repeat, by name; otherwise golden vectors, otherwise noise.
        progress: who is told.

    Raises:
        UsageError: a batch below 1, or a duration that is none.
        ZooError: a peer fails or does not answer as the artifact does; and what `zoo.runtime.open` raises.
    """
    if not batches or min(batches) < 1:
        raise UsageError(f"Batch sizes must be at least 1, not {', '.join(map(str, batches)) or 'none'}.")
    if not 0 < seconds < float("inf"):
        raise UsageError(f"seconds must be above 0, not {seconds:g}.")
    progress = progress or Progress()
    model = open_model(path, providers=providers, threads=threads)
    source, origin = examples(model, data)
    sizes = list(dict.fromkeys(batches)) if batch_axis(model) else [len(next(iter(source.values())))]
    load = statistics.median(_load_seconds(path, providers, threads) for _ in range(LOADS))
    machine = this_machine()
    rows = []
    with progress.bar(f"bench {model.id}", len(sizes) * ROUNDS, unit="rounds") as advance:
        for batch in sizes:
            rows.append(_row(model, batch, repeated(source, batch), against, seconds=seconds, advance=advance))
    return BenchReport(
        id=model.id,
        path=str(model.path),
        model_sha256=model.manifest.model_sha256,
        size=(model.path / MODEL if model.path.is_dir() else model.path).stat().st_size,
        load_ms=1e3 * load,
        provider=model.providers[0],
        threads=threads,
        inputs=origin,
        seconds=seconds,
        rows=tuple(rows),
        machine=machine,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _load_seconds(path: Path, providers: Sequence[str], threads: int | None) -> float:
    start = time.perf_counter()
    open_model(path, providers=providers, threads=threads, check=False)
    return time.perf_counter() - start


def _row(model: Model, batch: int, feeds: Arrays, peers: Sequence[Peer], *, seconds: float, advance: Advance) -> Row:
    """One batch size: warm up, compare answers, then rounds in which everyone has a turn."""
    model.answer(feeds)  # checks the inputs once; onnxruntime is then called as a deployment calls it
    names = [tensor.name for tensor in model.outputs]
    ours: Call = partial(model.session.run, names, feeds)
    contestants: list[tuple[str, Call]] = [("", ours), *((peer.name, partial(peer.call, feeds)) for peer in peers)]
    for peer in peers:
        _check_answers(model, feeds, peer)
    for _, call in contestants:
        for _ in range(WARMUP):
            call()
    gc.collect()
    times: dict[str, list[list[float]]] = {name: [] for name, _ in contestants}
    for _ in range(ROUNDS):
        for name, call in contestants:
            sample(call, seconds=SETTLE * seconds / ROUNDS, least=1)
            times[name].append(sample(call, seconds=seconds / ROUNDS, least=2))
        advance(detail=f"batch {batch}")
    against = {peer.name: _against(times[peer.name], times[""], batch) for peer in peers}
    return Row(batch=batch, latency=_latency(times[""], batch), against=against)


def _latency(rounds: list[list[float]], batch: int) -> Latency:
    timing = summary([seconds for round_ in rounds for seconds in round_])
    return Latency(
        p50_ms=1e3 * timing.p50,
        p90_ms=1e3 * timing.p90,
        p99_ms=1e3 * timing.p99,
        examples_per_second=batch / timing.mean,
        calls=timing.n,
    )


def _against(theirs: list[list[float]], ours: list[list[float]], batch: int) -> Against:
    ratios = [statistics.median(a) / statistics.median(b) for a, b in zip(theirs, ours, strict=True)]
    return Against(latency=_latency(theirs, batch), ratio=statistics.median(ratios), ratio_low=min(ratios), ratio_high=max(ratios))


def _check_answers(model: Model, feeds: Arrays, peer: Peer) -> None:
    """A race against something that computes another thing, or with other weights, would say nothing."""
    try:
        theirs = peer.call(feeds)
    except ZooError:
        raise
    except Exception as error:  # a compiler that is missing, memory that runs out: whatever a peer may do
        reason = " ".join(str(error).split())[:200]
        raise ZooError(f"The peer {peer.name} fails: {type(error).__name__}: {reason}.") from error
    answer = model.answer(feeds)
    for tensor in model.outputs:
        mine = answer[tensor.name]
        if tensor.dtype == "float32" and not any(
            mine.shape == other.shape and np.allclose(mine, other, rtol=1e-2, atol=1e-3) for other in theirs
        ):
            raise ZooError(
                f"The peer {peer.name} does not give the {tensor.name} of {model.id}: other weights, or another network."
            )
