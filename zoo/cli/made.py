"""`zoo predict` for models that make pictures or numbers: autoencoders, their encoders and decoders. Never imports torch."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from zoo.cli.output import echo_json, echo_table
from zoo.errors import UsageError
from zoo.runtime.describe import origin

if TYPE_CHECKING:
    from zoo.runtime.given import Given
    from zoo.runtime.manifest import Tensor
    from zoo.runtime.model import Model

FEW = 6
"""Numbers of a code that are shown in a table; `--json` has all."""


def makes_numbers(model: Model) -> bool:
    """Whether all that a model answers are pictures (bytes) and vectors of floats, and its one input is one of them, too."""
    return len(model.inputs) == 1 and all(_is_picture(tensor) or _is_vector(tensor) for tensor in (*model.inputs, *model.outputs))


def _is_picture(tensor: Tensor) -> bool:
    return tensor.dtype == "uint8" and _sized(tensor, 2)


def _is_vector(tensor: Tensor) -> bool:
    return tensor.dtype == "float32" and _sized(tensor, 1)


def _sized(tensor: Tensor, axes: int) -> bool:
    """Whether so many fixed axes follow one that varies."""
    return len(tensor.shape) == axes + 1 and [isinstance(axis, int) for axis in tensor.shape] == [False, *[True] * axes]


def check_output(model: Model, output: Path | None) -> None:
    """Refuse a file that an answer of the model cannot be written to.

    Raises:
        UsageError: it is neither an array nor, where the model makes pictures, a PNG.
    """
    pictures = any(_is_picture(tensor) for tensor in model.outputs)
    if output is not None and output.suffix.lower() not in ({".npy", ".png"} if pictures else {".npy"}):
        kinds = "a .png or a .npy" if pictures else "a .npy"
        raise UsageError(f"--output {output} cannot be written: {model.id} makes {kinds} file.")


def answer(model: Model, given: Given, *, output: Path | None, batch: int, as_json: bool, quiet: bool) -> None:
    """Ask, write the pictures, and tell.

    Args:
        model: for which `makes_numbers` holds.
        given: what it is asked about.
        output: file for its pictures (PNG) or for its first answer (.npy); `None` writes the pictures to `<output's name>.png`,
            unless `as_json` prints them.
        batch: examples at once.
        as_json: print JSON.
        quiet: print only the name of the file, or numbers where there is none.
    """
    (tensor,) = model.inputs
    found = model.answer(given.arrays, batch=batch)
    pictures = next((made for made in model.outputs if _is_picture(made)), None)
    if output is None and pictures is not None and not as_json:
        output = Path(f"{pictures.name}.png")
    if output is not None:
        _write(output, found, model.outputs[0], pictures, quiet=quiet or as_json)
    errors = _errors(given.arrays[tensor.name], tensor, found, pictures)
    vector = next((made for made in model.outputs if _is_vector(made)), None)
    if as_json:
        echo_json(_plain(model, given, found, errors, output))
    elif quiet and output is not None:
        click.echo(output)
    elif quiet and vector is not None:
        click.echo("\n".join(" ".join(f"{x:g}" for x in row) for row in found[vector.name]))
    else:
        _table(given, found, errors, vector, pictures)


def _errors(values: np.ndarray, tensor: Tensor, found: dict[str, np.ndarray], pictures: Tensor | None) -> np.ndarray | None:
    """Mean squared error of each picture against what went in, of pixels 0 … 1; `None` where no such picture came out."""
    if pictures is None or not _is_picture(tensor) or tensor.shape != pictures.shape:
        return None
    off = (found[pictures.name].astype(np.float64) - values) / 255  # [examples, height, width]
    errors: np.ndarray = np.square(off).mean((1, 2))
    return errors


def _write(path: Path, found: dict[str, np.ndarray], first: Tensor, pictures: Tensor | None, *, quiet: bool) -> None:
    from zoo.cli.sheet import MOST, contact_sheet
    from zoo.files import write_atomic

    if path.suffix.lower() == ".npy" or pictures is None:
        stream = io.BytesIO()
        np.save(stream, found[first.name])
        write_atomic(path, stream.getvalue())
        said = f"{first.name}, {first.dtype} {list(found[first.name].shape)}"
    else:
        values = found[pictures.name]
        write_atomic(path, contact_sheet(values, pictures))
        said = f"{pictures.name} ({f'the first {MOST} of {len(values):,}' if len(values) > MOST else len(values)})"
    if not quiet:
        click.echo(f"{path}: {said}", err=True)


def _table(
    given: Given, found: dict[str, np.ndarray], errors: np.ndarray | None, vector: Tensor | None, pictures: Tensor | None
) -> None:
    """A line for each input: how far what came out lies from it, and the first numbers."""
    header, columns = ["input"], [given.names]
    if errors is not None:
        header.append("mean squared error")
        columns.append([f"{error:.4f}" for error in errors])
    elif pictures is not None:
        header.append(pictures.name)
        columns.append([f"{row.shape[1]}×{row.shape[0]} pixels, mean {row.mean():.0f}" for row in found[pictures.name]])
    if vector is not None:
        header.append(f"{vector.name} of {vector.shape[1]}")
        more = " …" if int(vector.shape[1]) > FEW else ""
        columns.append([", ".join(f"{x:.4g}" for x in row[:FEW]) + more for row in found[vector.name]])
    echo_table(header, [list(row) for row in zip(*columns, strict=True)])


def _plain(
    model: Model, given: Given, found: dict[str, np.ndarray], errors: np.ndarray | None, output: Path | None
) -> dict[str, Any]:
    answers = []
    for number, name in enumerate(given.names):
        one: dict[str, Any] = {"input": name}
        if errors is not None:
            one["error"] = float(errors[number])
        answers.append(one | {tensor.name: found[tensor.name][number].tolist() for tensor in model.outputs})
    return {
        **origin(model),
        "output": str(output) if output else None,
        "answers": answers,
        "notes": given.notes,
    }
