"""The only training loop: every stepped model of the zoo goes through it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import torch
from torch import nn

from zoo.data.dataset import length
from zoo.errors import IntegrityError, NonFiniteError
from zoo.progress import Advance, Progress
from zoo.spec import Recipe
from zoo.training.checkpoint import all_finite, flatten_state, load_tensors, save_tensors, unflatten_state
from zoo.training.interrupt import Interruptible
from zoo.training.log import StepLog
from zoo.training.optimisers import learning_rate, make_optimiser
from zoo.training.run import Run
from zoo.training.seed import epoch_order, generator_state, restore_generators
from zoo.training.task import Task

if TYPE_CHECKING:
    from torch import Tensor

    from zoo.training.task import Resident

CHECKPOINT_SECONDS = 1.0
"""At least this long lies between two checkpoints at epoch ends: saving must not cost more than it can save."""
LONG_EPOCH_SECONDS = 30.0
"""After this long, a checkpoint is written in the middle of an epoch too."""
KEPT_CHECKPOINTS = 2


@dataclass
class Fit:
    """A model being trained.

    Args:
        run: where it is recorded.
        module: on its device; changed in place.
        task: its loss and evaluation.
        recipe: how.
        train: the training split, on the device.
        held_out: name and split that is evaluated after each epoch.
        device: where it computes.
        precision: `"fp32"` or `"bf16"`.
        compiled: whether the step goes through `torch.compile`.
        checkpoint_every: steps between checkpoints; `None` lets time decide.
        progress: who is told.
    """

    run: Run
    module: nn.Module
    task: Task
    recipe: Recipe
    train: Resident
    held_out: tuple[str, Resident]
    device: torch.device
    precision: str = "fp32"
    compiled: bool = False
    checkpoint_every: int | None = None
    progress: Progress = field(default_factory=Progress)
    step: int = field(default=0, init=False)
    seconds: float = field(default=0.0, init=False)
    best: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.examples = length(self.train)  # type: ignore[arg-type]
        self.batch = min(self.recipe.batch_size or self.examples, self.examples)
        self.epoch_steps = -(-self.examples // self.batch)
        self.total = self.recipe.steps or (self.recipe.epochs or 0) * self.epoch_steps
        self.optimiser = make_optimiser(self.recipe.optimiser, self.module)
        # A compiled module shares its weights with the one it was made of.
        self.stepped: nn.Module = torch.compile(self.module) if self.compiled else self.module  # type: ignore[assignment]
        self.saved = 0.0

    def __call__(self) -> None:
        """Train to the end, from the run's newest checkpoint where it has one.

        Raises:
            NonFiniteError: a loss or weight is no longer finite; the message names the step and the last good checkpoint.
            KeyboardInterrupt: asked to stop; a checkpoint of the last step was written.
        """
        if checkpoints := self.run.checkpoints():
            self.restore(checkpoints)
        else:
            self.save()
        log = StepLog(self.run.metrics_file, self.device, self.step)
        try:
            with (
                Interruptible() as interrupt,
                self.progress.bar(self.run.name, self.total, unit="steps", done=self.step) as advance,
            ):
                while self.step < self.total:
                    self.one_epoch(log, interrupt, advance)
        except NonFiniteError as error:
            last = self.run.checkpoints()[0]
            raise NonFiniteError(f"{error} The last good checkpoint is {last}.") from error
        finally:
            log.close()

    def one_epoch(self, log: StepLog, interrupt: Interruptible, advance: Advance) -> None:
        """From where the epoch stands to its end, or to the end of the run."""
        epoch, done = divmod(self.step, self.epoch_steps)
        whole = self.batch == self.examples
        order = None if whole else epoch_order(self.examples, self.recipe.seed, epoch, self.device)
        self.module.train()
        began, before = time.perf_counter(), self.seconds
        end = min(self.epoch_steps, self.total - epoch * self.epoch_steps)
        for index in range(done, end):
            if order is None:
                batch: Mapping[str, Tensor] = self.train
            else:
                chosen = order[index * self.batch : (index + 1) * self.batch]  # [batch]
                batch = {name: tensor[chosen] for name, tensor in self.train.items()}
            self.one_step(batch, log, epoch + 1)
            advance(1)
            if log.full:
                log.drain()
            # The last step's checkpoint is written after the epoch's evaluation, so that resuming never skips one.
            if index + 1 < end and (interrupt.asked or self.checkpoint_due()):
                log.drain()
                self.seconds = before + time.perf_counter() - began
                self.save()
                if interrupt.asked:
                    self.stop()
                began, before = time.perf_counter(), self.seconds  # saving is not training
        log.drain()  # waits for the device: the time of the last steps belongs to training
        self.seconds = before + time.perf_counter() - began
        self.end_epoch(epoch + 1, log, stop=interrupt.asked)

    def one_step(self, batch: Resident, log: StepLog, epoch: int) -> None:
        """Forward, backward, update."""
        rate = learning_rate(self.recipe.schedule, self.recipe.optimiser.lr, self.step, self.total)  # type: ignore[union-attr]
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        with self.autocast():
            loss, metrics = self.task.loss(self.stepped, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        self.step += 1
        log.record(self.step, epoch, length(batch), loss, metrics)  # type: ignore[arg-type]

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """bfloat16 where the recipe has it; weights and the optimiser stay float32."""
        if self.precision == "bf16":
            return torch.autocast(self.device.type, dtype=torch.bfloat16)
        return contextlib.nullcontext()

    def end_epoch(self, epoch: int, log: StepLog, *, stop: bool) -> None:
        """Evaluate, keep the best, write a checkpoint; with `stop`, interrupt then."""
        name, split = self.held_out
        evaluated = self.task.evaluate(self.module, split)
        line = log.end_epoch(self.step, epoch, self.seconds, {f"{name}_{key}": value for key, value in evaluated.items()})
        figures = ", ".join(f"{key.replace('_', ' ')} {value:.4f}" for key, value in line.items() if "_" in key)
        self.progress.note(f"{self.run.name} epoch {epoch}: {figures}; {self.seconds:.1f} s")
        if self.recipe.keep == "best" and self.task.better(evaluated[self.task.metric], self.best):
            self.best = evaluated[self.task.metric]
            self.guard()
            save_tensors(self.run.path / "checkpoints" / "best.safetensors", self.module.state_dict(), {"step": self.step})
        waited = time.monotonic() - self.saved
        if stop or self.step == self.total or self.checkpoint_due() or (not self.checkpoint_every and waited >= CHECKPOINT_SECONDS):
            self.save()
        if stop and self.step < self.total:
            self.stop()

    def stop(self) -> NoReturn:
        """End as the person asked, and say how to go on."""
        self.progress.note(f"stopped at step {self.step:,} of {self.total:,}; go on with: zoo train --resume {self.run.path}")
        raise KeyboardInterrupt

    def checkpoint_due(self) -> bool:
        """Whether a checkpoint is due in the middle of an epoch."""
        if self.checkpoint_every is not None:
            return self.step % self.checkpoint_every == 0
        return time.monotonic() - self.saved >= LONG_EPOCH_SECONDS

    def guard(self) -> None:
        """Refuse to save weights that are not finite."""
        if name := all_finite(self.module.state_dict()):
            raise NonFiniteError(f"The weight {name} is no longer finite after step {self.step}.")

    def save(self) -> None:
        """Write a checkpoint: weights, optimiser, generators, place. Earlier ones but one are removed after it is whole."""
        self.guard()
        tensors = {f"module.{name}": tensor for name, tensor in self.module.state_dict().items()}
        held, facts = flatten_state(self.optimiser.state_dict(), "optimiser")
        tensors |= held
        tensors |= {f"generator.{name}": state for name, state in generator_state(self.device).items()}
        facts |= {"step": self.step, "seconds": self.seconds, "best": self.best}
        save_tensors(self.run.path / "checkpoints" / f"step-{self.step:09d}.safetensors", tensors, facts)
        self.saved = time.monotonic()
        self.run.update(step=self.step, total=self.total, seconds=round(self.seconds, 3))
        for old in self.run.checkpoints()[KEPT_CHECKPOINTS:]:
            old.unlink(missing_ok=True)

    def restore(self, checkpoints: list[Path]) -> None:
        """Go back to the newest checkpoint; where that one is damaged, to the one before it.

        Raises:
            IntegrityError: all are damaged.
        """
        for path in checkpoints:
            try:
                tensors, facts, _ = load_tensors(path)
                break
            except IntegrityError as error:
                if path == checkpoints[-1]:
                    raise
                self.progress.note(f"warning: {error} The one before it is taken.")
                path.unlink()
        self.module.load_state_dict(_part(tensors, "module."))
        self.optimiser.load_state_dict(unflatten_state(tensors, facts, "optimiser"))
        # The file holds plain rows; a fused optimiser walks a weight and its state side by side, so both need the same layout.
        for weight, entries in self.optimiser.state.items():
            for key, value in entries.items():
                if isinstance(value, torch.Tensor) and value.shape == weight.shape:
                    entries[key] = torch.empty_like(weight, dtype=value.dtype).copy_(value)
        restore_generators(_part(tensors, "generator."), self.device)
        self.step, self.seconds, self.best = facts["step"], facts["seconds"], facts["best"]
        self.saved = time.monotonic()


def _part(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """The tensors whose names begin with `prefix`, without it."""
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
