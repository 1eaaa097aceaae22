"""`zoo train`: a model by its recipe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo import api
from zoo.cli.options import changes, columns, training_options
from zoo.cli.output import current_registry, echo_json, json_option, quiet_option
from zoo.errors import UsageError
from zoo.machine import speaks
from zoo.progress import default_progress
from zoo.report.tables import figure
from zoo.spec import to_plain

if TYPE_CHECKING:
    from zoo.training.run import Run


@click.command("train")
@click.argument("model", required=False)
@training_options
@click.option("--output", type=click.Path(path_type=Path), default=api.RUNS, show_default=True, help="Folder of training runs.")
@click.option(
    "--checkpoint-every", type=click.IntRange(min=1), metavar="STEPS", help="Default: by time, and at the ends of epochs."
)
@click.option("--cuda-graphs", "captured", is_flag=True, help="Capture the passes of a step as CUDA graphs.")
@click.option("--init-from", metavar="RUN", help="Begin with the weights of a finished run: a folder, id/n, or an id.")
@click.option("--resume", metavar="RUN", help="Continue an unfinished run: a folder, id/n, or an id.")
@json_option
@quiet_option
def command(
    model: str | None,
    device: str,
    precision: str | None,
    compiled: bool,
    epochs: int | None,
    steps: int | None,
    seed: int | None,
    assignments: tuple[str, ...],
    deterministic: bool,
    data: Path | None,
    source: str | None,
    target: str | None,
    name: str | None,
    output: Path,
    checkpoint_every: int | None,
    captured: bool,
    init_from: str | None,
    resume: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Train MODEL by its recipe; the run is written to OUTPUT/<id>/<n>.

    Ctrl-C stops after the step under way and leaves a run that --resume continues, bit for bit on the same machine
    (on a GPU with --deterministic).

    \b
    zoo train cnn --device cuda
    zoo train mlp --epochs 2 --set lr=0.0005
    zoo train cnn --data photos/ --name fashion
    zoo train seq2seq --data pairs.tsv --source 1 --target 0 --name pl-en
    zoo train --resume cnn.fast/3
    torchrun --nproc-per-node 2 -m zoo train cnn
    """
    registry = current_registry()
    progress = default_progress(quiet=quiet)
    changed = changes(epochs, steps, seed, assignments)
    if resume is not None:
        fresh = (
            model,
            changed,
            data,
            source,
            target,
            name,
            precision,
            device != "auto",
            deterministic,
            compiled,
            captured,
            checkpoint_every,
            init_from,
        )
        if any(fresh):
            raise UsageError("--resume continues a run as it was begun; it takes no model and no other training option.")
        run = api.resume(resume, runs=output, progress=progress, registry=registry)
    elif model is None:
        raise UsageError("zoo train wants a model, or --resume RUN.", hint="zoo list")
    else:
        run = api.train(
            model,
            recipe=changed,
            device=device,
            precision=precision,
            compiled=compiled,
            captured=captured,
            deterministic=deterministic,
            output=output,
            data=data,
            columns=columns(source, target),
            name=name,
            checkpoint_every=checkpoint_every,
            init_from=init_from,
            progress=progress,
            registry=registry,
        )
    if not speaks():
        return
    if as_json:
        echo_json({"path": str(run.path), **to_plain(run.state)})
    elif quiet:
        click.echo(run.path)
    else:
        click.echo(summary(run))


def summary(run: Run) -> str:
    """A finished run in one line."""
    figures = ", ".join(f"{name.replace('_', ' ')} {figure(value)}" for name, value in run.state.metrics.items())
    return f"{run.state.id}: {figures} on the test split after {run.state.seconds:,.1f} s of training; {run.path}"
