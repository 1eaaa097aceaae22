"""How a run differs from its recipe, and what of that makes no sense."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoo.errors import UsageError
from zoo.plugins import resolve
from zoo.registry import Registry
from zoo.spec import LBFGS, SGD, TAG, ModelSpec, Recipe
from zoo.training.build import kind_of
from zoo.training.task import SolvedTask, SteppingTask


@dataclass(frozen=True)
class Options:
    """How a run differs from its recipe, and where it computes.

    Args:
        device: `"auto"`, `"cpu"`, `"cuda"`, `"cuda:N"`, `"mps"`.
        precision: `None` is the recipe's.
        compiled: step through `torch.compile`.
        captured: capture the passes of a step as CUDA graphs.
        deterministic: an operation without a deterministic form is an error.
        changes: recipe fields and their values.
        output: folder of runs.
        data: folder or file of a person's own data.
        columns: of own data that are a table: `{"source": "0", "target": "1"}`, numbers from 0 or names.
        name: tag of the model that is trained on them.
        checkpoint_every: steps between checkpoints; `None` lets time decide.
        init_from: the run whose weights it begins with: a folder, `id/n`, or an id.
    """

    device: str = "auto"
    precision: str | None = None
    compiled: bool = False
    captured: bool = False
    deterministic: bool = False
    changes: dict[str, Any] = field(default_factory=dict)
    output: Path = Path("runs")
    data: Path | None = None
    columns: dict[str, str] = field(default_factory=dict)
    name: str | None = None
    checkpoint_every: int | None = None
    init_from: str | None = None


def check_solver(spec: ModelSpec, recipe: Recipe, options: Options, processes: int = 1) -> bool:
    """Whether the model is solved rather than stepped.

    Raises:
        UsageError: the optimiser is of the other kind, or an option has no meaning for a solver.
        PluginError: the loss or the task leads nowhere.
    """
    if isinstance(recipe.loss, str):
        resolve(recipe.loss, owner=spec.id)
    kind = kind_of(spec)
    solved = issubclass(kind, SolvedTask)
    if solved != isinstance(recipe.optimiser, LBFGS):
        how = "solved as a whole, by lbfgs" if solved else "trained in steps, which lbfgs does not make"
        raise UsageError(f"{spec.id} is {how}.", hint=f"zoo show {spec.id}")
    if solved and processes > 1:
        raise UsageError(f"{spec.id} is solved as a whole, by one process, not by {processes}.", hint=f"zoo train {spec.id}")
    if solved and (options.compiled or options.captured or options.precision or options.checkpoint_every):
        what = "--precision, --compile, --cuda-graphs and --checkpoint-every"
        raise UsageError(f"{spec.id} is solved in float64; {what} have no meaning for it.")
    kind.check(spec, recipe)
    own_steps = issubclass(kind, SteppingTask)
    if (kind.drawn or own_steps) and (processes > 1 or options.compiled or options.captured):
        said = f"{spec.id} is trained by one process, without --compile and --cuda-graphs."
        raise UsageError(said, hint=f"zoo train {spec.id}")
    if own_steps:
        _check_own_steps(spec, recipe)
    if options.captured and not kind.fixed_shapes:
        raise UsageError(f"--cuda-graphs is for steps of one shape; the batches of {spec.id} differ in length.")
    if solved and recipe.clip:
        raise UsageError(f"{spec.id} is solved as a whole; there is no step whose gradient clip={recipe.clip:g} could clip.")
    return solved


def _check_own_steps(spec: ModelSpec, recipe: Recipe) -> None:
    """Refuse what has no meaning for a model whose task makes its steps itself."""
    chosen = recipe.optimiser
    if not isinstance(chosen, SGD) or chosen.momentum or chosen.weight_decay:
        said = f"{spec.id} is trained by plain gradient descent: sgd without momentum and decay."
        raise UsageError(said, hint=f"zoo show {spec.id}")
    if recipe.precision != "fp32":
        raise UsageError(f"{spec.id} makes its steps itself, in float32; --precision has no meaning for it.")
    if recipe.clip:
        raise UsageError(f"{spec.id} makes its steps itself; there is no gradient that clip={recipe.clip:g} could clip.")


def named_id(spec: ModelSpec, data: Path | None, name: str | None, registry: Registry) -> str:
    """The id of what is trained: the model's own, or `architecture.name` for own data.

    Raises:
        UsageError: own data without a name, a name without own data, one that is taken or has another form.
    """
    if data is None:
        if name is not None:
            raise UsageError(f"--name {name} names a model trained on other data; give those with --data DIR.")
        return spec.id
    if name is None:
        raise UsageError(
            "Training on other data gives another model, which wants a name.", hint=f"zoo train {spec.id} --data {data} --name mine"
        )
    return tagged_id(spec, name, registry)


def tagged_id(spec: ModelSpec, name: str, registry: Registry) -> str:
    """`architecture.name`, for `--name`.

    Raises:
        UsageError: the name is taken, or has another form.
    """
    if not TAG.match(name):
        raise UsageError(f"--name takes lower-case letters, digits and hyphens, not {name!r}.")
    tagged = f"{spec.architecture}.{name}"
    if tagged in registry.models:
        raise UsageError(f"{tagged} is a model of the zoo already; choose another --name.")
    return tagged
