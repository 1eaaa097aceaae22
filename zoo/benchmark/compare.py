"""Two reports side by side: per condition B's time ÷ A's, with what stands in the way of believing it."""

from __future__ import annotations

from zoo.benchmark.bootstrap import separate_ratio_interval, verdict
from zoo.benchmark.noise import reason
from zoo.benchmark.report import BenchReport, Row, Verdict
from zoo.benchmark.values import Interval
from zoo.errors import UsageError
from zoo.spec import Spec

DRIFT = 0.10
"""Differences up to this share are not concluded from. What changed within each measurement, between its passes, is in the
intervals; what changed between the two, such as the clock and the neighbours of a processor, no report knows."""


class Difference(Spec):
    """Something in which two reports are not alike: what, and what it is in A and in B."""

    what: str
    a: str
    b: str


class Compared(Spec):
    """One condition that both reports have.

    Args:
        batch: examples in a call.
        threads: of one operator; `None` left it to onnxruntime.
        level: of graph optimisation.
        a_ms: p50 in A.
        b_ms: p50 in B.
        ratio: B ÷ A with its interval; below 1, B is faster.
        verdict: on B.
    """

    batch: int
    threads: int | None
    level: str
    a_ms: float
    b_ms: float
    ratio: Interval
    verdict: Verdict


class Side(Spec):
    """Which report it was."""

    id: str
    created: str
    conclusive: bool
    reason: str | None


class Comparison(Spec, kw_only=True):
    """Two reports side by side; they were not interleaved.

    Args:
        a: the earlier, or the one to compare with.
        b: the other.
        interleaved: never; whoever reads the JSON alone should know.
        drift: differences up to this share are not concluded from.
        differences: other than the times. A difference of machine or versions is part of every ratio.
        rows: conditions that both have.
        only_a: conditions that B lacks, in words.
        only_b: conditions that A lacks.
        conclusive: whether no row was too noisy.
        reason: why not.
    """

    a: Side
    b: Side
    interleaved: bool = False
    drift: float = DRIFT
    differences: tuple[Difference, ...]
    rows: tuple[Compared, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    conclusive: bool
    reason: str | None


def compare(a: BenchReport, b: BenchReport) -> Comparison:
    """B beside A, by the medians of their rounds.

    Raises:
        UsageError: they have no condition in common.
    """
    in_a, in_b = ({(row.batch, row.threads, row.level): row for row in report.rows} for report in (a, b))
    common = [key for key in in_a if key in in_b]
    if not common:
        raise UsageError(
            f"The two reports have no condition in common: A has {_conditions(a.rows)}; B has {_conditions(b.rows)}.",
            hint="zoo bench NAME --batch N --threads N --output FILE.json",
        )
    rows = tuple(_compared(in_a[key], in_b[key]) for key in common)
    # Of the conditions that both have: noise in another one is nothing to the ratios.
    whys = {name: reason([side[key] for key in common]) for name, side in (("A", in_a), ("B", in_b))}
    told = [f"{name}: {why}" for name, why in whys.items() if why is not None]
    return Comparison(
        a=_side(a),
        b=_side(b),
        differences=tuple(differences(a, b)),
        rows=rows,
        only_a=tuple(row.condition for key, row in in_a.items() if key not in in_b),
        only_b=tuple(row.condition for key, row in in_b.items() if key not in in_a),
        conclusive=not told,
        reason=" ".join(told) or None,
    )


def differences(a: BenchReport, b: BenchReport) -> list[Difference]:
    """In what else the reports differ: model, provider, inputs, and everything of the machine."""
    facts = [
        ("model", a.id, b.id),
        ("model file", a.model_sha256[:12], b.model_sha256[:12]),
        ("provider", a.provider, b.provider),
        ("inputs", a.inputs, b.inputs),
        *((field, str(getattr(a.machine, field)), str(getattr(b.machine, field))) for field in a.machine.__struct_fields__),
    ]
    return [Difference(what=what, a=left, b=right) for what, left, right in facts if left != right]


def _compared(a: Row, b: Row) -> Compared:
    ratio = separate_ratio_interval(b.latency.rounds_ms, a.latency.rounds_ms)
    # The verdict is on B, and its ratio is B ÷ A: the other way round than theirs ÷ ours.
    turned = Interval(value=1 / ratio.value, low=1 / ratio.high, high=1 / ratio.low)
    noisy = a.noise.reasons or b.noise.reasons
    return Compared(
        batch=a.batch,
        threads=a.threads,
        level=a.level,
        a_ms=a.latency.p50_ms,
        b_ms=b.latency.p50_ms,
        ratio=ratio,
        verdict="too noisy to conclude" if noisy else verdict(turned, margin=DRIFT),
    )


def _side(report: BenchReport) -> Side:
    return Side(id=report.id, created=report.created, conclusive=report.conclusive, reason=report.reason)


def _conditions(rows: tuple[Row, ...]) -> str:
    return "; ".join(row.condition for row in rows)
