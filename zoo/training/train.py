"""From a spec to a finished run."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from zoo.data.dataset import Dataset, length
from zoo.data.load import load_dataset
from zoo.errors import DataError, DeviceError, UsageError, typed
from zoo.ledger.sources import source_hash
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.spec import LBFGS, ModelSpec, Recipe, replaced, to_plain
from zoo.training.build import build_module, fitted_config, kind_of, make_task, spec_of, with_config
from zoo.training.checkpoint import load_tensors, save_tensors
from zoo.training.device import enough_memory, numerics, pick_device, pick_precision
from zoo.training.distributed import Group, group, resume_command
from zoo.training.environment import environment
from zoo.training.fit import Fit
from zoo.training.memory import kept_memory
from zoo.training.options import Options, check_solver, named_id
from zoo.training.overrides import configured, of_config, override
from zoo.training.parent import adopt, parent_of, record_of
from zoo.training.run import Run, RunData, RunState, now
from zoo.training.seed import seeded
from zoo.training.task import SolvedTask

if TYPE_CHECKING:
    from torch import Tensor, nn

    from zoo.training.task import Resident


def train(spec: ModelSpec, options: Options, registry: Registry, progress: Progress) -> Run:
    """Train `spec` in a new run; as one of several processes, together with the others.

    Raises:
        UsageError: an option does not fit the model, or the weights of `init_from` do not.
        DeviceError, DataError, NonFiniteError: what they say.
        TrainingError: another of several processes ended.
        KeyboardInterrupt: stopped; the run can be resumed.
    """
    if spec.recipe is None:
        raise UsageError(f"{spec.id} has nothing to learn: its weights are given.", hint=f"zoo export {spec.id}")
    changes = dict(options.changes)
    if options.precision:
        changes["precision"] = options.precision
    shape, changes = of_config(changes)
    recipe = override(spec.recipe, changes)
    trained_id = named_id(spec, options.data, options.name, registry)
    asked = pick_device(options.device)
    network = configured(spec.config, shape)
    parent = parent_of(spec, recipe, options, registry, lambda other, own: train(other, own, registry, progress))
    with group(asked) as together, together.together():
        progress = progress if together.leads else Progress()
        device = together.device(asked)
        if options.captured and (device.type != "cuda" or options.compiled or together.size > 1):
            raise UsageError("--cuda-graphs is for one process on a CUDA device, without --compile.")
        solved = check_solver(replaced(spec, config=network), recipe, options, together.size)
        recipe = kind_of(spec).settle(spec, recipe, device, progress, changes)
        data_spec = registry.dataset(spec.dataset)
        dataset = together.in_turn(
            lambda: load_dataset(data_spec, own=options.data, name=options.name, progress=progress, columns=options.columns)
        )
        config = fitted_config(spec, network, dataset)
        spec, _ = with_config(spec, config)  # refuses what cannot be exported, before a run is made
        hold_out(dataset, recipe)  # refuses what leaves nothing, before a run is made
        state = RunState(
            id=trained_id,
            base=spec.id,
            owner=registry.models[spec.id].owner.distribution,
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
                columns=options.columns,
            ),
            device=str(asked),
            precision="fp32" if solved else pick_precision(recipe.precision, device),
            deterministic=options.deterministic,
            compiled=options.compiled,
            captured=options.captured,
            checkpoint_every=options.checkpoint_every,
            processes=together.size,
            parent=record_of(parent) if parent else None,
            source=source_hash(spec),
        )
        made = Run.create(options.output, state, recipe, environment(device)).path if together.leads else None
        run = Run.open(together.told(made))
        several = f", {together.size} processes" if together.size > 1 else ""
        progress.note(f"{spec.id} on {dataset.origin}: {run.path}, {device}, {state.precision}{several}")
        return _train(run, spec, recipe, dataset, device, progress, together, registry)


def data_of(run: Run, registry: Registry, progress: Progress) -> Dataset:
    """The data that a run was trained on, read anew.

    Raises:
        DataError: they are no longer the same, or cannot be had.
    """
    data, spec = run.state.data, registry.model(run.state.base)
    own = Path(data.own) if data.own else None
    dataset = load_dataset(
        registry.dataset(spec.dataset), own=own, name=data.id if own else None, progress=progress, columns=data.columns
    )
    if dataset.sha256 != data.sha256:
        raise DataError(
            f"The data of {run.path} have changed: their hash was {data.sha256[:12]} and is {dataset.sha256[:12]}; "
            "a run is continued and certified only on the data it began with."
        )
    return dataset


def resume(run: Run, registry: Registry, progress: Progress) -> Run:
    """Continue an unfinished run from its newest checkpoint, bit for bit on the same machine (on a GPU, if it is deterministic).

    Raises:
        UsageError: the run is finished, or is running now.
        DeviceError: what it was begun on is not here.
        DataError: its data are no longer the same.
    """
    state = run.state
    if state.status == "finished":
        raise UsageError(
            f"The run {run.path} is finished; there is nothing to resume.", hint=typed("zoo", "export", "--run", run.path)
        )
    spec = spec_of(run, registry)
    try:
        asked = pick_device(state.device)
    except DeviceError as error:
        said = f"The run {run.path} was begun on {state.device} and goes on only there; here it can be trained anew."
        raise DeviceError(said, hint=typed("zoo", "train", state.base)) from error
    with group(asked) as together, together.together():
        if together.size != state.processes:
            raise UsageError(
                f"The run {run.path} is of {state.processes} processes, not {together.size}: each has random numbers of its own.",
                hint=resume_command(run.path, state.processes),
            )
        progress = progress if together.leads else Progress()
        dataset = together.in_turn(lambda: data_of(run, registry, progress))
        device = together.device(asked)
        if kind_of(spec).settle(spec, run.recipe, device, progress, Recipe.__struct_fields__) != run.recipe:
            said = f"The run {run.path} was begun by an older version, which did not record how {state.base} is learned."
            raise UsageError(f"{said} It can only be trained anew.", hint=typed("zoo", "train", state.base))
        progress.note(f"resuming {run.path} at step {state.step:,} of {state.total:,}, {device}, {state.precision}")
        return _train(run, spec, run.recipe, dataset, device, progress, together, registry)


def _train(
    run: Run,
    spec: ModelSpec,
    recipe: Recipe,
    dataset: Dataset,
    device: torch.device,
    progress: Progress,
    together: Group,
    registry: Registry,
) -> Run:
    """Build, fit or solve, evaluate, keep; the run's state says how it ended."""
    state = run.state
    train_split, (held_out, split) = hold_out(dataset, recipe)
    splits = {"train": train_split, held_out: split, "test": dataset.splits["test"]}
    resident: dict[str, Resident] = {}
    batch = 0 if isinstance(recipe.optimiser, LBFGS) else min(recipe.batch_size or length(train_split), length(train_split))
    numbers, room = numerics(device, deterministic=state.deterministic), enough_memory(device, resident, batch)
    owned, peers = _owned(run, together), together.together(run.path)
    with owned, peers, seeded(recipe.seed, device), numbers, quiet_torch(), kept_memory(), room:
        module = build_module(spec, state.config).to(device)
        if state.parent and not run.checkpoints():
            adopt(module, spec, state.parent, registry)
        together.apart(recipe.seed)
        task = make_task(spec, recipe, dataset)
        task.prepare(module)
        task.check_module(module)
        resident |= {name: task.resident(split, device) for name, split in splits.items()}
        figures: dict[str, float] = {}
        if isinstance(task, SolvedTask):
            figures = _solve(run, task, module, resident["train"], progress)
        else:
            Fit(
                run=run,
                module=module,
                task=task,
                recipe=recipe,
                train=resident["train"],
                held_out=(held_out, resident[held_out]),
                device=device,
                precision=state.precision,
                compiled=state.compiled,
                captured=state.captured,
                checkpoint_every=state.checkpoint_every,
                progress=progress,
                group=together,
            )()
            if recipe.keep == "best":
                module.load_state_dict(_best(run))
        if together.leads:
            metrics = {**task.evaluate(module, resident["test"]), **figures}
            digest = save_tensors(run.weights, module.state_dict(), {"id": state.id, "base": state.base, "metrics": metrics})
            run.update(status="finished", metrics=metrics, weights=digest)
            for old in run.checkpoints()[1:]:
                old.unlink(missing_ok=True)
        together.told(None)  # nobody leaves before all is written
    return run if together.leads else Run.open(run.path)


def _best(run: Run) -> dict[str, Tensor]:
    """The weights of the epoch that was best.

    Raises:
        IntegrityError: they are damaged.
        IncompleteError: they are not there, as in a run that is resumed without them.
    """
    file = run.path / "checkpoints" / "best.safetensors"
    try:
        return load_tensors(file)[0]
    except FileNotFoundError:
        raise run.lacks(file, "the weights of its best epoch so far") from None


@contextmanager
def _owned(run: Run, together: Group) -> Iterator[None]:
    """The run is this process's own, and how it ends is written down; of several processes, the leader's."""
    if not together.leads:
        yield
        return
    with run.hold(), _recorded(run):
        run.claim()
        yield


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
    except BaseException as error:
        how = ("interrupted", None) if isinstance(error, KeyboardInterrupt) else ("failed", f"{type(error).__name__}: {error}")
        # No space left is one of the ways to end: then the state stays "running", and the process is gone.
        with suppress(OSError):
            run.update(status=how[0], error=how[1])
        raise


@contextmanager
def quiet_torch() -> Iterator[None]:
    """torch warns of its own plans while it compiles; a user can do nothing about them."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"torch\..*")
        yield


def hold_out(dataset: Dataset, recipe: Recipe) -> tuple[dict[str, np.ndarray], tuple[str, dict[str, np.ndarray]]]:
    """What is trained on, and what is evaluated after each epoch.

    Args:
        dataset: with the splits `train` and `test`; arrays in their raw dtypes, [examples, …].
        recipe: of which `validation` counts.

    Returns:
        The training split without its last `recipe.validation` examples; and `"validation"` with these, or, where the recipe holds
        none out, with the data's own split of that name, or, where there is none, `"test"` with the test split, for the curve
        alone: nothing is chosen by it. The arrays keep names and dtypes; those that are cut are views,
        [examples − validation, …] and [validation, …].

    Raises:
        UsageError: validation leaves no training example, or there is none to choose the best epoch by.
    """
    train = dict(dataset.splits["train"])
    if not recipe.validation:
        name = "validation" if "validation" in dataset.splits else "test"
        if recipe.keep == "best" and name == "test":
            raise UsageError('keep = "best" needs validation examples to choose by; give --set validation=N.')
        return train, (name, dict(dataset.splits[name]))
    left = length(train) - recipe.validation
    if left < 1:
        raise UsageError(f"validation={recipe.validation:,} leaves nothing of {length(train):,} training examples.")
    held = {name: array[left:] for name, array in train.items()}
    return {name: array[:left] for name, array in train.items()}, ("validation", held)
