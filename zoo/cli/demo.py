"""`zoo demo`: artifacts in a web page that computes in the browser. Never imports torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo.cli.output import artifacts_option, echo_json, json_option
from zoo.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from zoo.progress import Progress


@click.command("demo", short_help="Models in a web page that computes in the browser.")
@click.argument("models", nargs=-1, metavar="[MODEL]...")
@artifacts_option
@click.option(
    "--build", "target", type=click.Path(path_type=Path), metavar="DIR", help="Write the page for any static host instead."
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to serve at; another than this reaches the network.")
@click.option("--port", type=click.IntRange(0, 65535), default=8600, show_default=True, help="0 takes any that is free.")
@click.option("--open/--no-open", "is_opened", help="Open it in the default browser.  [default: no-open]")
@json_option
@click.option("-q", "--quiet", is_flag=True, help="No news.")
def command(
    *,
    models: tuple[str, ...],
    artifacts: Path | None,
    target: Path | None,
    host: str,
    port: int,
    is_opened: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show models (ids, architectures, paths, wildcards; all artifacts where none is named) in a page of their own.

    The models answer in the browser by onnxruntime-web; the server hands out files and computes nothing. Once loaded the page works
    offline. --build writes the same page as files, with relative addresses, so that it may lie below any path of a host.

    \b
    zoo demo
    zoo demo cnn mlp --open
    zoo demo --build site
    """
    if as_json and target is None:
        raise UsageError("--json tells of the files that --build writes; give both.")
    from zoo.progress import default_progress
    from zoo.web.site import site, write

    progress = default_progress(quiet=quiet)
    files = site(_places(models, artifacts), progress, lenient=not models)
    if target is not None:
        write(files, target)
        size = sum(map(len, files.values()))
        if as_json:
            echo_json({"path": target, "files": {name: len(content) for name, content in files.items()}, "bytes": size})
        else:
            click.echo(f"{target}: {len(files)} files, {size / 1e6:.1f} MB")
        return
    _serve(files, host, port, is_opened=is_opened, progress=progress)


def _places(models: tuple[str, ...], artifacts: Path | None) -> list[Path]:
    """Where the artifacts lie that are meant: all where none is named.

    Raises:
        ZooError: one that was named is not there, or damaged.
    """
    from zoo.cli.artifacts import meant_by
    from zoo.paths import artifact_folders
    from zoo.runtime.artifact import list_artifacts

    if not models:
        return list(list_artifacts(artifact_folders(artifacts)).values())
    places = []
    for place in meant_by(models, artifacts).values():
        if isinstance(place, IntegrityError):
            raise place
        places.append(place)
    return places


def _serve(files: dict[str, bytes], host: str, port: int, *, is_opened: bool, progress: Progress) -> None:
    """Serve until Ctrl-C."""
    import webbrowser

    from zoo.web.server import Server

    with Server(files, host, port) as server:
        click.echo(server.url)
        progress.note("Ctrl-C stops it.")
        if is_opened:
            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            progress.note("stopped")
