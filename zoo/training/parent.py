"""Runs that begin with the weights of another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.data.load import load_dataset
from zoo.errors import IncompleteError, IntegrityError, UsageError
from zoo.machine import alone
from zoo.plugins import resolve
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.spec import ModelSpec, Recipe
from zoo.training.build import build_module
from zoo.training.checkpoint import load_tensors
from zoo.training.options import Options, named_id
from zoo.training.own import is_current
from zoo.training.record import ParentRun
from zoo.training.run import Run, find_run, list_runs

if TYPE_CHECKING:
    from torch import Tensor, nn


def trained_module(run: Run, registry: Registry) -> nn.Module:
    """The module of a finished run with the weights that were kept, in evaluation mode on the CPU.

    Raises:
        IntegrityError: the weights are damaged, or are not those of this run.
        IncompleteError: the weights are not there.
    """
    module = build_module(registry.model(run.state.base), run.state.config)
    module.load_state_dict(_weights(run, run.state.weights))
    return module.eval()


def parent_of(
    spec: ModelSpec, recipe: Recipe, options: Options, registry: Registry, train: Callable[[ModelSpec, Options], Run]
) -> Run | None:
    """The finished run whose weights a run of `spec` begins with: the one given; of the model's parent, the newest by its recipe
    with the same seed, its plugin files and its data as they are now, or one that is trained now; `None` where it begins with none.

    Args:
        spec: of the model.
        recipe: of the new run.
        options: of the new run.
        registry: where the parent is looked up.
        train: trains the parent.

    Raises:
        UsageError: the run given is not finished, or of another model.
    """
    if options.init_from is not None:
        run = find_run(options.init_from, options.output)
        wanted = spec.parent.id if spec.parent else spec.id
        if run.state.base != wanted:
            raise UsageError(f"{spec.id} begins with the weights of {wanted}; the run {run.path} is of {run.state.base}.")
        run.require_finished()
        return run
    if spec.parent is None:
        return None
    parent = registry.model(spec.parent.id)
    parent_id = named_id(parent, options.data, options.name, registry)
    if trained := [run for run in reversed(list_runs(options.output)) if run.state.id == parent_id]:
        data = load_dataset(
            registry.dataset(parent.dataset), own=options.data, name=options.name, progress=Progress(), columns=options.columns
        )
        for run in trained:
            if is_current(run, parent, registry, seed=recipe.seed, data=data.sha256):
                return run
    if not alone():
        raise UsageError(
            f"{spec.id} begins with a trained {parent_id}; several processes cannot train both in one go.",
            hint=f"zoo train {parent.id}",
        )
    # Device, data and folder are the child's; the recipe is the parent's own.
    own = Options(
        device=options.device,
        deterministic=options.deterministic,
        changes={"seed": recipe.seed},
        output=options.output,
        data=options.data,
        columns=options.columns,
        name=options.name,
    )
    return train(parent, own)


def record_of(run: Run) -> ParentRun:
    """What a child's state says of its parent."""
    assert run.state.weights is not None
    return ParentRun(id=run.state.id, path=str(run.path.resolve()), weights=run.state.weights)


def adopt(module: nn.Module, spec: ModelSpec, record: ParentRun, registry: Registry) -> None:
    """Give `module` what it begins with.

    Raises:
        IntegrityError: the parent's weights are damaged, or are no longer those the run began with.
        IncompleteError: the parent's run, or its weights, are not there.
        UsageError: they do not fit: the network has another shape.
    """
    try:
        run = Run.open(Path(record.path))
    except FileNotFoundError:
        said = f"The run {record.path}, whose weights this one begins with, is not there; put it back from a copy, or train anew."
        raise IncompleteError(said, hint=f"zoo train {spec.id}") from None
    if run.state.weights != record.weights:
        raise IntegrityError(f"{run.path} no longer holds the weights that this run began with.")
    if spec.parent:
        resolve(spec.parent.adopt, owner=spec.id)(module, trained_module(run, registry))
        return
    try:
        module.load_state_dict(_weights(run, record.weights))
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip().rstrip(".")
        raise UsageError(f"The weights of {run.path} do not fit this network: {reason}.") from error


def _weights(run: Run, digest: str | None) -> dict[str, Tensor]:
    """The weights that a run kept.

    Raises:
        IntegrityError: they are damaged, or others than those of `digest`.
        IncompleteError: they are not there.
    """
    try:
        tensors, _, found = load_tensors(run.weights)
    except FileNotFoundError:
        raise run.lacks(run.weights, "the weights that were kept") from None
    if found != digest:
        raise IntegrityError(f"{run.weights} holds other weights than {run.path / 'run.json'} names.")
    return tensors
