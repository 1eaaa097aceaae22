"""`zoo bench`: latency, first call and memory of an artifact, or two saved reports side by side. It imports torch for the peers
`eager` and `compile` only."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from zoo.benchmark.bench import BATCHES, SECONDS, THREADS
from zoo.benchmark.peers import NAMES
from zoo.cli.options import provider_option, runs_option
from zoo.cli.output import artifacts_option, echo_json, json_option, picture_form
from zoo.errors import UnknownName, UsageError, ZooError
from zoo.runtime.session import LEVELS

if TYPE_CHECKING:
    from zoo.benchmark.compare import Comparison
    from zoo.benchmark.report import BenchReport
    from zoo.progress import Progress
    from zoo.report.breakdown import BreakdownPlot
    from zoo.report.latency import LatencyPlot

ALL = "all"
WITH_COMPARE = ("compare", "plot", "output", "strict", "as_json", "quiet")
"""Options that mean something to `--compare`."""


def _threads(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[int | None, ...]:
    """Numbers of threads, `None` for `all`."""
    words = [word.strip() for several in given for word in several.split(",")]
    for word in words:
        if word != ALL and not (word.isascii() and word.isdigit() and len(word) < 6 and int(word) >= 1):
            raise click.BadParameter(f"{word!r} is neither a number of threads, such as 1, nor {ALL}.", context, parameter)
    return tuple(None if word == ALL else int(word) for word in words)


@click.command("bench", short_help="Measure latency, first call and memory of an artifact.")
@click.argument("name", required=False)
@artifacts_option
@click.option(
    "--batch",
    "batches",
    type=click.IntRange(min=1),
    multiple=True,
    help=f"Examples in a call. Repeatable.  [default: {','.join(map(str, BATCHES))}]",
)
@click.option(
    "--threads",
    callback=_threads,
    multiple=True,
    metavar="N|all,...",
    help="Of one operator; all is onnxruntime's choice: the physical cores. Repeatable.  [default: 1,all]",
)
@click.option(
    "--levels", default="all", metavar="LEVEL,...", show_default=True, help=f"Of graph optimisation: {', '.join(LEVELS)}."
)
@provider_option
@runs_option
@click.option(
    "--against", default="", metavar="PEER,...", help="Time in turn with bare (onnxruntime without zoo), eager, compile (PyTorch)."
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=SECONDS,
    show_default=True,
    help="Of timing, for each condition and contestant.",
)
@click.option("--explain", is_flag=True, help="Say why it takes that long, and what would help; --plot draws where the time goes.")
@click.option(
    "--compare", nargs=2, type=click.Path(path_type=Path), metavar="A.json B.json", help="Two saved reports, and no NAME."
)
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Draw latency and ratios to this PNG, SVG or PDF.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to this file, too, as JSON.")
@click.option("--strict", is_flag=True, help="Exit 1 if the machine is too noisy to conclude.")
@json_option
@click.option("-q", "--quiet", is_flag=True, help="No news on stderr.")
@click.pass_context
def command(
    context: click.Context,
    *,
    name: str | None,
    artifacts: Path | None,
    batches: tuple[int, ...],
    threads: tuple[int | None, ...],
    levels: str,
    provider: str,
    runs: Path,
    against: str,
    seconds: float,
    explain: bool,
    compare: tuple[Path, Path] | None,
    plot: Path | None,
    output: Path | None,
    strict: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure the artifact NAME (an id, a bare architecture, or a path), or put two saved reports side by side.

    What is timed is the call that a deployment with zoo makes, checks included: zoo.runtime.Model.answer. Ours, ours once more
    as a control, and peers take turns in short rounds; a ratio is the peer's time ÷ ours, with a 95 % bootstrap interval over
    the rounds. If the control differs from ours, or others compute meanwhile, the figures are given and no verdict.

    --explain adds, for each batch size and the first of --threads and --levels: onnxruntime's profile by module and operator,
    arithmetic beside what the machine can do, trials of one change each, timed in turn, and what follows from it in plain words.

    \b
    zoo bench cnn
    zoo bench cnn --against bare,eager,compile --threads 1 --batch 1 --batch 64
    zoo bench cnn --explain --batch 1 --batch 64
    zoo bench cnn --levels none,all --plot cnn.png --output today.json
    zoo bench --compare yesterday.json today.json
    """
    from zoo.progress import default_progress

    progress = default_progress(quiet=quiet)
    form = picture_form(plot) if plot else ""  # a wrong ending is told before anything takes time
    found: BenchReport | Comparison
    figure: Callable[[], LatencyPlot | BreakdownPlot]
    if compare:
        _refuse_others(context, name)
        found, figure = _compare(*compare)
        for one in found.differences:
            progress.note(f"warning: not alike: {one.what}: A {one.a}, B {one.b}")
    elif name is None:
        raise UsageError("bench needs the NAME of an artifact, or two reports to --compare.", hint="zoo bench cnn")
    else:
        chosen, grades = _words(against, "peer", NAMES), _words(levels, "optimisation level", LEVELS)
        path = _announced(name, artifacts, provider, progress)
        found, figure = _measure(
            path,
            batches=batches or BATCHES,
            threads=threads or THREADS,
            levels=grades,
            provider=provider,
            against=chosen,
            runs=runs,
            seconds=seconds,
            explain=explain,
            progress=progress,
        )
    if output:
        _write(output, found, progress)
    if plot:
        from zoo.files import write_atomic
        from zoo.report.style import LIGHT

        write_atomic(plot, figure().draw(LIGHT).encode(form))
        progress.note(f"drawn to {plot}")
    if as_json:
        echo_json(found)
    else:
        _show(found)
    if strict and found.reason is not None:
        raise ZooError(f"Too noisy to conclude: {found.reason}")


def _refuse_others(context: click.Context, name: str | None) -> None:
    """Whatever says how to measure says nothing to two reports that were measured."""
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name not in WITH_COMPARE
        and parameter.name != "name"
        and context.get_parameter_source(parameter.name or "") is ParameterSource.COMMANDLINE
    ]
    if name is not None or given:
        wrong = [*([f"the name {name!r}"] if name is not None else []), *given]
        raise UsageError(
            f"--compare takes two reports that were measured before, and not {', '.join(wrong)}.",
            hint="zoo bench --compare A.json B.json",
        )


def _words(given: str, kind: str, known: Collection[str]) -> list[str]:
    """The names in `given`, each once."""
    names = list(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))
    for name in names:
        if name not in known:
            raise UnknownName(kind, name, known, hint=f"one of {', '.join(known)}")
    return names


def _announced(name: str, artifacts: Path | None, provider: str, progress: Progress) -> Path:
    from zoo.cli.artifacts import open_named

    model = open_named(name, artifacts, providers=(provider,))
    progress.note(f"{model.id} from {model.path}")
    return model.path


def _measure(path: Path, **options: Any) -> tuple[BenchReport, Callable[[], LatencyPlot | BreakdownPlot]]:
    from zoo import api
    from zoo.benchmark.figure import explained_plot, report_plot

    report = api.bench(path, **options)
    return report, lambda: explained_plot(report) if report.explanations else report_plot(report)


def _compare(first: Path, second: Path) -> tuple[Comparison, Callable[[], LatencyPlot]]:
    from zoo.benchmark.compare import compare
    from zoo.benchmark.figure import comparison_plot
    from zoo.benchmark.saved import load

    a, b = load(first), load(second)
    found = compare(a, b)
    return found, lambda: comparison_plot(found, a, b)


def _show(found: BenchReport | Comparison) -> None:
    from zoo.benchmark.report import BenchReport
    from zoo.cli.bench_tables import show_comparison, show_report

    if isinstance(found, BenchReport):
        show_report(found)
        if found.explanations:
            from zoo.cli.explain_tables import show_explanations

            click.echo()
            show_explanations(found)
    else:
        show_comparison(found)


def _write(path: Path, found: BenchReport | Comparison, progress: Progress) -> None:
    from zoo.benchmark.saved import save

    save(found, path)
    progress.note(f"written to {path}")
