"""What `zoo predict` does with models from truth values to truth values: `101`, `1 0 1` or `a=1,b=0,c=1` in, 0 or 1 out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zoo.cli.output import echo_json, echo_table
from zoo.runtime.describe import origin
from zoo.runtime.kinds import takes_truth_values
from zoo.runtime.truth import names_of

if TYPE_CHECKING:
    from zoo.runtime.given import Given
    from zoo.runtime.model import Model


def is_function(model: Model) -> bool:
    """Whether the model has one input bool [batch, n] and one output bool [batch]."""
    return takes_truth_values(model.inputs) and [(tensor.dtype, len(tensor.shape)) for tensor in model.outputs] == [("bool", 1)]


def answer(model: Model, given: Given, *, batch: int, as_json: bool, quiet: bool) -> None:
    """Ask `model`, for which `is_function` holds, about what was typed, and print its answers."""
    (tensor,), (output,) = model.inputs, model.outputs
    names = names_of(tensor)
    values = given.arrays[tensor.name]
    found = model.answer(given.arrays, batch=batch)[output.name]
    if as_json:
        answers = [
            {tensor.name: dict(zip(names, row, strict=True)), output.name: value}
            for row, value in zip(values.tolist(), found.tolist(), strict=True)
        ]
        echo_json({**origin(model), "answers": answers})
    elif quiet:
        click.echo("\n".join(str(int(value)) for value in found))
    else:
        rows = [[*(str(int(value)) for value in row), str(int(value))] for row, value in zip(values, found, strict=True)]
        echo_table([*names, output.name], rows)
