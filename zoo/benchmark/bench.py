"""Measure an artifact under every condition asked for: time to the first answer, memory, and latency in turn with peers."""

from __future__ import annotations

import gc
import hashlib
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np

from zoo.benchmark.bootstrap import CONFIDENCE, RESAMPLES, median_interval, ratio_interval, verdict
from zoo.benchmark.explanation import Explanation
from zoo.benchmark.feeds import Arrays, batch_axis, examples, repeated
from zoo.benchmark.fresh import Fresh, measure_fresh
from zoo.benchmark.latency import LONG_ENOUGH, Call, Race, medians, passes_for
from zoo.benchmark.machine import this_machine
from zoo.benchmark.noise import Watch, judged, reason
from zoo.benchmark.peers import Answer, Peer
from zoo.benchmark.report import FORMAT, Against, BenchReport, Latency, Memory, Row, Start
from zoo.benchmark.values import Interval, Noise, threads_text
from zoo.errors import UnknownName, UsageError, ZooError
from zoo.progress import Progress
from zoo.runtime.artifact import MODEL
from zoo.runtime.model import Model
from zoo.runtime.model import open as open_model
from zoo.runtime.session import LEVELS

BATCHES = (1, 8, 64, 512)
THREADS = (1, None)
SECONDS = 0.4
OURS, CONTROL = "", "control"


@dataclass(frozen=True)
class Condition:
    """What a row is measured under, and what was measured so far: the race, loads and first calls in seconds, who else computed."""

    batch: int
    threads: int | None
    level: str
    feeds: Arrays
    race: Race
    watch: Watch = field(default_factory=Watch)
    loads: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)


def bench(
    path: Path,
    *,
    batches: Sequence[int] = BATCHES,
    threads: Sequence[int | None] = THREADS,
    levels: Sequence[str] = ("all",),
    providers: Sequence[str] = ("cpu",),
    against: Sequence[Peer] = (),
    seconds: float = SECONDS,
    explain: bool = False,
    data: Mapping[str, np.ndarray] | None = None,
    progress: Progress | None = None,
) -> BenchReport:
    """Measure an artifact as a deployment would call it: `zoo.runtime.Model.answer`, checks and conversions included.

    In rounds, ours, ours once more as a control, and the peers are timed in turn, so that a change of the machine's speed meets
    all, and ratios are taken within a round. All conditions are gone through several times, each time in fresh sessions. Where
    the control differs from ours, or others compute meanwhile, figures are given but nothing is concluded from them. With several
    levels of optimisation the highest is a peer of each other one.

    Args:
        path: the artifact's folder, or a bare `.onnx` file.
        batches: examples in a call; a model that takes a fixed number is measured with that alone.
        threads: of one operator; `None` leaves it to onnxruntime.
        levels: of graph optimisation.
        providers: short names of execution providers, best first.
        against: peers; one whose answers differ from ours is refused.
        seconds: of timing for each condition and each contestant, about.
        explain: whether to say why a call takes that long, too, at each batch size, with the first of `threads` and of `levels`.
        data: inputs to repeat, by name; otherwise golden vectors, otherwise noise.
        progress: who is told.

    Raises:
        UsageError: a batch or a number of threads below 1, a level or a duration that is none.
        ZooError: a peer fails or does not answer as the artifact does; and what `zoo.runtime.open` raises.
    """
    _check(batches, threads, levels, seconds)
    progress = progress or Progress()
    model = open_model(path, providers=providers)
    source, origin = examples(model, data)
    sizes = list(dict.fromkeys(batches)) if batch_axis(model) else [len(next(iter(source.values())))]
    gc.collect()  # once: what is left over from before is not for the calls to clear away
    passes = passes_for(_once(model, repeated(source, min(sizes))), seconds)
    conditions = [
        Condition(batch, several, level, repeated(source, batch), Race(seconds=seconds, passes=passes))
        for several in dict.fromkeys(threads)
        for level in dict.fromkeys(levels)
        for batch in sizes
    ]
    with progress.bar(f"bench {model.id}", len(conditions) * passes, unit="races") as advance:
        for _ in range(passes):
            for condition in conditions:
                _race(model, condition, [*against, *_highest(model, condition, levels)])
                advance(detail=f"batch {condition.batch}, {threads_text(condition.threads)}")
    rows = [_row(model, condition) for condition in conditions]
    explanations: tuple[Explanation, ...] = ()
    if explain:
        explanations = _explanations(model, source, sorted(sizes), threads, levels[0], seconds, passes, progress)
    file = model.path / MODEL if model.path.is_dir() else model.path
    why = reason(rows)
    return BenchReport(
        format=FORMAT,
        id=model.id,
        path=str(model.path),
        model_sha256=model.manifest.model_sha256 or hashlib.sha256(file.read_bytes()).hexdigest(),
        size=file.stat().st_size,
        provider=model.providers[0],
        inputs=origin,
        seconds=seconds,
        resamples=RESAMPLES,
        confidence=CONFIDENCE,
        conclusive=why is None,
        reason=why,
        rows=tuple(rows),
        machine=this_machine(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        explanations=explanations,
        conclusions=_concluded(model, explanations, rows),
    )


def _explanations(
    model: Model,
    source: Arrays,
    sizes: Sequence[int],
    threads: Sequence[int | None],
    level: str,
    seconds: float,
    passes: int,
    progress: Progress,
) -> tuple[Explanation, ...]:
    from zoo.benchmark.explain import explain, machine
    from zoo.benchmark.trials import Base

    found = []
    with progress.bar(f"explain {model.id}", len(sizes), unit="batches") as advance:
        known = machine(threads[0])
        for batch in sizes:
            base = Base(model=model, source=source, batch=batch, threads=threads[0], level=level)
            found.append(explain(base, known, seconds=seconds, passes=passes, threads=threads))
            advance(detail=f"batch {batch}")
    return tuple(found)


def _concluded(model: Model, explanations: tuple[Explanation, ...], rows: Sequence[Row]) -> tuple[str, ...]:
    if not explanations:
        return ()
    from zoo.benchmark.plain import Evidence, conclusions
    from zoo.benchmark.rules import RULES

    manifest = model.manifest
    return conclusions(Evidence(explanations, tuple(rows), manifest.variant, manifest.precision), RULES)


def _check(batches: Sequence[int], threads: Sequence[int | None], levels: Sequence[str], seconds: float) -> None:
    if not batches or min(batches) < 1:
        raise UsageError(f"Batch sizes must be at least 1, not {', '.join(map(str, batches)) or 'none'}.")
    if not threads or any(several is not None and several < 1 for several in threads):
        raise UsageError(f"Numbers of threads must be at least 1, not {', '.join(map(str, threads)) or 'none'}.")
    if not levels:
        raise UsageError(f"At least one optimisation level is needed: {', '.join(LEVELS)}.")
    for level in levels:
        if level not in LEVELS:
            raise UnknownName("optimisation level", level, LEVELS)
    if not 0 < seconds < float("inf"):
        raise UsageError(f"seconds must be above 0, not {seconds:g}.")


def _once(model: Model, feeds: Arrays) -> float:
    """Seconds of opening a session and answering thrice with it: what a pass takes beside its timed calls."""
    start = time.perf_counter()
    opened = open_model(model.path, providers=model.providers)
    for _ in range(3):
        opened.answer(feeds)
    return time.perf_counter() - start


def _highest(model: Model, condition: Condition, levels: Sequence[str]) -> list[Peer]:
    """The highest level as a peer of the others: what a level gains is a comparison, and rows are not interleaved."""
    highest = max(levels, key=list(LEVELS).index)
    if condition.level == highest:
        return []

    def prepare(_: Model, threads: int | None) -> Answer:
        opened = open_model(model.path, providers=model.providers, threads=threads, level=highest)
        return lambda feeds: list(opened.answer(feeds).values())

    return [Peer(f"level {highest}", prepare)]


def _race(model: Model, condition: Condition, peers: Sequence[Peer]) -> None:
    """One pass of one condition, in a fresh session."""
    feeds, threads = condition.feeds, condition.threads
    start = time.perf_counter()
    opened = open_model(model.path, providers=model.providers, threads=threads, level=condition.level)
    loaded = time.perf_counter()
    opened.answer(feeds)
    condition.firsts.append(time.perf_counter() - loaded)
    condition.loads.append(loaded - start)
    ours: Call = partial(opened.answer, feeds)
    contestants: dict[str, Call] = {OURS: ours, CONTROL: ours}
    for peer in peers:
        answer = peer.prepare(opened, threads)
        if len(condition.loads) == 1:
            _check_answers(opened, feeds, peer.name, answer)
        contestants[peer.name] = partial(answer, feeds)
    with condition.watch:
        condition.race.go(contestants)


def _row(model: Model, condition: Condition) -> Row:
    """What the passes of one condition come to, and what a fresh process says of it."""
    batch, threads, level = condition.batch, condition.threads, condition.level
    fresh = measure_fresh(model.path, condition.feeds, providers=model.providers, threads=threads, level=level)
    others, stolen = condition.watch.shares()
    times = condition.race.times
    by_round = {name: medians(passes) for name, passes in times.items()}
    noise = judged(ratio_interval(by_round[CONTROL], by_round[OURS]), others, stolen)
    return Row(
        batch=batch,
        threads=threads,
        level=level,
        latency=_latency(times[OURS], batch),
        start=Start(
            load_warm_ms=1e3 * statistics.median(condition.loads),
            load_cold_ms=1e3 * fresh.load,
            first_warm_ms=1e3 * statistics.median(condition.firsts),
            first_cold_ms=1e3 * fresh.first,
            sessions=len(condition.loads),
        ),
        memory=_memory(fresh),
        noise=noise,
        against={
            name: _against(_latency(times[name], batch), ratio_interval(rounds, by_round[OURS]), noise)
            for name, rounds in by_round.items()
            if name not in (OURS, CONTROL)
        },
    )


def _memory(fresh: Fresh) -> Memory | None:
    if fresh.how is None:
        return None
    loaded, run = max(0, fresh.loaded - fresh.before), max(0, fresh.run - fresh.before)
    return Memory(loaded=loaded, run=run, process=fresh.run, how=fresh.how)


def _latency(passes: Sequence[Sequence[Sequence[float]]], batch: int) -> Latency:
    every = np.array([seconds for rounds in passes for round_ in rounds for seconds in round_])  # [calls]
    by_round = [[1e3 * value for value in rounds] for rounds in medians(passes)]
    return Latency(
        p50=median_interval(by_round),
        p90_ms=1e3 * float(np.percentile(every, 90)),
        p99_ms=1e3 * float(np.percentile(every, 99)) if len(every) >= LONG_ENOUGH else None,
        examples_per_second=batch / float(every.mean()),
        calls=len(every),
        rounds_ms=tuple(map(tuple, by_round)),
    )


def _against(latency: Latency, ratio: Interval, noise: Noise) -> Against:
    return Against(latency=latency, ratio=ratio, verdict="too noisy to conclude" if noise.reasons else verdict(ratio))


def _check_answers(model: Model, feeds: Arrays, name: str, answer: Answer) -> None:
    """A race against something that computes another thing, or with other weights, would say nothing."""
    try:
        theirs = [np.asarray(output) for output in answer(feeds)]
    except ZooError:
        raise
    except Exception as error:  # a compiler that is missing, memory that runs out: whatever a peer may do
        reason = " ".join(str(error).split())[:200]
        raise ZooError(f"The peer {name} fails: {type(error).__name__}: {reason}.") from error
    ours = model.answer(feeds)
    for tensor in model.outputs:
        mine = ours[tensor.name]
        if tensor.dtype == "float32" and not any(
            other.dtype.kind == "f" and mine.shape == other.shape and np.allclose(mine, other, rtol=1e-2, atol=1e-3)
            for other in theirs
        ):
            raise ZooError(f"The peer {name} does not give the {tensor.name} of {model.id}: other weights, or another network.")
