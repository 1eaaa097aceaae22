"""Options that several verbs share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from zoo.api import EXPORTED, RUNS

F = TypeVar("F", bound=Callable[..., Any])

runs_option = click.option(
    "--runs", type=click.Path(path_type=Path), default=RUNS, show_default=True, help="Folder of training runs."
)
exported_option = click.option(
    "--output", type=click.Path(path_type=Path), default=EXPORTED, show_default=True, help="Folder the artifacts are written to."
)
provider_option = click.option(
    "--provider", default="cpu", show_default=True, help="onnxruntime's: cpu, cuda, … The one asked for is used, or it is an error."
)


class GivenPath(click.Path):
    """A path that was really given: an empty one, as an unset variable leaves it, would mean the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("an empty path", param, ctx)
        return super().convert(value, param, ctx)


def training_options(function: F) -> F:
    """The options of a training, as `zoo train` and `zoo run` take them."""
    options = [
        click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps."),
        click.option("--precision", type=click.Choice(["fp32", "bf16", "auto"]), help="Default: the recipe's."),
        click.option("--compile", "compiled", is_flag=True, help="Step through torch.compile."),
        click.option("--epochs", type=click.IntRange(min=1), help="Passes over the training split."),
        click.option("--steps", type=click.IntRange(min=1), help="Optimiser steps, instead of epochs."),
        click.option("--seed", type=click.IntRange(min=0), help="Of weights, order, dropout and augmentation."),
        click.option(
            "--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Change a field of the recipe (zoo show MODEL)."
        ),
        click.option("--deterministic", is_flag=True, help="Refuse operations that have no deterministic form."),
        click.option(
            "--data", type=GivenPath(path_type=Path), help="Your own data: idx files, a folder of class folders, a file of pairs."
        ),
        click.option("--source", metavar="COLUMN", help="Of a file of pairs: what is translated from; a number from 0, or a name."),
        click.option("--target", metavar="COLUMN", help="Of a file of pairs: what is translated to."),
        click.option("--name", help="Tag of the model trained on --data."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def columns(source: str | None, target: str | None) -> dict[str, str]:
    """The columns that were chosen of a file of pairs."""
    return {name: column for name, column in (("source", source), ("target", target)) if column is not None}


def changes(epochs: int | None, steps: int | None, seed: int | None, assignments: tuple[str, ...]) -> dict[str, Any]:
    """Options and `--set` as changes to a recipe.

    Raises:
        UsageError: epochs and steps at once, or an assignment of another form.
    """
    from zoo.errors import UsageError
    from zoo.training.overrides import parse_assignments

    if epochs is not None and steps is not None:
        raise UsageError(f"--epochs {epochs} and --steps {steps} cannot both be given.")
    given = {"epochs": epochs, "steps": steps, "seed": seed}
    return parse_assignments(list(assignments)) | {key: value for key, value in given.items() if value is not None}
