"""Every committed artifact, verified and measured: how far it is from PyTorch, and how long an answer takes.

    python tools/benchmarks/artifacts.py [--artifacts exported]

Certificates are replayed, then each artifact answers one example at a time (`zoo bench`, batch 1, all cores). Prints a table in
Markdown; exit code 1 if one does not pass.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from zoo import api
from zoo.certify.certificate import Certificate, Oracle
from zoo.report.tables import figure, markdown_table
from zoo.runtime.artifact import list_artifacts

HEADER = (
    "artifact",
    "error ÷ PyTorch's own",
    "answers changed",
    "metric: onnxruntime, PyTorch",
    "second engine",
    "providers",
    "replay",
    "ms an answer",
)


def row(path: Path) -> tuple[list[str], bool]:
    """A line of the table, and whether the replay passed."""
    certificate = msgspec.json.decode((path / "certificate.json").read_bytes(), type=Certificate)
    replay = api.verify(path)
    (measured,) = api.bench(path, batches=(1,), threads=(None,)).rows
    audit, p50 = certificate.audit, measured.latency.p50
    ratios = ", ".join(f"{name} {bound.ratio:.2f}" for name, bound in certificate.bounds.items())
    metric = next(reversed(audit.torch_metrics), None)
    pair = (audit.onnxruntime_metrics[metric], audit.torch_metrics[metric]) if metric else ()
    noisy = " (noisy)" if measured.noise.reasons else ""
    line = [
        f"`{certificate.id}`",
        ratios or "exact",
        f"{len(audit.changed)} of {audit.examples:,}" + (", each a tie" if audit.changed else ""),
        f"{metric} {', '.join(map(figure, pair))}" if metric else "–",
        said(certificate.oracle),
        ", ".join(certificate.providers),
        f"{replay.state}, {replay.cases} × {len(replay.levels)}",
        f"{p50.value:.3g} ({p50.low:.3g}–{p50.high:.3g}){noisy}",
    ]
    return line, replay.passed


def said(oracle: Oracle) -> str:
    """What the second engine had to say, in short."""
    if oracle.skipped:
        return f"cannot: {oracle.skipped.split(':')[-1].strip()[:60]}"
    return f"agrees on {oracle.examples}"


def main() -> int:
    """0 where all passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--artifacts", type=Path, default=Path(__file__).parents[2] / "exported")
    given = parser.parse_args()
    rows = [row(path) for path in list_artifacts([given.artifacts]).values()]
    print(markdown_table(HEADER, [line for line, _ in rows]))
    return int(not all(passed for _, passed in rows))


if __name__ == "__main__":
    sys.exit(main())
