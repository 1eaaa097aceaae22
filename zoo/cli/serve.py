"""`zoo serve`: artifacts behind HTTP, by the Open Inference Protocol. Never imports torch."""

from __future__ import annotations

from pathlib import Path

import click

from zoo.cli.artifacts import meant_by
from zoo.cli.options import provider_option
from zoo.cli.output import artifacts_option
from zoo.errors import UsageError, ZooError, typed
from zoo.machine import cores
from zoo.paths import artifact_folders
from zoo.progress import default_progress
from zoo.runtime.artifact import MANIFEST, MODEL, list_artifacts

INSTALL = "pip install 'onnx-zoo[serve]'"


@click.command("serve")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@artifacts_option
@provider_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on: this machine alone, unless another.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes any that is free.")
@click.option("--threads", type=click.IntRange(min=1), help="Requests computed at once; default: the cores.")
@click.option("--queue", type=click.IntRange(min=0), default=64, show_default=True, help="Requests that may wait; more get a 503.")
@click.option(
    "--timeout", type=click.FloatRange(0.1, 3600), default=30.0, show_default=True, help="Seconds to send, to answer, to take."
)
@click.option("--limit", type=click.IntRange(1, 1024), default=64, show_default=True, help="MiB that a request may have.")
@click.option("--access-log", is_flag=True, help="A line for each request.")
def command(
    *,
    models: tuple[str, ...],
    artifacts: Path | None,
    provider: str,
    host: str,
    port: int,
    threads: int | None,
    queue: int,
    timeout: float,
    limit: int,
    access_log: bool,
) -> None:
    """Serve artifacts over HTTP by the Open Inference Protocol (KServe V2), with binary tensors.

    MODEL is an id, an architecture, a wildcard, an artifact's folder or a folder of artifacts; without any, all that there are.
    Hashes and certificates are checked at the start; a damaged artifact is reported as not ready and the others are served.
    SIGTERM and Ctrl-C stop it when all that was taken is answered.

    \b
    zoo serve
    zoo serve cnn seq2seq.help-pl-en.int8 --port 9000
    zoo serve exported/ --threads 4 --queue 128
    """
    try:
        from zoo.serve.server import serve
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith("zoo"):
            raise
        raise UsageError(
            f"zoo serve needs {(error.name or 'starlette').partition('.')[0]}, which is not installed.", hint=INSTALL
        ) from error
    from zoo.serve.limits import Limits
    from zoo.serve.models import load

    limits = Limits(threads=threads or cores(), queue=queue, seconds=timeout, body=limit * 2**20)
    loaded = load(_places(models, artifacts), provider=provider, threads=limits.intra_op_threads)
    serve(loaded, limits, host=host, port=port, access_log=access_log, progress=default_progress())


def _places(models: tuple[str, ...], artifacts: Path | None) -> dict[str, Path | ZooError]:
    """Name → where it lies, of all that is meant.

    Raises:
        UnknownName: a name means nothing.
        UsageError: a folder holds no artifact.
    """
    if not models:
        return dict(list_artifacts(artifact_folders(artifacts)))
    places: dict[str, Path | ZooError] = {}
    for model in models:
        folder = Path(model)
        if folder.is_dir() and not any((folder / name).exists() for name in (MODEL, MANIFEST)):
            found: dict[str, Path | ZooError] = dict(list_artifacts([folder]))
            if not found:
                raise UsageError(f"The folder {folder} holds no artifact.", hint=typed("zoo", "export", "cnn", "--output", folder))
        else:
            found = dict(meant_by((model,), artifacts))
        for name, place in found.items():
            if place not in places.values():  # another artifact of that name keeps its place, and `load` will say so
                places[name if name not in places else str(place)] = place
    return places
