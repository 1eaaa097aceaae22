"""`zoo vectors`: word vectors as files that other programs read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo.cli.options import GivenPath, runs_option
from zoo.cli.output import current_registry, echo_json, json_option, quiet_option
from zoo.errors import IntegrityError, UnknownName, UsageError, typed
from zoo.progress import default_progress

if TYPE_CHECKING:
    import numpy as np

    from zoo.progress import Progress
    from zoo.registry import Registry
    from zoo.training.run import Run

ARCHITECTURE = "word2vec"
FORMATS = ("text", "binary", "projector")


@click.command("vectors")
@click.argument("run", required=False)
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="word2vec's text or binary format, which gensim reads, or two tables for TensorBoard's embedding projector.",
)
@click.option("--output", type=GivenPath(path_type=Path), required=True, help="The file; of the projector the folder of its two.")
@runs_option
@json_option
@quiet_option
def command(run: str | None, form: str, output: Path, runs: Path, as_json: bool, quiet: bool) -> None:
    """Write the word vectors of RUN (a folder, id/n, or an id) for other programs; default: the newest finished run of word2vec.

    \b
    zoo vectors --format binary --output vectors.bin
    python -c 'from gensim.models import KeyedVectors as K; print(K.load_word2vec_format("vectors.bin", binary=True))'
    """
    found = finished(run, runs, current_registry())
    _check_output(output, form)
    progress = default_progress(quiet=quiet)
    words, counts, vectors = read_vectors(found)
    files = _write(output, form, words, counts, vectors, progress)
    shape = {"words": len(words), "numbers": vectors.shape[1]}
    # A pipe that takes the vectors is spared the report on them.
    aside = output.exists() and not output.is_file() and not output.is_dir()
    if aside:
        return
    if as_json:
        written = [{"path": file, "bytes": size} for file, size in files.items()]
        echo_json({"run": found.path, "id": found.state.id, "format": form, **shape, "files": written})
    elif quiet:
        for file in files:
            click.echo(file)
    else:
        for file, size in files.items():
            click.echo(f"{file}: {len(words):,} words of {found.name}, {vectors.shape[1]} numbers each, {size:,} bytes")


def finished(name: str | None, runs: Path, registry: Registry) -> Run:
    """The finished run of word vectors that is meant: `name`, of an id its newest; without a name the newest of all.

    Raises:
        UnknownName: there is no such run.
        UsageError: it is not finished, or of another architecture, or there is none.
    """
    from zoo.training.run import find_run, list_runs, newest_finished

    if name is None:
        ours = [run for run in list_runs(runs) if _is_ours(run) and run.state.status == "finished"]
        if not ours:
            raise UsageError(f"There is no finished run of {ARCHITECTURE} under {runs}.", hint=f"zoo train {ARCHITECTURE}")
        return max(ours, key=lambda run: run.state.created)
    with contextlib.suppress(UnknownName):  # a run on own data has an id that is in no registry; a folder is none
        name = registry.model(name).id
    found = newest_finished(name, runs) or find_run(name, runs)
    if not _is_ours(found):
        raise UsageError(
            f"The run {found.path} is of {found.state.base}, which has no word vectors.", hint=f"zoo runs '{ARCHITECTURE}*'"
        )
    found.require_finished()
    return found


def _is_ours(run: Run) -> bool:
    return run.state.base.partition(".")[0] == ARCHITECTURE


def _check_output(output: Path, form: str) -> None:
    """Refuse what cannot be written to before anything is read.

    Raises:
        UsageError: the folder it is to be in is not there, or it is a folder where a file is written, or the other way round.
    """
    if not output.parent.is_dir():
        raise UsageError(
            f"The folder {output.parent}, where {output.name} is to be written, is not there.",
            hint=typed("mkdir", "-p", output.parent),
        )
    if form == "projector" and output.exists() and not output.is_dir():
        raise UsageError(f"--output {output} is a file; --format projector writes two files into a folder.")
    if form != "projector" and output.is_dir():
        raise UsageError(f"--output {output} is a folder; --format {form} writes one file.")


def read_vectors(run: Run) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Words, counts int64 [words] and vectors float32 [words, numbers] of a run, read without torch.

    Raises:
        IntegrityError: the weights are damaged, or not those of this run, or hold no word vectors.
        IncompleteError: they are not there.
    """
    from safetensors import SafetensorError, safe_open

    from zoo.training.record import hash_arrays
    from zoo.training.words import read

    if not run.weights.is_file():
        raise run.lacks(run.weights, "the weights that were kept")
    held: dict[str, np.ndarray] = {}

    def arrays(stream: Any) -> Iterator[tuple[str, str, tuple[int, ...], bytes]]:
        for name in sorted(stream.keys()):
            array = stream.get_tensor(name)
            if name in ("vectors", "counts", "spelled"):
                held[name] = array
            yield name, f"torch.{array.dtype}", array.shape, array.tobytes()

    try:
        with safe_open(run.weights, framework="numpy") as stream:
            digest = hash_arrays(arrays(stream))
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise IntegrityError(f"{run.weights} is no whole safetensors file: {str(error).rstrip('.')}.") from error
    if digest != run.state.weights:
        raise IntegrityError(f"{run.weights} holds other weights than {run.path / 'run.json'} names, or is damaged.")
    if len(held) != 3:
        raise IntegrityError(
            f"{run.weights} holds no word vectors: {', '.join(sorted(held)) or 'nothing'} of vectors, counts, spelled."
        )
    return read(held["spelled"].tobytes()), held["counts"], held["vectors"]


def _write(
    output: Path, form: str, words: list[str], counts: np.ndarray, vectors: np.ndarray, progress: Progress
) -> dict[Path, int]:
    """Files → bytes."""
    from zoo.text.formats import write_projector, write_word2vec

    if form == "projector":
        return write_projector(output, words, counts, vectors, progress=progress)
    return {output: write_word2vec(output, words, vectors, binary=form == "binary", progress=progress)}
