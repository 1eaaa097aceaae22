"""`zoo predict`: ask an artifact about pictures, truth values or text. Never imports torch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from zoo.cli.options import provider_option
from zoo.cli.output import artifacts_option, echo_json, echo_table, json_option
from zoo.errors import UsageError, ZooError
from zoo.runtime.describe import origin
from zoo.runtime.model import BATCH, Model

if TYPE_CHECKING:
    from zoo.runtime.given import Given

EACH = 20
"""Up to so many sources are told of one by one, more in sum."""


@dataclass(frozen=True)
class Answer:
    """The answer to one example: its name, the model's label, and classes with their probabilities, the label's first."""

    name: str
    label: str
    top: list[tuple[str, float]]


class _Command(click.Command):
    """Takes negative numbers, `-5.1,3.5`, for inputs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        from zoo.runtime.given import shielded

        return super().parse_args(ctx, shielded(args))


@click.command("predict", cls=_Command, short_help="Ask an artifact about pictures or text.")
@click.argument("name")
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@artifacts_option
@provider_option
@click.option(
    "--input",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Of a model that reads text: a file to answer line by line.",
)
@click.option("--top", type=click.IntRange(min=1), default=3, show_default=True, help="Classes shown for each input.")
@click.option("--prepared", type=click.Path(dir_okay=False, path_type=Path), help="Write what the network saw to this PNG.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Of a model that makes pictures or codes: write pictures to this PNG, or its first answer to this .npy.",
)
@json_option
@click.option("-q", "--quiet", is_flag=True, help="Print labels only, and no news.")
def command(
    *,
    name: str,
    inputs: tuple[str, ...],
    file: Path | None,
    artifacts: Path | None,
    provider: str,
    top: int,
    prepared: Path | None,
    output: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Ask the artifact NAME (an id, a bare architecture, or a path) about each INPUT.

    INPUT is a picture (PNG, JPEG, BMP, GIF, WebP), a folder of pictures, an array (.npy, .npz), an idx file (also .gz), or -
    for any of these on stdin. Pictures are brought into the form the model was trained on; arrays are taken as they are.
    For a Boolean model INPUT is 101, or 1 0 1, or a=1,b=0,c=1. An autoencoder writes the pictures it gives back to
    reconstruction.png; its decoder takes codes as arrays. A model that takes so many numbers is given arrays of them, or
    5.1,3.5,1.4. For a model that reads text INPUT is a sentence, or - for stdin line by line; of lines -q prints the answers alone,
    and --json an object for each.

    \b
    zoo predict cnn digit.png
    zoo predict autoencoder --output back.png digit.png
    zoo predict cnn --prepared seen.png photo.jpg
    zoo predict exported/mlp.keras t10k-images-idx3-ubyte.gz -q
    zoo predict seq2seq "Zwei Männer spielen Fußball."
    zoo predict seq2seq -q - < sentences.txt
    """
    if not inputs and file is None:
        raise click.UsageError("Missing argument 'INPUT...'.", click.get_current_context())
    from zoo.cli.artifacts import open_named
    from zoo.cli.made import answer as answer_made
    from zoo.cli.made import check_output, makes_numbers
    from zoo.cli.text import answer as answer_text
    from zoo.cli.truth import answer, is_function
    from zoo.runtime.given import from_arguments, prepare
    from zoo.runtime.kinds import takes_text

    model = open_named(name, artifacts, providers=(provider,))
    _check_options(model, file, prepared, output)
    if takes_text(model.inputs):
        _tell_model(model, quiet=quiet)
        answer_text(model, inputs, file, as_json=as_json, quiet=quiet)
        return
    makes, function = makes_numbers(model), is_function(model)
    if makes:
        check_output(model, output)
    elif not function:
        outputs = _outputs(model)
    _tell_model(model, quiet=quiet)
    given = prepare(model.manifest, from_arguments(model.manifest, inputs))
    if not quiet:
        _tell(given)
    if prepared:
        (tensor,) = model.inputs
        _write_sheet(prepared, given.arrays[tensor.name], tensor, quiet=quiet)
    if function:
        answer(model, given, batch=BATCH, as_json=as_json, quiet=quiet)
    elif makes:
        answer_made(model, given, output=output, batch=BATCH, as_json=as_json, quiet=quiet)
    else:
        _classify(model, given, outputs, top, as_json=as_json, quiet=quiet)


def _check_options(model: Model, file: Path | None, prepared: Path | None, output: Path | None) -> None:
    """Refuse options that mean nothing to the model.

    Raises:
        UsageError: one of them was given.
    """
    from zoo.cli.made import makes_numbers
    from zoo.runtime.kinds import takes_pictures, takes_text, words_for

    if output and not makes_numbers(model):
        raise UsageError(f"{model.id} makes neither pictures nor codes; leave out --output.")
    if file is not None and not takes_text(model.inputs):
        raise UsageError(f"{model.id} reads no text; leave out --input, and give files as arguments.")
    if prepared and not takes_pictures(model.inputs):
        raise UsageError(f"{model.id} takes {words_for(model.inputs)} and no pictures; leave out --prepared.")


def _classify(model: Model, given: Given, outputs: tuple[str, str], top: int, *, as_json: bool, quiet: bool) -> None:
    """Print a classifier's answers; `outputs` are those of the label and the probabilities."""
    label, probabilities = outputs
    found = model.answer(given.arrays, batch=BATCH)
    answers = _answers(given.names, found[label], found[probabilities], model.classes, top)
    if as_json:
        echo_json(_plain(model, given, answers))
    elif quiet:
        click.echo("\n".join(answer.label for answer in answers))
    else:
        rows = [
            [answer.name, answer.label, f"{answer.top[0][1]:.2%}", ", ".join(f"{name} {p:.2%}" for name, p in answer.top[1:])]
            for answer in answers
        ]
        echo_table(["input", "label", "probability", "runners-up"], rows)


def _tell_model(model: Model, *, quiet: bool) -> None:
    """Which artifact answers, on stderr."""
    if not quiet:
        state = "certified" if model.certified else "not certified"
        click.echo(f"{model.id} from {model.path} ({state}, on {model.providers[0]})", err=True)


def _outputs(model: Model) -> tuple[str, str]:
    """Names of the outputs that hold the label and the probabilities of a classifier, told by dtype and shape.

    Raises:
        ZooError: the model is no classifier.
    """
    labels = [tensor.name for tensor in model.outputs if tensor.dtype == "string" and len(tensor.shape) == 1]
    sized = [tensor.name for tensor in model.outputs if tensor.dtype == "float32" and tensor.shape[1:] == (len(model.classes),)]
    if len(labels) != 1 or len(sized) != 1:
        raise ZooError(
            f"{model.id} answers {'; '.join(map(str, model.outputs))}; predict shows one label with its probabilities, "
            "one picture, or one truth value."
        )
    return labels[0], sized[0]


def _answers(names: list[str], labels: np.ndarray, probabilities: np.ndarray, classes: tuple[str, ...], top: int) -> list[Answer]:
    answers = []
    for name, label, row in zip(names, labels.tolist(), probabilities, strict=True):
        # The label comes first even in a tie; classes that are equally likely keep their order.
        order = sorted(range(len(classes)), key=lambda k: (classes[k] != label, -row[k]))[:top]
        answers.append(Answer(name, label, [(classes[k], float(row[k])) for k in order]))
    return answers


def _tell(given: Given) -> None:
    """What was done to the inputs, on stderr."""
    if len(given.notes) <= EACH:
        for source, notes in given.notes.items():
            click.echo(f"{source}: {'; '.join(notes) or 'taken as it is'}", err=True)
        return
    counts = Counter(note.partition(":")[0] for notes in given.notes.values() for note in notes)
    done = ", ".join(f"{what} {count:,}" for what, count in counts.most_common())
    click.echo(f"{len(given.notes):,} inputs: {done or 'taken as they are'}", err=True)


def _write_sheet(path: Path, values: np.ndarray, tensor: Any, *, quiet: bool) -> None:
    from zoo.cli.sheet import MOST, contact_sheet
    from zoo.files import write_atomic

    write_atomic(path, contact_sheet(values, tensor))
    if not quiet:
        shown = f"the first {MOST} of {len(values):,}" if len(values) > MOST else f"{len(values)}"
        click.echo(f"{path}: what the network saw ({shown})", err=True)


def _plain(model: Model, given: Given, answers: list[Answer]) -> dict[str, Any]:
    return {
        **origin(model),
        "answers": [
            {
                "input": answer.name,
                "label": answer.label,
                "probability": answer.top[0][1],
                "top": [{"label": label, "probability": probability} for label, probability in answer.top],
            }
            for answer in answers
        ],
        "notes": given.notes,
    }
