"""`zoo bench`: latency, throughput and size of an artifact. It imports torch with `--against` only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo.benchmark.against import NAMES
from zoo.benchmark.bench import BATCHES
from zoo.cli.options import provider_option, runs_option
from zoo.cli.output import artifacts_option, echo_json, echo_table, json_option
from zoo.errors import UnknownName

if TYPE_CHECKING:
    from zoo.benchmark.report import BenchReport

BUSY = 0.2
"""Share of the cores taken by others, above which figures are worth little."""


@click.command("bench", short_help="Measure latency, throughput and size of an artifact.")
@click.argument("name")
@artifacts_option
@click.option("--batch", "batches", type=click.IntRange(min=1), multiple=True, help=f"Examples in a call; repeatable. {BATCHES}")
@provider_option
@runs_option
@click.option("--threads", type=click.IntRange(min=1), help="Of one operator; else onnxruntime's choice.")
@click.option("--against", default="", metavar="PEER,...", help=f"Time in turn with PyTorch: {', '.join(NAMES)}.")
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True, help="For each batch size.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to this file, too, as JSON.")
@json_option
@click.option("-q", "--quiet", is_flag=True, help="No news on stderr.")
def command(
    *,
    name: str,
    artifacts: Path | None,
    batches: tuple[int, ...],
    provider: str,
    threads: int | None,
    against: str,
    runs: Path,
    seconds: float,
    output: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure the artifact NAME: an id, a bare architecture, or a path.

    Each batch size is timed for so many seconds, in turn with the peers if there are any; a ratio is the peer's time divided
    by ours. Measure on an idle machine: whatever else runs is measured, too.

    \b
    zoo bench cnn
    zoo bench cnn --against eager,compile --threads 1 --batch 1 --batch 64
    """
    from zoo import api
    from zoo.cli.artifacts import open_named
    from zoo.progress import default_progress

    chosen = _peer_names(against)
    model = open_named(name, artifacts, providers=(provider,))
    progress = default_progress(quiet=quiet)
    progress.note(f"{model.id} from {model.path}")
    report = api.bench(
        model.path,
        batches=batches or BATCHES,
        provider=provider,
        threads=threads,
        against=chosen,
        runs=runs,
        seconds=seconds,
        progress=progress,
    )
    if (report.machine.busy or 0) > BUSY:
        progress.note(f"warning: other processes took {report.machine.busy:.0%} of the cores; measure again on an idle machine")
    if output:
        _write(output, report)
        progress.note(f"written to {output}")
    if as_json:
        echo_json(report)
    else:
        _show(report, chosen)


def _peer_names(given: str) -> list[str]:
    names = list(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))
    for name in names:
        if name not in NAMES:
            raise UnknownName("peer", name, NAMES)
    return names


def _show(report: BenchReport, peers: list[str]) -> None:
    header = ["batch", "p50 ms", "p90 ms", "p99 ms", "examples/s"]
    for peer in peers:
        header += [f"{peer} p50 ms", f"{peer} ÷ ours"]
    rows = []
    for row in report.rows:
        ours = row.latency
        cells = [str(row.batch), *map(_ms, (ours.p50_ms, ours.p90_ms, ours.p99_ms)), f"{ours.examples_per_second:,.0f}"]
        for peer in peers:
            found = row.against[peer]
            cells += [_ms(found.latency.p50_ms), f"{found.ratio:.2f} ({found.ratio_low:.2f}–{found.ratio_high:.2f})"]
        rows.append(cells)
    echo_table(header, rows)
    machine = report.machine
    threads = "onnxruntime's choice of threads" if report.threads is None else f"threads: {report.threads}"
    click.echo(
        f"{report.id}, {report.size / 1e3:,.0f} kB, loaded in {report.load_ms:.1f} ms; inputs: {report.inputs}; "
        f"onnxruntime {machine.onnxruntime} on {report.provider}, {threads}; {machine.cpu}, cores: {machine.cores}"
    )


def _ms(value: float) -> str:
    return f"{value:.3f}" if value < 10 else f"{value:.1f}"


def _write(path: Path, report: BenchReport) -> None:
    import msgspec

    from zoo.files import write_atomic

    write_atomic(path, msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
