"""`zoo predict`: ask an artifact about pictures. Never imports torch."""

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

if TYPE_CHECKING:
    from zoo.cli.inputs import Inputs
    from zoo.runtime.model import Model

BATCH = 512
"""Examples that are asked about at once: enough for speed, little memory."""
EACH = 20
"""Up to so many sources are told of one by one, more in sum."""


@dataclass(frozen=True)
class Answer:
    """The answer to one example: its name, the model's label, and classes with their probabilities, the label's first."""

    name: str
    label: str
    top: list[tuple[str, float]]


@click.command("predict", short_help="Ask an artifact about pictures.")
@click.argument("name")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@artifacts_option
@provider_option
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
    reconstruction.png; its decoder takes codes as arrays.

    \b
    zoo predict cnn digit.png
    zoo predict autoencoder --output back.png digit.png
    zoo predict cnn --prepared seen.png photo.jpg
    zoo predict exported/mlp.keras t10k-images-idx3-ubyte.gz -q
    """
    from zoo.cli.artifacts import open_named
    from zoo.cli.inputs import picture_input, read_inputs
    from zoo.cli.made import answer as answer_made
    from zoo.cli.made import check_output, makes_numbers
    from zoo.cli.truth import answer, takes_truth_values

    model = open_named(name, artifacts, providers=(provider,))
    makes = makes_numbers(model)
    if output and not makes:
        raise UsageError(f"{model.id} makes neither pictures nor codes; leave out --output.")
    if takes_truth_values(model):
        if prepared:
            raise UsageError(f"{model.id} takes truth values and no pictures; leave out --prepared.")
        _tell_model(model, quiet=quiet)
        answer(model, inputs, batch=BATCH, as_json=as_json, quiet=quiet)
        return
    if makes:
        check_output(model, output)
        tensor = model.inputs[0]
        if prepared and len(tensor.shape) == 2:
            raise UsageError(f"{model.id} takes numbers and no pictures; leave out --prepared.")
    else:
        tensor = picture_input(model.id, model.inputs)
        label, probabilities = _outputs(model)
    _tell_model(model, quiet=quiet)
    given = read_inputs(inputs, tensor, model.picture)
    values = given.values
    if not quiet:
        _tell(given)
    if prepared:
        _write_sheet(prepared, values, tensor, quiet=quiet)
    if makes:
        answer_made(model, given, output=output, batch=BATCH, as_json=as_json, quiet=quiet)
        return
    found = model.answer({tensor.name: values}, batch=BATCH)
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


def _tell(given: Inputs) -> None:
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


def _plain(model: Model, given: Inputs, answers: list[Answer]) -> dict[str, Any]:
    return {
        "model": model.id,
        "artifact": str(model.path),
        "certified": model.certified,
        "provider": model.providers[0],
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
