"""Whether it learns, and whether a run can be stopped, stored and repeated."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import torch

from zoo import api
from zoo.data.dataset import length
from zoo.progress import Advance, Progress
from zoo.spec import ModelSpec
from zoo.testing.check import Declared, Failed, Need
from zoo.testing.data import BATCH, cut
from zoo.testing.subject import answers, has_task, made_up
from zoo.training.checkpoint import hash_tensors, load_weights, save_tensors
from zoo.training.optimisers import make_optimiser
from zoo.training.run import list_runs
from zoo.training.task import SolvedTask, SteppingTask

if TYPE_CHECKING:
    from torch import nn

    from zoo.testing.subject import Subject
    from zoo.training.run import Run
    from zoo.training.task import Task

STEPS, PATIENCE = 30, 300
"""In which one batch is to be learned a little, and where it was not: word vectors begin where gradients are almost zero."""
FALL = 0.01
"""Share of its loss that these must take off at least: a learning rate of a careful recipe is small at first."""
WHOLE = 0.95
"""The same of a model that is solved as a whole."""
EPOCH, RESUMED, STOPPED = 3, 5, 2
"""Steps of an epoch and of the runs that are compared, and after which the second is stopped: within an epoch."""


def gradients(subject: Subject) -> None:
    """A finite gradient reaches every parameter that is learned."""
    task, module = subject.task, subject.module()
    batch = subject.batch(task)
    left = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
    if not left:
        raise Failed("a model with a recipe should have parameters that are learned, and has none", where=subject.spec.build)
    for _ in range(2):  # a last layer that starts at zero hands no gradient on before it has made a step
        reached = _stepped(task, module, batch) if isinstance(task, SteppingTask) else _stepped_down(task, module, batch)
        for name, moved in reached.items():
            if not moved.isfinite().all():
                raise Failed(f"the gradient of {name} should be finite, and is not", where=subject.spec.build)
            if moved.abs().sum() > 0:
                left.discard(name)
    if left:
        raise Failed(
            f"a gradient should reach every parameter, and reaches none of {', '.join(sorted(left))}: it is not used, or cut off "
            "by detach; where it is not to be learned, requires_grad = False says so",
            where=subject.spec.build,
        )


def _stepped_down(task: Task, module: nn.Module, batch: object) -> dict[str, torch.Tensor]:
    """The gradients, after a small step along them."""
    module.zero_grad()
    loss, _ = task.loss(module, batch)  # type: ignore[arg-type]
    loss.backward()  # type: ignore[no-untyped-call]
    found = {}
    for name, parameter in module.named_parameters():
        if parameter.requires_grad and parameter.grad is not None:
            found[name] = parameter.grad
            parameter.data -= 0.01 * parameter.grad
    return found


def _stepped(task: SteppingTask, module: nn.Module, batch: object) -> dict[str, torch.Tensor]:
    """By how much a step of the task's own has moved each parameter."""
    before = {name: parameter.detach().clone() for name, parameter in module.named_parameters()}
    task.step(module, batch, 0.1)  # type: ignore[arg-type]
    return {name: parameter.detach() - before[name] for name, parameter in module.named_parameters()}


def learns_a_batch(subject: Subject) -> None:
    """A few steps of the recipe on one batch bring its loss down."""
    spec = subject.declared
    assert spec.recipe is not None
    _ = subject.loaded  # a skip where it cannot be had
    same = cut(subject.full, spec, {"train": BATCH, "validation": BATCH, "test": BATCH})
    free = {"validation": 0, "keep": "last"} if spec.recipe.validation else {}
    solved = has_task(spec, SolvedTask)
    for steps in (STEPS,) if solved else (STEPS, PATIENCE):
        run = subject.train(steps, free, registry=same)
        losses = _before_and_after(subject, run) if solved else [epoch["train_loss"] for epoch in run.epochs()]
        fall = WHOLE if solved else FALL
        first, best = losses[0], min(losses[1:])
        if first - best > fall * abs(first):
            return
    raise Failed(
        f"{steps} steps on the same {BATCH} examples should take at least {fall:.0%} off the loss; it was {first:.4g}, and is "
        f"{best:.4g} at best: look at the learning rate, the schedule, and what the loss is of",
        where="spec.recipe",
    )


def _before_and_after(subject: Subject, run: Run) -> list[float]:
    """The loss of the batch, by an untrained module and by that of a run."""
    task = subject.task
    batch = subject.batch(task)
    solved = api.load(subject.declared.id, run=run.path, registry=subject.registry)
    with torch.no_grad():
        return [float(task.loss(module, batch)[0]) for module in (subject.module().eval(), solved)]


def metrics(subject: Subject) -> None:
    """What references and the recipe name is among the metrics that the task gives."""
    spec, task, run = subject.spec, subject.task, subject.run
    if run:
        found = run.state.metrics
    else:
        test = task.resident(subject.dataset.splits["test"], torch.device("cpu"))
        found = task.evaluate(subject.module().eval(), test)
    wanted = {f"spec.references[{place}].metric": reference.metric for place, reference in enumerate(spec.references)}
    for where, name in {"task": task.metric, **wanted}.items():
        if name not in found:
            raise Failed(
                f"{name!r} should be a metric of {spec.task}, and that gives {', '.join(found) or 'none'}",
                where=spec.task if where == "task" else where,
            )
    if strange := [name for name, value in found.items() if not isinstance(value, float) or math.isnan(value)]:
        raise Failed(f"{strange[0]} should be a number, and is {found[strange[0]]!r}", where=spec.task)


def state(subject: Subject) -> None:
    """Weights that are stored and read into a new module give the same answers and the same hash."""
    module, fresh = subject.module(seed=0), subject.module(seed=1)
    _train_a_little(subject, module)
    path = subject.folder / "state.safetensors"
    digest = save_tensors(path, module.state_dict(), {})
    load_weights(path, fresh)
    if hash_tensors(fresh.state_dict()) != digest:
        raise Failed("weights that are stored and read should have the same hash, and have another", where=subject.spec.build)
    variant = next(iter(subject.spec.exports))
    inputs = made_up(subject.spec.export(variant).inputs, 5)
    graphs = [subject.graph(one, variant) for one in (module, fresh)]
    ours, theirs = (answers(graph, inputs) for graph in graphs)
    for name in graphs[0].outputs:
        if not np.array_equal(ours[name], theirs[name], equal_nan=ours[name].dtype.kind == "f"):
            raise Failed(
                f"{name} should be the same after the weights were stored and read, and is not: something that is learned is "
                "neither a parameter nor a buffer",
                where=subject.spec.build,
            )


def _train_a_little(subject: Subject, module: nn.Module) -> None:
    """Three steps on one batch, where there is something to learn by steps."""
    task, recipe = subject.task, subject.spec.recipe
    if recipe is None or isinstance(task, SolvedTask):
        return
    optimiser = make_optimiser(recipe.optimiser, module)
    batch = subject.batch(task)
    for _ in range(3):
        if isinstance(task, SteppingTask):
            task.step(module, batch, 0.01)
            continue
        optimiser.zero_grad()
        task.loss(module, batch)[0].backward()  # type: ignore[no-untyped-call]
        optimiser.step()


class _Stopping(Progress):
    """Interrupts a training after some steps, as Ctrl-C pressed twice does."""

    @contextlib.contextmanager
    def bar(self, label: str, total: float | None, *, unit: str = "", done: float = 0) -> Iterator[Advance]:
        del label, total, unit

        def advance(amount: float = 1, *, detail: str = "") -> None:
            nonlocal done
            del detail
            done += amount
            if done > STOPPED:  # the checkpoint of the step before is written
                raise KeyboardInterrupt

        yield advance


def resumes(subject: Subject) -> None:
    """A run that is stopped and resumed ends with the weights of one that was not."""
    assert subject.declared.recipe is not None
    _ = subject.loaded
    size = {}
    if subject.declared.recipe.batch_size and not subject.task.drawn:
        held_out = BATCH if subject.declared.recipe.validation else 0
        size["batch_size"] = -(-(length(subject.dataset.splits["train"]) - held_out) // EPOCH)
    whole = subject.train(RESUMED, size)
    with contextlib.suppress(KeyboardInterrupt):
        subject.train(RESUMED, size, checkpoint_every=1, progress=_Stopping())
    (stopped,) = (run for run in list_runs(subject.runs) if run.state.status == "interrupted")
    with subject.elsewhere():
        resumed = api.resume(stopped.path, registry=subject.registry)
    if resumed.state.weights != whole.state.weights:
        raise Failed(
            f"a run of {RESUMED} steps that is stopped after {STOPPED} and resumed should end with the same weights, bit for bit, "
            "and ends with others: something is drawn by another generator than torch's own, or remembered outside of the module",
            where=subject.spec.task,
        )


def _nothing(spec: ModelSpec) -> str:
    return "" if spec.recipe else "nothing is learned"


def _no_steps(spec: ModelSpec) -> str:
    return "it is solved as a whole, without steps to resume from" if has_task(spec, SolvedTask) else _nothing(spec)


TRAINS: frozenset[Need] = frozenset({"training"})
CHECKS = (
    Declared(
        "gradients",
        "A part of the network never learns, or everything becomes NaN, and nothing says so.",
        gradients,
        unless=_nothing,
    ),
    Declared(
        "learns-a-batch",
        "Whoever trains it waits for hours for a model that learns nothing.",
        learns_a_batch,
        unless=_nothing,
        needs=TRAINS,
    ),
    Declared("metrics", "`zoo reproduce` and the card have nothing to hold the published figure against.", metrics, needs=TRAINS),
    Declared("state", "The model that is loaded answers otherwise than the one that was trained.", state),
    Declared(
        "resume", "A run that is interrupted ends with another model than one that is not.", resumes, unless=_no_steps, needs=TRAINS
    ),
)
