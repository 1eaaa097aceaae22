"""Hand-made reports: every figure known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from zoo.benchmark.bootstrap import median_interval
from zoo.benchmark.report import FORMAT, Against, BenchReport, Latency, Machine, Memory, Row, Start
from zoo.benchmark.values import Interval, Noise

MACHINE = Machine(cpu="a processor", cores=2, system="Linux 6 x86_64", python="3.11.7", numpy="2.0.0", onnxruntime="1.31.1")
QUIET = Noise(control=Interval(value=1.0, low=0.99, high=1.01), others=0.0, stolen=0.0, reasons=())
LOUD = Noise(
    control=Interval(value=1.2, low=1.1, high=1.3), others=0.5, stolen=0.0, reasons=("other processes took 50% of the cores",)
)


def rounds_of(p50_ms: float, *, spread: float = 0.02, passes: int = 4, rounds: int = 5) -> tuple[tuple[float, ...], ...]:
    """Medians of rounds evenly around `p50_ms`, the same in each pass."""
    steps = [spread * (2 * number / (rounds - 1) - 1) for number in range(rounds)]
    return tuple(tuple(p50_ms * (1 + step) for step in steps) for _ in range(passes))


def latency(p50_ms: float, *, spread: float = 0.02, batch: int = 1) -> Latency:
    """Of calls that take about `p50_ms`."""
    rounds = rounds_of(p50_ms, spread=spread)
    return Latency(
        p50=median_interval(rounds),
        p90_ms=1.1 * p50_ms,
        p99_ms=1.5 * p50_ms,
        examples_per_second=1e3 * batch / p50_ms,
        calls=200,
        rounds_ms=rounds,
    )


def row(
    p50_ms: float,
    *,
    batch: int = 1,
    threads: int | None = 1,
    level: str = "all",
    noise: Noise = QUIET,
    against: dict[str, Against] | None = None,
    memory: bool = True,
    spread: float = 0.02,
) -> Row:
    """A row of one condition."""
    return Row(
        batch=batch,
        threads=threads,
        level=level,
        latency=latency(p50_ms, batch=batch, spread=spread),
        start=Start(load_warm_ms=3.0, load_cold_ms=9.0, first_warm_ms=0.3, first_cold_ms=1.2, sessions=10),
        memory=Memory(loaded=10_400_000, run=11_600_000, process=90_000_000, how="VmHWM") if memory else None,
        noise=noise,
        against=against or {},
    )


def peer(p50_ms: float, ratio: float, *, width: float = 0.02, verdict: Any = "faster") -> Against:
    """A peer whose time ÷ ours is `ratio`."""
    return Against(latency=latency(p50_ms), ratio=Interval(value=ratio, low=ratio - width, high=ratio + width), verdict=verdict)


def report(rows: Sequence[Row], **changes: Any) -> BenchReport:
    """A report of these rows, with some fields changed."""
    noisy = any(one.noise.reasons for one in rows)
    made = BenchReport(
        format=FORMAT,
        id="cnn.fast",
        path="exported/cnn.fast",
        model_sha256="0" * 64,
        size=246_445,
        provider="cpu",
        inputs="golden.npz, repeated",
        seconds=0.5,
        resamples=2000,
        confidence=0.95,
        conclusive=not noisy,
        reason="At batch 1, 1 thread, other processes took 50% of the cores; close other programs." if noisy else None,
        rows=tuple(rows),
        machine=MACHINE,
        created="2026-01-01T00:00:00+00:00",
    )
    return msgspec.structs.replace(made, **changes)
