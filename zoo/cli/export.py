"""`zoo export`: a certified ONNX artifact of a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from zoo import api
from zoo.cli.options import GivenPath, exported_option, runs_option
from zoo.cli.output import artifacts_option, current_registry, echo_json, json_option, quiet_option
from zoo.errors import UsageError
from zoo.progress import default_progress
from zoo.runtime.manifest import PRECISIONS
from zoo.spec import to_plain

if TYPE_CHECKING:
    from zoo.exporting.export import Artifact

WITH_TRITON = ("model", "triton", "artifacts", "as_json", "quiet")
"""Options that mean something to `--triton`."""


@click.command("export")
@click.argument("model", required=False)
@click.option("--run", metavar="RUN", help="A certain run: a folder, id/n, or an id.")
@runs_option
@exported_option
@click.option("--variant", "variants", multiple=True, help="Of the model's exports; default: all.")
@click.option("--opset", type=int, help="Of the graph, 17 to 25; default 20.")
@click.option("--provider", "providers", multiple=True, help="Also certified with this provider of onnxruntime, such as cuda.")
@click.option(
    "--precision",
    metavar=f"[{'|'.join(PRECISIONS)}]",
    default="fp32",
    show_default=True,
    help="Of large weights: fp16 and int8 make a smaller file; int8-dynamic multiplies matrices in whole numbers, too; int8-static "
    "computes linear layers and convolutions in them.",
)
@click.option("--keep-slower", is_flag=True, help="Keep an int8-dynamic or int8-static file that is slower than in fp32.")
@click.option(
    "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Change a field of given weights' network (zoo show MODEL)."
)
@click.option("--name", help="Tag under which given weights are exported.")
@click.option(
    "--triton",
    type=GivenPath(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write a model repository for Triton and KServe to DIR, from artifacts that are there already.",
)
@artifacts_option
@json_option
@quiet_option
@click.pass_context
def command(
    context: click.Context,
    *,
    model: str | None,
    run: str | None,
    runs: Path,
    output: Path,
    variants: tuple[str, ...],
    opset: int | None,
    providers: tuple[str, ...],
    precision: str,
    keep_slower: bool,
    assignments: tuple[str, ...],
    name: str | None,
    triton: Path | None,
    artifacts: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Export MODEL's newest finished run; without MODEL, every finished model that has no artifact of its newest run.

    \b
    zoo export boolean.dnf --set expr="(a & ~b) | c" --name mine

    Written beside, certified against PyTorch, then renamed into place: an uncertified artifact never exists.

    With --triton DIR nothing is exported anew: DIR/<id>/ is made of MODEL's artifact (an id, a folder, a wildcard such as '*'), or
    of every artifact there is: config.pbtxt, 1/model.onnx, labels.txt, README.md. Batches and instances follow the benchmark that
    lies beside the artifact (zoo bench MODEL --output exported/MODEL/bench.json); without one, defaults.
    """
    if triton is not None:
        given = [name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE]
        if clash := [name for name in given if name not in WITH_TRITON]:
            option = next(one.opts[0] for one in context.command.params if one.name == clash[0])
            raise UsageError(f"--triton takes artifacts as they are; {option} is for an export of its own, before it.")
        from zoo.cli.triton import write_repository

        write_repository(model, triton, artifacts, as_json=as_json, quiet=quiet)
        return
    if artifacts is not None:
        raise UsageError("--artifacts says where --triton takes artifacts from; an export is written to --output.")
    if model is not None and run is not None:
        raise UsageError(f"Give the model {model} or --run {run}, not both.")
    if model is None and run is None and (assignments or name is not None):
        raise UsageError("--set and --name change a model with given weights; name that too.", hint="zoo list")
    from zoo.training.overrides import parse_assignments

    made = api.export(
        model,
        run=run,
        runs=runs,
        output=output,
        variants=variants,
        opset=opset,
        providers=("cpu", *providers),
        precision=precision,
        keep_slower=keep_slower,
        config=parse_assignments(list(assignments)),
        name=name,
        progress=default_progress(quiet=quiet),
        registry=current_registry(),
    )
    if as_json:
        echo_json([facts(artifact) for artifact in made])
    elif quiet:
        for artifact in made:
            click.echo(artifact.id)
    else:
        for artifact in made:
            click.echo(summary(artifact))
        if not made:
            click.echo(f"nothing to export: every finished model under {runs} has its artifact in {output}", err=True)


def facts(artifact: Artifact) -> dict[str, Any]:
    """An artifact as JSON."""
    return {"path": str(artifact.path), "manifest": artifact.manifest, "certificate": to_plain(artifact.certificate)}


def summary(artifact: Artifact) -> str:
    """An artifact in one line."""
    certificate = artifact.certificate
    ratios = ", ".join(f"{name} {bound.ratio:.2f}×" for name, bound in certificate.bounds.items())
    errors = f"error {ratios} of PyTorch's own, " if ratios else ""
    changed = len(certificate.audit.changed)
    size = (artifact.path / "model.onnx").stat().st_size
    cost = ""
    if stored := certificate.stored:
        smaller = f"{stored.size / stored.size_before:.2f}× of fp32"
        speed = f"speed {', '.join(map(str, stored.speeds))}; " if stored.speeds else ""
        metric = f"{stored.metric} {stored.value:.4g}, was {stored.value_before:.4g}"
        cost = f" ({stored.precision}, {smaller}; {speed}{metric}; {stored.verdict})"
    return (
        f"{artifact.id}: certified; {errors}{changed} of {certificate.audit.examples:,} decisions "
        f"changed; {size:,} bytes{cost}, {artifact.path}"
    )
