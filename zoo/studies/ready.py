"""What would stop a study in the middle of its work, told before anything is made or trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from zoo.data.dataset import Dataset
from zoo.data.load import load_dataset
from zoo.errors import UsageError, ZooError
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.spec import ModelSpec, Recipe, Spec, to_plain
from zoo.studies.evaluate import value_of
from zoo.studies.points import Plan
from zoo.studies.work import worded
from zoo.training.build import build_module, fitted_config, kind_of, make_task, with_config
from zoo.training.device import pick_device
from zoo.training.options import Options, check_solver
from zoo.training.seed import seeded
from zoo.training.task import SolvedTask
from zoo.training.train import hold_out

EXAMPLES = 20
"""By which an untrained network shows what metrics it has."""


def ready(plan: Plan, device: str, registry: Registry, progress: Progress) -> Dataset:
    """The data of a study whose device, data, hold-out sizes, networks and metric are known to be right.

    Every network of the grid is built once, and of a sampled space the corners; what needs its data to be built, once alone.

    Raises:
        DeviceError, DataError: what they say.
        UsageError: a recipe or a network cannot be trained; `UnknownName` for a metric that the task does not have.
    """
    kind, chosen = kind_of(plan.model), pick_device(device)
    dataset = load_dataset(registry.dataset(plan.model.dataset), own=None, name=None, progress=progress)
    recipes: set[bytes] = set()
    networks: set[bytes] = set()
    for parameters in plan.tried():
        recipe, network = plan.resolved(parameters, plan.spec.seeds[0])
        if _new(recipe, recipes):
            check_solver(plan.model, recipe, Options())
            kind.settle(plan.model, recipe, chosen, Progress())
            hold_out(dataset, recipe)
        if _new(network, networks) and (len(networks) == 1 or not plan.model.fit):
            model = _buildable(plan, parameters, network, dataset)
            if len(networks) == 1:
                _check_metric(plan, model, recipe, dataset)
    return dataset


def _new(part: Spec, seen: set[bytes]) -> bool:
    """Whether it is not among `seen`, where it then is."""
    key = msgspec.json.encode(part)
    found = key not in seen
    seen.add(key)
    return found


def _buildable(plan: Plan, parameters: Mapping[str, Any], network: Spec, dataset: Dataset) -> ModelSpec:
    """The model with the network of a trial with these parameters, which can be built.

    Raises:
        UsageError: it cannot.
    """
    import torch

    try:
        model, _ = with_config(plan.model, fitted_config(plan.model, network, dataset))
        config = to_plain(model.config)
        try:
            with torch.device("meta"):
                build_module(model, config)
        except Exception:  # a network that reads its own weights needs them
            with seeded(0, torch.device("cpu")):
                build_module(model, config)
    except ZooError:
        raise
    except Exception as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        raise UsageError(
            f"The network with {worded(parameters)} cannot be built: {said}.", hint=f"zoo show {plan.model.id}"
        ) from error
    return model


def _check_metric(plan: Plan, model: ModelSpec, recipe: Recipe, dataset: Dataset) -> None:
    """Raise `UnknownName` where the task does not measure the study's metric, as an untrained network shows."""
    import torch

    cpu = torch.device("cpu")
    task = make_task(model, recipe, dataset)
    if isinstance(task, SolvedTask) and plan.spec.split == "test":
        return  # how well it is solved is measured, too, and no untrained network says by what
    split = hold_out(dataset, recipe)[1][1] if plan.spec.split == "validation" else dataset.splits["test"]
    with seeded(0, cpu):
        module = build_module(model, to_plain(model.config))
        task.prepare(module)
        metrics = task.evaluate(module, task.resident({name: array[:EXAMPLES] for name, array in split.items()}, cpu))
    value_of(plan, metrics)
