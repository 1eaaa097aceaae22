"""`zoo eval`: the figures of a model over a split of its data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo.cli.options import GivenPath, columns, provider_option, runs_option
from zoo.cli.output import artifacts_option, current_registry, echo_json, echo_table, json_option
from zoo.files import write_atomic
from zoo.progress import default_progress
from zoo.report.tables import figure

if TYPE_CHECKING:
    from zoo.evaluation import Evaluation


@click.command("eval")
@click.argument("model", required=False)
@click.option("--run", metavar="RUN", help="Instead of an artifact a finished run: a folder, id/n, or an id.")
@click.option("--split", default="test", show_default=True, help="train, validation or test, as far as the data have them.")
@artifacts_option
@runs_option
@click.option("--data", type=GivenPath(path_type=Path), help="Your own data, instead of those the model was trained on.")
@click.option("--source", metavar="COLUMN", help="Of a file of pairs: what is translated from; a number from 0, or a name.")
@click.option("--target", metavar="COLUMN", help="Of a file of pairs: what is translated to.")
@provider_option
@click.option("--device", default="auto", show_default=True, help="Of a run: auto, cpu, cuda, cuda:N or mps.")
@click.option("--save", type=GivenPath(dir_okay=False, path_type=Path), help="Write the answers that are text, one a line.")
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print the figures alone, and no news.")
def command(
    *,
    model: str | None,
    run: str | None,
    split: str,
    artifacts: Path | None,
    runs: Path,
    data: Path | None,
    source: str | None,
    target: str | None,
    provider: str,
    device: str,
    save: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Measure the artifact MODEL (an id, an architecture or a path) by onnxruntime, or --run RUN by PyTorch.

    Of a translator: BLEU and chrF with sacreBLEU's signatures, of a run also loss (nats an id) and perplexity. Of any other model
    the metrics of its task.

    \b
    zoo eval cnn
    zoo eval seq2seq.gru-attention.beam --save translations.txt
    zoo eval --run seq2seq.gru-attention/1 --split validation
    """
    from zoo.evaluation import evaluate

    progress = default_progress(quiet=quiet)
    found = evaluate(
        model,
        run=run,
        split=split,
        runs=runs,
        artifacts=artifacts,
        data=data,
        columns=columns(source, target),
        provider=provider,
        device=device,
        progress=progress,
        registry=current_registry(),
    )
    if save:
        write_atomic(save, "".join(f"{' '.join(str(text).split())}\n" for text in found.texts))
        progress.note(f"{save}: {found.examples:,} answers")
    if as_json:
        echo_json(found.facts())
    elif quiet:
        for name, score in found.scores.items():
            click.echo(f"{name}\t{score.value:.6g}")
    else:
        _tell(found)


def _tell(found: Evaluation) -> None:
    """A line that says what was measured, and a table."""
    what = f"{found.examples:,} examples of the {found.split} split of {found.data}"
    click.echo(f"{found.id}: {what}, {found.engine}, {found.seconds:,.1f} s")
    signed = any(score.signature for score in found.scores.values())
    rows = [(name.replace("_", " "), figure(score.value), *[score.signature] * signed) for name, score in found.scores.items()]
    echo_table(("metric", "value", *["signature"] * signed), rows)
