"""What `zoo predict` does with models from truth values to truth values: `101`, `1 0 1` or `a=1,b=0,c=1` in, 0 or 1 out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click
import numpy as np

from zoo.cli.output import echo_json, echo_table
from zoo.errors import UnknownName, UsageError

if TYPE_CHECKING:
    from zoo.runtime.manifest import Tensor
    from zoo.runtime.model import Model

VALUES = {"0": False, "1": True, "false": False, "true": True}


def takes_truth_values(model: Model) -> bool:
    """Whether the model has one input bool [batch, n] and one output bool [batch]."""
    kinds = [(tensor.dtype, len(tensor.shape)) for tensor in (*model.inputs, *model.outputs)]
    return kinds == [("bool", 2), ("bool", 1)] and isinstance(model.inputs[0].shape[1], int)


def answer(model: Model, given: Sequence[str], *, batch: int, as_json: bool, quiet: bool) -> None:
    """Ask `model` about what was typed, and print its answers.

    Raises:
        UsageError: what was typed is none of the three forms, or of another number of values.
    """
    (tensor,), (output,) = model.inputs, model.outputs
    names = names_of(tensor)
    values = read(given, names)
    found = model.answer({tensor.name: values}, batch=batch)[output.name]
    if as_json:
        answers = [
            {tensor.name: dict(zip(names, row, strict=True)), output.name: value}
            for row, value in zip(values.tolist(), found.tolist(), strict=True)
        ]
        state = {"artifact": str(model.path), "certified": model.certified, "provider": model.providers[0]}
        echo_json({"model": model.id, **state, "answers": answers})
    elif quiet:
        click.echo("\n".join(str(int(value)) for value in found))
    else:
        rows = [[*(str(int(value)) for value in row), str(int(value))] for row, value in zip(values, found, strict=True)]
        echo_table([*names, output.name], rows)


def names_of(tensor: Tensor) -> tuple[str, ...]:
    """Names of the input's places: its own, else x1, x2, …"""
    count = int(tensor.shape[1])
    return tensor.names if len(tensor.names) == count else tuple(f"x{number}" for number in range(1, count + 1))


def read(given: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """bool [examples, n].

    Args:
        given: each an example (`101` or `a=1,b=0,c=1`), or all together one (`1 0 1` or `a=1 b=0 c=1`).
        names: of the n places.

    Raises:
        UnknownName: a name is none of `names`.
        UsageError: another form, or another number of values.
    """
    pieces = [[piece for piece in text.replace(",", " ").split() if piece] for text in given]
    if len(pieces) > 1 and len(names) > 1 and all(len(piece) == 1 and (len(piece[0]) == 1 or "=" in piece[0]) for piece in pieces):
        pieces, given = [[piece[0] for piece in pieces]], [" ".join(given)]  # one value each: together they are one example
    return np.array([_example(piece, text, names) for piece, text in zip(pieces, given, strict=True)], bool)


def _example(pieces: Sequence[str], text: str, names: Sequence[str]) -> list[bool]:
    if any("=" in piece for piece in pieces):
        return _named(pieces, text, names)
    if len(pieces) == 1 and len(pieces[0]) > 1 and set(pieces[0]) <= {"0", "1"}:
        pieces = list(pieces[0])
    wanted = f"{len(names)} values 0 or 1, of {', '.join(names)}" if len(names) > 1 else f"0 or 1, the value of {names[0]}"
    if len(pieces) != len(names) or not all(piece.lower() in VALUES for piece in pieces):
        example = ",".join(f"{name}=1" for name in names)
        raise UsageError(f"The input {text!r} should be {wanted}: {'1' * len(names)}, or {example}.")
    return [VALUES[piece.lower()] for piece in pieces]


def _named(pieces: Sequence[str], text: str, names: Sequence[str]) -> list[bool]:
    values: dict[str, bool] = {}
    for piece in pieces:
        name, _, value = piece.partition("=")
        if name not in names:
            raise UnknownName(f"input among {', '.join(names)} called", name, names)
        if name in values:
            raise UsageError(f"The input {text!r} gives {name} twice.")
        if value.lower() not in VALUES:
            raise UsageError(f"The input {text!r} gives {name} the value {value!r}, which should be 0 or 1.")
        values[name] = VALUES[value.lower()]
    if missing := [name for name in names if name not in values]:
        raise UsageError(f"The input {text!r} also needs {', '.join(missing)}.")
    return [values[name] for name in names]
