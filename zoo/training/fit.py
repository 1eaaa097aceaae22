"""The only training loop: every stepped model of the zoo goes through it."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import torch
from torch import nn

from zoo.data.dataset import length
from zoo.errors import IntegrityError, NonFiniteError
from zoo.progress import Advance, Progress
from zoo.spec import Recipe
from zoo.training.captured import Captured
from zoo.training.checkpoint import all_finite, optimiser_tensors, restore, save_tensors
from zoo.training.distributed import ALONE, Group, resume_command
from zoo.training.interrupt import Interruptible
from zoo.training.log import StepLog
from zoo.training.optimisers import learning_rate, make_optimiser
from zoo.training.run import Run
from zoo.training.seed import generator_state, generators
from zoo.training.task import SteppingTask, Task

if TYPE_CHECKING:
    from torch import Tensor

    from zoo.training.task import Resident

CHECKPOINT_SECONDS = 1.0
"""At least this long lies between two checkpoints at epoch ends: saving must not cost more than it can save."""
LONG_EPOCH_SECONDS = 30.0
"""After this long, a checkpoint is written in the middle of an epoch too."""
KEPT_CHECKPOINTS = 2
TOLD_EPOCHS = 40
"""Lines about epochs that a run prints, spread over it; all of them are written to `metrics.jsonl`."""
SILENT_SECONDS = 10.0
"""After this long, the next epoch is told of in any case."""


class Batch(NamedTuple):
    """What one process computes of a batch.

    Args:
        arrays: on the device, each with the process's share of the batch first.
        examples: of the whole batch.
        weight: of this process's part in the mean over processes.
    """

    arrays: Resident
    examples: int
    weight: float = 1.0


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
        captured: whether the passes are captured as CUDA graphs.
        checkpoint_every: steps between checkpoints; `None` lets time decide.
        progress: who is told.
        group: the processes that train it together.
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
    captured: bool = False
    checkpoint_every: int | None = None
    progress: Progress = field(default_factory=Progress)
    group: Group = ALONE
    step: int = field(default=0, init=False)
    seconds: float = field(default=0.0, init=False)
    best: float | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.examples = length(self.train)  # type: ignore[arg-type]
        self.batch = min(self.recipe.batch_size or self.examples, self.examples)
        self.epoch_steps = -(-self.examples // self.batch)
        self.total = self.recipe.steps or (self.recipe.epochs or 0) * self.epoch_steps
        self.optimiser = make_optimiser(self.recipe.optimiser, self.module)
        self.weights = list(self.module.parameters())
        # Both share their weights with the module they are made of.
        self.stepped = self.group.wrapped(self.module, self.device)
        if self.compiled:
            self.stepped = torch.compile(self.stepped)  # type: ignore[assignment]
        if self.captured:
            self.stepped = Captured(self.stepped, self.batch)
        self.saved = self.told = 0.0

    def __call__(self) -> None:
        """Train to the end, from the run's newest checkpoint where it has one.

        Raises:
            NonFiniteError: a loss or weight is no longer finite; the message names the step and the last good checkpoint.
            KeyboardInterrupt: asked to stop; a checkpoint of the last step was written.
            IncompleteError: the run has made steps, and has no checkpoint.
        """
        if checkpoints := self.run.checkpoints():
            self.restore(checkpoints)
        elif done := self.run.state.step:
            raise self.run.lacks(self.run.checkpoint(done), f"its weights after step {done:,}")
        else:
            self.save()
        log = StepLog(self.run.metrics_file if self.group.leads else None, self.device, self.step, self.group.mean)
        try:
            with (
                Interruptible() as interrupt,
                self.group.together(self.run.path),
                self.progress.bar(self.run.name, self.total, unit="steps", done=self.step) as advance,
            ):
                while self.step < self.total:
                    self.one_epoch(log, interrupt, advance)
        except NonFiniteError as error:
            last = self.run.checkpoints()[0]
            said = (str(error), self.task.diagnosis(), f"The last good checkpoint is {last}.")
            raise NonFiniteError(" ".join(filter(None, said))) from error
        finally:
            log.close()

    def one_epoch(self, log: StepLog, interrupt: Interruptible, advance: Advance) -> None:
        """From where the epoch stands to its end, or to the end of the run."""
        epoch, done = divmod(self.step, self.epoch_steps)
        plain = self.batch == self.examples and not self.task.drawn
        order = None if plain else self.task.order(self.train, self.batch, self.recipe.seed, epoch)
        self.module.train()
        began, before = time.perf_counter(), self.seconds
        end = min(self.epoch_steps, self.total - epoch * self.epoch_steps)
        for index in range(done, end):
            self.one_step(self.batch_of(order, index), log, epoch + 1)
            advance(1)
            if log.full:
                log.drain()
            # The last step's checkpoint is written after the epoch's evaluation, so that resuming never skips one.
            if index + 1 == end:
                break
            asked, due = self.group.any(interrupt.asked, self.checkpoint_due())
            if asked or due:
                log.drain()
                self.seconds = before + time.perf_counter() - began
                self.save()
                if asked:
                    self.stop()
                began, before = time.perf_counter(), self.seconds  # saving is not training
        log.drain()  # waits for the device: the time of the last steps belongs to training
        self.seconds = before + time.perf_counter() - began
        self.end_epoch(epoch + 1, log, interrupt)

    def batch_of(self, order: Tensor | None, index: int) -> Batch:
        """A batch of the epoch; without an order, it is all examples."""
        if order is None:
            if self.group.size == 1:
                return Batch(self.task.whole(self.train), self.examples)
            order = torch.arange(self.examples, device=self.device)
        chosen = order[index * self.batch : (index + 1) * self.batch]  # [batch]
        part, weight = self.group.share(chosen)
        return Batch(self.task.batch(self.train, part, chosen), len(chosen), weight)

    def one_step(self, batch: Batch, log: StepLog, epoch: int) -> None:
        """Forward, backward, update."""
        rate = learning_rate(self.recipe.schedule, self.recipe.optimiser.lr, self.step, self.total)  # type: ignore[union-attr]
        if isinstance(self.task, SteppingTask):
            loss, metrics = self.task.step(self.module, batch.arrays, rate)
            self.step += 1
            log.record(self.step, epoch, batch.examples, loss, metrics)
            return
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        with self.autocast():
            loss, metrics = self.task.loss(self.stepped, batch.arrays)
        if self.group.size > 1:
            loss, metrics = self.group.weighed(loss, metrics, batch.weight, summed=self.task.summed)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.recipe.clip:
            nn.utils.clip_grad_norm_(self.weights, self.recipe.clip)
        self.optimiser.step()
        for weight in self.weights:
            weight.grad = None
        self.step += 1
        log.record(self.step, epoch, batch.examples, loss, metrics)

    def autocast(self) -> contextlib.AbstractContextManager[object]:
        """bfloat16 where the recipe has it; weights and the optimiser stay float32."""
        if self.precision == "bf16":
            # Graphs must not meet weights that were cast outside of them.
            return torch.autocast(self.device.type, dtype=torch.bfloat16, cache_enabled=not self.captured)
        return contextlib.nullcontext()

    def end_epoch(self, epoch: int, log: StepLog, interrupt: Interruptible) -> None:
        """Evaluate, keep the best, write a checkpoint; where that was asked, stop then."""
        name, split = self.held_out
        # The others wait for the leader's word, and so for its evaluation.
        evaluated = self.group.told(self.task.evaluate(self.module, split) if self.group.leads else None)
        line = log.end_epoch(self.step, epoch, self.seconds, {f"{name}_{key}": value for key, value in evaluated.items()})
        if self.telling(epoch):
            figures = ", ".join(f"{key.replace('_', ' ')} {value:.4f}" for key, value in line.items() if "_" in key)
            self.progress.note(f"{self.run.name} epoch {epoch}: {figures}; {self.seconds:.1f} s")
        if self.recipe.keep == "best" and self.task.better(evaluated[self.task.metric], self.best):
            self.best = evaluated[self.task.metric]
            self.guard()
            if self.group.leads:
                best = self.run.path / "checkpoints" / "best.safetensors"
                save_tensors(best, self.module.state_dict(), {"step": self.step})
        waited = time.monotonic() - self.saved
        due = self.step == self.total or self.checkpoint_due() or (not self.checkpoint_every and waited >= CHECKPOINT_SECONDS)
        stop, due = self.group.any(interrupt.asked, due)
        if stop or due:
            self.save()
        if stop and self.step < self.total:
            self.stop()

    def telling(self, epoch: int) -> bool:
        """Whether a line is printed of this epoch: of each, or of hundreds of short ones (a full batch is one step) of some only,
        the first and the last among them."""
        epochs = -(-self.total // self.epoch_steps)
        every = -(-epochs // TOLD_EPOCHS)
        now = time.monotonic()
        if epoch % every and epoch not in (1, epochs) and now - self.told < SILENT_SECONDS:
            return False
        self.told = now
        return True

    def stop(self) -> NoReturn:
        """End as the person asked, and say how to go on."""
        go_on = resume_command(self.run.path, self.group.size, self.group.beside)
        self.progress.note(f"stopped at step {self.step:,} of {self.total:,}; go on with: {go_on}")
        raise KeyboardInterrupt

    def checkpoint_due(self) -> bool:
        """Whether a checkpoint is due in the middle of an epoch."""
        if self.checkpoint_every is not None:
            return self.step % self.checkpoint_every == 0
        return time.monotonic() - self.saved >= LONG_EPOCH_SECONDS

    def guard(self) -> None:
        """Refuse to save weights that are not finite."""
        # The leader's word, whose weights are saved: all stop, or none.
        if name := self.group.told(all_finite(self.module.state_dict()) if self.group.leads else None):
            raise NonFiniteError(f"The weight {name} is no longer finite after step {self.step}.")

    def save(self) -> None:
        """Write a checkpoint: weights, optimiser, generators, place. Earlier ones but one are removed after it is whole."""
        self.guard()
        tensors = {f"module.{name}": tensor for name, tensor in self.module.state_dict().items()}
        tensors |= optimiser_tensors(self.optimiser)
        for rank, states in enumerate(self.group.gathered(generator_state(self.device))):
            tensors |= {f"{generators(rank)}{name}": state for name, state in states.items()}
        self.saved = time.monotonic()
        if not self.group.leads:
            return
        facts = {"step": self.step, "seconds": self.seconds, "best": self.best}
        save_tensors(self.run.checkpoint(self.step), tensors, facts)
        self.run.update(step=self.step, total=self.total, seconds=round(self.seconds, 3))
        for old in self.run.checkpoints()[KEPT_CHECKPOINTS:]:
            old.unlink(missing_ok=True)

    def restore(self, checkpoints: list[Path]) -> None:
        """Go back to the newest checkpoint; where that one is damaged, to the one before it.

        Raises:
            IntegrityError: all are damaged.
        """
        damaged: list[Path] = []
        for path in checkpoints:
            try:
                place = restore(path, self.module, self.optimiser, self.device, generators(self.group.rank))
                break
            except IntegrityError as error:
                if path == checkpoints[-1]:
                    raise
                self.progress.note(f"warning: {error} The one before it is taken.")
                damaged.append(path)
        self.group.told(None)  # nobody looks any more
        if self.group.leads:
            for path in damaged:
                path.unlink(missing_ok=True)
        self.step, self.seconds, self.best = place.step, place.seconds, place.best
        self.saved = time.monotonic()
