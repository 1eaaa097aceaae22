"""From a spec to a finished run."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import torch

from zoo.data.dataset import Dataset, length
from zoo.data.load import load_dataset
from zoo.errors import DataError, TrainingError, UsageError
from zoo.plugins import resolve
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.spec import LBFGS, TAG, ModelSpec, Recipe, Spec, replaced, to_plain
from zoo.training.checkpoint import load_tensors, save_tensors
from zoo.training.device import numerics, pick_device, pick_precision
from zoo.training.environment import environment
from zoo.training.fit import Fit
from zoo.training.overrides import override
from zoo.training.run import Run, RunData, RunState, now
from zoo.training.seed import seeded
from zoo.training.task import SolvedTask, Task

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class Options:
    """How a run differs from its recipe, and where it computes.

    Args:
        device: `"auto"`, `"cpu"`, `"cuda"`, `"cuda:N"`, `"mps"`.
        precision: `None` is the recipe's.
        compiled: step through `torch.compile`.
        deterministic: an operation without a deterministic form is an error.
        changes: recipe fields and their values.
        output: folder of runs.
        data: folder of a person's own data.
        name: tag of the model that is trained on them.
        checkpoint_every: steps between checkpoints; `None` lets time decide.
    """

    device: str = "auto"
    precision: str | None = None
    compiled: bool = False
    deterministic: bool = False
    changes: dict[str, Any] = field(default_factory=dict)
    output: Path = Path("runs")
    data: Path | None = None
    name: str | None = None
    checkpoint_every: int | None = None


def train(spec: ModelSpec, options: Options, registry: Registry, progress: Progress) -> Run:
    """Train `spec` in a new run.

    Raises:
        UsageError: an option does not fit the model.
        DeviceError, DataError, NonFiniteError: what they say.
        KeyboardInterrupt: stopped; the run can be resumed.
    """
    if spec.recipe is None:
        raise UsageError(f"{spec.id} has nothing to learn: its weights are given.", hint=f"zoo export {spec.id}")
    changes = dict(options.changes)
    if options.precision:
        changes["precision"] = options.precision
    recipe = override(spec.recipe, changes)
    trained_id = named_id(spec, options.data, options.name, registry)
    device = pick_device(options.device)
    data_spec = registry.dataset(spec.dataset)
    dataset = load_dataset(data_spec, own=options.data, name=options.name, progress=progress)
    config = fitted_config(spec.config, dataset)
    solved = check_solver(spec, recipe, options)
    _hold_out(dataset, recipe)  # refuses what leaves nothing, before a run is made
    owner = registry.models[spec.id].owner
    state = RunState(
        id=trained_id,
        base=spec.id,
        owner=owner.distribution,
        status="running",
        created=now(),
        config=to_plain(config),
        classes=dataset.classes,
        picture=dataset.picture,
        data=RunData(
            id=dataset.id,
            sha256=dataset.sha256,
            origin=dataset.origin,
            licence=dataset.licence,
            own=str(options.data.resolve()) if options.data else None,
        ),
        device=str(device),
        precision="fp32" if solved else pick_precision(recipe.precision, device),
        deterministic=options.deterministic,
        compiled=options.compiled,
        checkpoint_every=options.checkpoint_every,
    )
    run = Run.create(options.output, state, recipe, environment(device))
    progress.note(f"{spec.id} on {dataset.origin}: {run.path}, {device}, {state.precision}")
    return _train(run, spec, recipe, dataset, device, progress)


def data_of(run: Run, registry: Registry, progress: Progress) -> Dataset:
    """The data that a run was trained on, read anew.

    Raises:
        DataError: they are no longer the same, or cannot be had.
    """
    data, spec = run.state.data, registry.model(run.state.base)
    own = Path(data.own) if data.own else None
    dataset = load_dataset(registry.dataset(spec.dataset), own=own, name=data.id if own else None, progress=progress)
    if dataset.sha256 != data.sha256:
        raise DataError(
            f"The data of {run.path} have changed: their hash was {data.sha256[:12]} and is {dataset.sha256[:12]}; "
            "a run is continued and certified only on the data it began with."
        )
    return dataset


def resume(run: Run, registry: Registry, progress: Progress) -> Run:
    """Continue an unfinished run from its newest checkpoint, bit for bit on the same machine.

    Raises:
        UsageError: the run is finished, or is running now.
        DataError: its data are no longer the same.
    """
    state = run.state
    if state.status == "finished":
        raise UsageError(f"The run {run.path} is finished; there is nothing to resume.", hint=f"zoo export --run {run.path}")
    spec = registry.model(state.base)
    device = pick_device(state.device)
    dataset = data_of(run, registry, progress)
    progress.note(f"resuming {run.path} at step {state.step:,} of {state.total:,}, {device}, {state.precision}")
    return _train(run, spec, run.recipe, dataset, device, progress)


def _train(run: Run, spec: ModelSpec, recipe: Recipe, dataset: Dataset, device: torch.device, progress: Progress) -> Run:
    """Build, fit or solve, evaluate, keep; the run's state says how it ended."""
    state = run.state
    train_split, held_out = _hold_out(dataset, recipe)
    numbers = numerics(device, deterministic=state.deterministic)
    with run.hold(), _recorded(run), seeded(recipe.seed, device), numbers, quiet_torch():
        run.claim()
        module = build_module(spec, state.config).to(device)
        task = make_task(spec, recipe, dataset)
        resident = task.resident(train_split, device)
        test = task.resident(dataset.splits["test"], device)
        figures: dict[str, float] = {}
        if isinstance(task, SolvedTask):
            figures = _solve(run, task, module, resident, progress)
        else:
            name, split = held_out
            evaluated = test if name == "test" else task.resident(split, device)
            fit = Fit(
                run,
                module,
                task,
                recipe,
                resident,
                (name, evaluated),
                device,
                state.precision,
                state.compiled,
                state.checkpoint_every,
                progress,
            )
            fit()
            if recipe.keep == "best":
                best, _, _ = load_tensors(run.path / "checkpoints" / "best.safetensors")
                module.load_state_dict(best)
        metrics = {**task.evaluate(module, test), **figures}
        digest = save_tensors(run.weights, module.state_dict(), {"id": state.id, "base": state.base, "metrics": metrics})
        run.update(status="finished", metrics=metrics, weights=digest)
    for old in run.checkpoints()[1:]:
        old.unlink(missing_ok=True)
    return run


def _solve(run: Run, task: SolvedTask, module: nn.Module, split: Any, progress: Progress) -> dict[str, float]:
    """A solved task has no steps to resume from: it is fast, or it starts anew."""
    start = time.perf_counter()
    figures = task.solve(module, split, progress)
    iterations = int(figures.get("iterations", 1))
    run.update(seconds=round(time.perf_counter() - start, 3), step=iterations, total=iterations)
    return figures


@contextmanager
def _recorded(run: Run) -> Iterator[None]:
    """How a run ends is written into its state, whatever ends it."""
    try:
        yield
    except KeyboardInterrupt:
        run.update(status="interrupted")
        raise
    except BaseException as error:
        # No space left is one of the ways to end: then the state stays "running", and the process is gone.
        with suppress(OSError):
            run.update(status="failed", error=f"{type(error).__name__}: {error}")
        raise


@contextmanager
def quiet_torch() -> Iterator[None]:
    """torch warns of its own plans while it compiles; a user can do nothing about them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"torch\..*")
        yield


def build_module(spec: ModelSpec, config: dict[str, Any]) -> nn.Module:
    """The untrained module of `spec`, on the CPU, for a config as `run.json` holds it.

    Raises:
        PluginError: `build` leads nowhere.
    """
    typed = msgspec.convert(config, type(spec.config))
    module: nn.Module = resolve(spec.build, owner=spec.id)(typed)
    return module


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


def check_solver(spec: ModelSpec, recipe: Recipe, options: Options) -> bool:
    """Whether the model is solved rather than stepped.

    Raises:
        UsageError: the optimiser is of the other kind, or an option has no meaning for a solver.
    """
    kind = resolve(spec.task, owner=spec.id)
    solved = isinstance(kind, type) and issubclass(kind, SolvedTask)
    if solved != isinstance(recipe.optimiser, LBFGS):
        how = "solved as a whole, by lbfgs" if solved else "trained in steps, which lbfgs does not make"
        raise UsageError(f"{spec.id} is {how}.", hint=f"zoo show {spec.id}")
    if solved and (options.compiled or options.precision or options.checkpoint_every):
        raise UsageError(f"{spec.id} is solved in float64; --precision, --compile and --checkpoint-every have no meaning for it.")
    return solved


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
    if not TAG.match(name):
        raise UsageError(f"--name takes lower-case letters, digits and hyphens, not {name!r}.")
    trained = f"{spec.architecture}.{name}"
    if trained in registry.models:
        raise UsageError(f"{trained} is a model of the zoo already; choose another --name.")
    return trained


def _hold_out(dataset: Dataset, recipe: Recipe) -> tuple[dict[str, np.ndarray], tuple[str, dict[str, np.ndarray]]]:
    """The training split without what the recipe holds out for validation, and the split that is evaluated after each epoch.

    Without validation that is the test split, for the curve alone: nothing is chosen by it.
    """
    train = dict(dataset.splits["train"])
    if not recipe.validation:
        return train, ("test", dict(dataset.splits["test"]))
    left = length(train) - recipe.validation
    if left < 1:
        raise UsageError(f"validation={recipe.validation:,} leaves nothing of {length(train):,} training examples.")
    held = {name: array[left:] for name, array in train.items()}
    return {name: array[:left] for name, array in train.items()}, ("validation", held)
