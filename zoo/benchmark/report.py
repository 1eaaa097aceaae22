"""What a benchmark found: plain values, as they are written to JSON and read back, every field checked."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, field

from zoo.benchmark.explanation import Explanation
from zoo.benchmark.values import Bytes, Count, Interval, Noise, Positive, Share, threads_text
from zoo.spec import Spec

FORMAT: Literal[2] = 2
"""Of the JSON. The first had no number, ratios without intervals, and nothing to compare by."""

Verdict = Literal["faster", "slower", "no difference shown", "too noisy to conclude"]


class Latency(Spec):
    """Times of one call.

    Args:
        p50: in milliseconds: the median over the rounds of each round's median.
        p90_ms: 90th percentile of all calls.
        p99_ms: 99th; `None` of fewer than 100 calls, whose 99th percentile is only their slowest.
        examples_per_second: batch ÷ mean time of a call.
        calls: that were timed, the same number in each round.
        rounds_ms: each round's median, by pass and in the order of time; what intervals and `--compare` are made of.
    """

    p50: Interval
    p90_ms: Positive
    p99_ms: Positive | None
    examples_per_second: Positive
    calls: Count
    rounds_ms: Annotated[tuple[Annotated[tuple[Positive, ...], Meta(min_length=1)], ...], Meta(min_length=1)]

    @property
    def p50_ms(self) -> float:
        """In milliseconds."""
        return self.p50.value


class Against(Spec):
    """A peer on the same inputs, timed in turn with ours.

    Args:
        latency: the peer's.
        ratio: peer's time ÷ ours, the median over the rounds: above 1, ours is faster.
        verdict: on ours.
    """

    latency: Latency
    ratio: Interval
    verdict: Verdict


class Start(Spec):
    """What comes before the first answer, in milliseconds.

    Warm is the median of several sessions in a process that has made some, one in each pass; cold is the first of a fresh
    process. In both the file was read before, so that the system has it in memory.

    Args:
        load_warm_ms: to open the artifact: read, check the hashes, make a session.
        load_cold_ms: the same.
        first_warm_ms: the first call of such a session, which claims memory and sets kernels up.
        first_cold_ms: the same.
        sessions: how many warm ones.
    """

    load_warm_ms: Positive
    load_cold_ms: Positive
    first_warm_ms: Positive
    first_cold_ms: Positive
    sessions: Count


class Memory(Spec):
    """Highest resident memory of a fresh process that only opens and runs the artifact, in bytes beyond what it had before.

    Args:
        loaded: when it was opened.
        run: when it had answered some calls, too.
        process: of the whole process, Python, NumPy and onnxruntime included.
        how: what was read, and what that cannot see.
    """

    loaded: Bytes
    run: Bytes
    process: Bytes
    how: str


class Row(Spec):
    """One condition: ours, and each peer by name.

    Args:
        batch: examples in a call.
        threads: of one operator; `None` left it to onnxruntime, which takes all physical cores.
        level: of graph optimisation.
        latency: of the product's own call, `zoo.runtime.Model.answer`.
        start: from nothing to the first answer.
        memory: `None` where the system does not tell.
        noise: how far to trust the row.
        against: peers.
    """

    batch: Count
    threads: Count | None
    level: str
    latency: Latency
    start: Start
    memory: Memory | None
    noise: Noise
    against: dict[str, Against] = field(default_factory=dict)

    @property
    def condition(self) -> str:
        """In words."""
        level = "" if self.level == "all" else f", level {self.level}"
        return f"batch {self.batch}, {threads_text(self.threads)}{level}"


class Machine(Spec):
    """Where it was measured: the processor's name, the cores this process may use, the system, and the versions."""

    cpu: str
    cores: Count
    system: str
    python: str
    numpy: str
    onnxruntime: str


class BenchReport(Spec):
    """A benchmark of one artifact.

    Args:
        format: of this report.
        id: of the artifact.
        path: where it lay.
        model_sha256: of the `.onnx` that was measured.
        size: of that file, in bytes.
        provider: that computed.
        inputs: where the inputs came from.
        seconds: that each contestant was timed in each row, about.
        resamples: of a bootstrap.
        confidence: of an interval.
        conclusive: whether every row is fit to conclude from.
        reason: why not, in a sentence.
        rows: one for each batch size, number of threads and level.
        machine: where.
        created: when, UTC, ISO 8601.
        explanations: where the time goes, for each batch size, where that was asked for (`--explain`).
        conclusions: what bounds the model and what would help, in sentences, from these.
    """

    format: Literal[2]
    id: str
    path: str
    model_sha256: str
    size: Bytes
    provider: str
    inputs: str
    seconds: Positive
    resamples: Count
    confidence: Share
    conclusive: bool
    reason: str | None
    rows: Annotated[tuple[Row, ...], Meta(min_length=1)]
    machine: Machine
    created: str
    explanations: tuple[Explanation, ...] = ()
    conclusions: tuple[str, ...] = ()
