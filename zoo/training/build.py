"""The module and the task that a spec names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from zoo.data.dataset import Dataset, Split
from zoo.errors import PluginError, TrainingError
from zoo.plugins import resolve
from zoo.registry import Registry
from zoo.report.tables import setting
from zoo.spec import ModelSpec, Recipe, Spec, replaced, to_plain
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


def with_config(spec: ModelSpec, config: Spec) -> tuple[ModelSpec, Mapping[str, Split] | None]:
    """The model with another config and what follows from it (`ModelSpec.configure`): inputs, outputs, exports, and its data where
    the config makes them.

    Raises:
        UsageError: the plugin refuses the config.
        PluginError: its function does not give what it should.
    """
    spec = replaced(spec, config=config)
    if spec.configure is None:
        return spec, None
    found = resolve(spec.configure, owner=spec.id)(spec)
    if not (isinstance(found, tuple) and len(found) == 2 and isinstance(found[0], ModelSpec) and found[0].id == spec.id):
        raise PluginError(f"{spec.configure} of {spec.id} should return its spec and its splits (or None), not {found!r:.80}.")
    return found


def spec_of(run: Run, registry: Registry) -> ModelSpec:
    """The spec of a run's model, with the network that the run has: `--set config.…` may have changed it, and its outputs with it.
    The summary then says what was changed.

    Raises:
        UnknownName: the zoo has no such model.
        UsageError, PluginError: as `with_config`.
    """
    declared = registry.model(run.state.base)
    spec, _ = with_config(declared, msgspec.convert(run.state.config, type(declared.config)))
    before, after = to_plain(declared.config), to_plain(spec.config)
    decided = {"classes", *(name for name in before if declared.fit and before[name] is None)}  # by the data, not by the person
    changed = [f"{name} {setting(after[name])}" for name in after if name not in decided and after[name] != before[name]]
    return replaced(spec, summary=f"{spec.summary}; changed: {', '.join(changed)}") if changed else spec


def has_config(run: Run, spec: ModelSpec) -> bool:
    """Whether a run is of the network that `spec` declares, and not of one that `--set config.…` has changed."""
    try:
        theirs = msgspec.convert(run.state.config, type(spec.config))
    except msgspec.ValidationError:  # of another version of the plugin
        return False
    open_fields = [name for name in spec.config.__struct_fields__ if getattr(spec.config, name) is None] if spec.fit else []
    return replaced(theirs, **dict.fromkeys(open_fields)) == spec.config


def kind_of(spec: ModelSpec) -> type[Task]:
    """The class of a model's task.

    Raises:
        PluginError: it leads nowhere.
    """
    found = resolve(spec.task, owner=spec.id)
    return found if isinstance(found, type) and issubclass(found, Task) else Task  # what is none, `make_task` refuses


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


def fitted_config(spec: ModelSpec, config: Spec, dataset: Dataset) -> Spec:
    """The config with what the data decide: its field `classes`, where it has one, is their number; the rest is the plugin's."""
    if dataset.classes and "classes" in config.__struct_fields__:
        config = replaced(config, classes=len(dataset.classes))
    if spec.fit:
        found = resolve(spec.fit, owner=spec.id)(config, dataset.splits)
        if not isinstance(found, type(config)):
            raise PluginError(f"{spec.fit} of {spec.id} should return a {type(config).__name__}, not {found!r:.80}.")
        return found
    return config
