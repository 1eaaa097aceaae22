"""Runs of a model as it is declared, among all that lie in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zoo.data.load import load_dataset
from zoo.errors import IntegrityError
from zoo.ledger.sources import source_hash
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.spec import ModelSpec, replaced
from zoo.training.build import has_config, kind_of
from zoo.training.run import Run, list_runs


def own_runs(
    spec: ModelSpec, root: Path, registry: Registry, *, seed: int | None = None, unfinished: bool = False
) -> Iterator[Run]:
    """The finished runs of `spec` by its own recipe, of its own network and begun as it begins, newest first.

    Args:
        spec: of the model.
        root: folder of runs.
        registry: of the model that it begins with.
        seed: of the recipe; `None` for any.
        unfinished: those that can be resumed as well.
    """
    for run in reversed(list_runs(root)):
        usable = run.state.status == "finished" or (unfinished and (run.state.status == "interrupted" or run.abandoned()))
        if run.state.id == spec.id and usable and _is_own(run, spec, registry, seed):
            yield run


def is_current(run: Run, spec: ModelSpec, registry: Registry, *, seed: int, data: str) -> bool:
    """Whether `run` is what training `spec` would give now: finished, by its own recipe with this seed, of its own network, begun
    as it begins, and from the same plugin files and data.

    Args:
        run: any; one on own data may be of a network that these have shaped.
        spec: of the model.
        registry: of the model that it begins with.
        seed: of the recipe.
        data: hash of their content.
    """
    state = run.state
    same = (state.status, state.data.sha256, state.source) == ("finished", data, source_hash(spec))
    return same and _is_own(run, spec, registry, seed)


def _is_own(run: Run, spec: ModelSpec, registry: Registry, seed: int | None) -> bool:
    """Whether a run is by the recipe of `spec`, of its network and begun as it begins."""
    assert spec.recipe is not None
    if run.state.data.own is None and not has_config(run, spec):
        return False
    recipe = kind_of(spec).unsettled(spec, run.recipe)
    return recipe == replaced(spec.recipe, seed=recipe.seed if seed is None else seed) and _begins(run, spec, recipe.seed, registry)


def _begins(run: Run, spec: ModelSpec, seed: int, registry: Registry) -> bool:
    """Whether a run began with what `spec` begins with: nothing, or the weights of its parent, trained as `spec` would have it."""
    named = run.state.parent
    if spec.parent is None or named is None:
        return spec.parent is None and named is None
    try:
        begun = Run.open(Path(named.path))
    except (FileNotFoundError, IntegrityError):  # it can no longer be told
        return False
    parent = registry.model(spec.parent.id)
    data = load_dataset(registry.dataset(parent.dataset), own=None, name=None, progress=Progress())
    same = (begun.state.id, begun.state.weights) == (parent.id, named.weights)
    return same and is_current(begun, parent, registry, seed=seed, data=data.sha256)
