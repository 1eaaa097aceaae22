"""Reports on disk: written whole, and read back only if every field is what a report has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from zoo.benchmark.report import FORMAT, BenchReport
from zoo.errors import IntegrityError, UsageError, typed
from zoo.files import write_atomic

if TYPE_CHECKING:
    from zoo.benchmark.compare import Comparison

MOST = 64 << 20
"""Bytes of a report; 64 conditions take some tens of kilobytes."""


def save(found: BenchReport | Comparison, path: Path) -> None:
    """Write a report, or a comparison of two, as JSON."""
    write_atomic(path, msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")


def load(path: Path) -> BenchReport:
    """Read a report.

    Raises:
        UsageError: there is no such file.
        IntegrityError: it is no report, one of another format, or one that says what cannot be.
    """
    try:
        if not path.is_file():
            raise UsageError(
                f"There is no file {path}; a report is written by --output.", hint=typed("zoo", "bench", "NAME", "--output", path)
            )
        if path.stat().st_size > MOST:
            raise IntegrityError(f"{path} is no benchmark report: it has more than {MOST >> 20} MiB.")
        content = path.read_bytes()
    except ValueError as error:  # a name that no system could have
        raise UsageError(f"{str(path)!r} is no name of a file: {error}.") from None
    return parsed(content, where=str(path))


def parsed(content: bytes, *, where: str) -> BenchReport:
    """A report from its JSON.

    Args:
        content: JSON.
        where: whose it is, for the message of an error.

    Raises:
        IntegrityError: it is none.
    """
    try:
        plain = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise IntegrityError(f"{where} is no readable JSON: {str(error).rstrip('.')}.") from None
    if not isinstance(plain, dict) or not ("format" in plain or "rows" in plain):
        raise IntegrityError(f"{where} is no benchmark report.", hint="zoo bench NAME --output FILE.json")
    if plain.get("format") != FORMAT:
        found = f"format {plain['format']!r}" if "format" in plain else "no format, as reports before the second had none"
        raise IntegrityError(f"{where} has {found}; this zoo reads format {FORMAT}.", hint="zoo bench NAME --output FILE.json")
    try:
        report = msgspec.convert(plain, BenchReport)
    except (msgspec.ValidationError, RecursionError) as error:
        raise IntegrityError(f"{where} is a damaged benchmark report: {str(error).rstrip('.')}.") from None
    _check(report, where)
    return report


def _check(report: BenchReport, where: str) -> None:
    """What types cannot say: no condition twice, and intervals the right way round."""
    conditions = [(row.batch, row.threads, row.level) for row in report.rows]
    if len(set(conditions)) < len(conditions):
        raise IntegrityError(f"{where} is a damaged benchmark report: it has a condition twice.")
    for one in report.explanations:
        ends = [(part.low_ms, part.high_ms) for kind in (one.parts, one.modules, one.operators, one.providers) for part in kind]
        ends += [(ratio.low, ratio.high) for ratio in (one.noise.control, *(trial.ratio for trial in one.trials))]
        if any(low > high for low, high in ends):
            raise IntegrityError(f"{where} is a damaged benchmark report: explaining {one.condition} an interval ends first.")
    for row in report.rows:
        latencies = [row.latency, *(peer.latency for peer in row.against.values())]
        if any(len({len(rounds) for rounds in latency.rounds_ms}) > 1 for latency in latencies):
            raise IntegrityError(f"{where} is a damaged benchmark report: at {row.condition} passes differ in their rounds.")
        intervals = [*(latency.p50 for latency in latencies), *(peer.ratio for peer in row.against.values()), row.noise.control]
        if any(interval.low > interval.high for interval in intervals):
            raise IntegrityError(f"{where} is a damaged benchmark report: at {row.condition} an interval ends before it begins.")
