"""What a benchmark found: plain values, ready for JSON."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Latency:
    """Times of one call in milliseconds, how many were timed, and examples answered in a second."""

    p50_ms: float
    p90_ms: float
    p99_ms: float
    examples_per_second: float
    calls: int


@dataclass(frozen=True, kw_only=True)
class Against:
    """A peer on the same inputs, timed in turn with ours.

    Args:
        latency: the peer's.
        ratio: peer's median time ÷ ours, the median over the rounds: above 1, we are faster.
        ratio_low: smallest of a round.
        ratio_high: largest of a round.
    """

    latency: Latency
    ratio: float
    ratio_low: float
    ratio_high: float


@dataclass(frozen=True, kw_only=True)
class Row:
    """One batch size: ours, and each peer by name."""

    batch: int
    latency: Latency
    against: dict[str, Against] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Where it was measured.

    Args:
        cpu: model name.
        cores: that this process may use.
        busy: share of these cores that other processes took just before; `None` where the system does not tell.
        system: name, release and architecture.
        python: version.
        onnxruntime: version.
    """

    cpu: str
    cores: int
    busy: float | None
    system: str
    python: str
    onnxruntime: str


@dataclass(frozen=True, kw_only=True)
class BenchReport:
    """A benchmark of one artifact.

    Args:
        id: of the artifact.
        path: where it lay.
        model_sha256: of what was measured; `None` for a bare `.onnx`.
        size: of the `.onnx`, in bytes.
        load_ms: to read the file and make a session, the median of three, without checking hashes.
        provider: that computed.
        threads: of one operator; `None` left it to onnxruntime.
        inputs: where the inputs came from.
        seconds: each batch size was timed for so long.
        rows: one for each batch size.
        machine: where.
        created: when, UTC, ISO 8601.
    """

    id: str
    path: str
    model_sha256: str | None
    size: int
    load_ms: float
    provider: str
    threads: int | None
    inputs: str
    seconds: float
    rows: tuple[Row, ...]
    machine: Machine
    created: str
