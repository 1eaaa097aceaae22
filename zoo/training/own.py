"""Runs of a model as it is declared, among all that lie in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from zoo.spec import ModelSpec, replaced
from zoo.training.build import has_config
from zoo.training.run import Run, list_runs


def own_runs(spec: ModelSpec, root: Path, *, seed: int | None = None, unfinished: bool = False) -> Iterator[Run]:
    """The finished runs of `spec` by its own recipe and of its own network, newest first.

    Args:
        spec: of the model.
        root: folder of runs.
        seed: of the recipe; `None` for any.
        unfinished: those that can be resumed as well.
    """
    assert spec.recipe is not None
    for run in reversed(list_runs(root)):
        if run.state.id != spec.id or not has_config(run, spec):
            continue
        usable = run.state.status == "finished" or (unfinished and (run.state.status == "interrupted" or run.abandoned()))
        if usable and (recipe := run.recipe) == replaced(spec.recipe, seed=recipe.seed if seed is None else seed):
            yield run
