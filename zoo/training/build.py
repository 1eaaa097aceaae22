"""The module and the task that a spec names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from zoo.data.dataset import Dataset
from zoo.errors import TrainingError
from zoo.plugins import resolve
from zoo.spec import ModelSpec, Recipe, Spec, replaced
from zoo.training.task import Task

if TYPE_CHECKING:
    from torch import nn

    from zoo.training.run import Run


def build_module(spec: ModelSpec, config: dict[str, Any]) -> nn.Module:
    """The untrained module of `spec`, on the CPU, for a config as `run.json` holds it.

    Raises:
        PluginError: `build` leads nowhere.
    """
    typed = msgspec.convert(config, type(spec.config))
    module: nn.Module = resolve(spec.build, owner=spec.id)(typed)
    return module


def has_config(run: Run, spec: ModelSpec) -> bool:
    """Whether a run is of the network that `spec` declares, and not of one that `--set config.…` has changed."""
    try:
        return msgspec.convert(run.state.config, type(spec.config)) == spec.config
    except msgspec.ValidationError:  # of another version of the plugin
        return False


def make_task(spec: ModelSpec, recipe: Recipe | None, dataset: Dataset) -> Task:
    """The task that `spec` names.

    Raises:
        TrainingError: it names something else.
    """
    kind = resolve(spec.task, owner=spec.id)
    if not (isinstance(kind, type) and issubclass(kind, Task)):
        raise TrainingError(f"The task {spec.task!r} of {spec.id} is no zoo.training.task.Task.")
    task: Task = kind(spec, recipe, dataset)
    return task


def fitted_config(config: Spec, dataset: Dataset) -> Spec:
    """The config with its field `classes`, where it has one, set to the number of classes in the data."""
    if dataset.classes and "classes" in config.__struct_fields__:
        return replaced(config, classes=len(dataset.classes))
    return config
