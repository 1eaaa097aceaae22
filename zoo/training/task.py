"""What is learned, as the training loop sees it. A plugin may bring its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from zoo.data.dataset import Dataset, Split
from zoo.spec import ModelSpec, Recipe

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor, nn

    from zoo.progress import Progress

    Resident = Mapping[str, Tensor]

EVALUATION_BATCH = 1000
"""Examples at once when a split is evaluated: large enough to fill a device, small enough for its memory."""


class Score(NamedTuple):
    """A figure.

    Args:
        value: of the metric.
        signature: how the tool that computed it says it was done; empty where the metric's name says it.
    """

    value: float
    signature: str = ""


class Task(ABC):
    """The loss, metrics and evaluation of a kind of model.

    Args:
        spec: of the model.
        recipe: how it is trained; `None` where there is nothing to learn.
        dataset: what it is trained on.
    """

    metric: ClassVar[str]
    """The metric that `keep = "best"` looks at."""
    higher_is_better: ClassVar[bool]
    loss_allowed: ClassVar[float] = 0.0
    """By how much `metric` may be worse where weights are stored in fewer bits; `zoo export --precision` refuses more."""

    fixed_shapes: ClassVar[bool] = True
    """Whether all batches but the last have one shape, and a step waits for no number of the device's: it can be captured."""

    drawn: ClassVar[bool] = False
    """Whether `order` draws what an epoch learns from, so that even a batch of all examples is cut from it."""

    def __init__(self, spec: ModelSpec, recipe: Recipe | None, dataset: Dataset) -> None:
        self.spec, self.recipe, self.dataset = spec, recipe, dataset

    @classmethod  # noqa: B027 - most can follow any
    def check(cls, spec: ModelSpec, recipe: Recipe) -> None:
        """Refuse a recipe that cannot be followed, before a run is made.

        Raises:
            UsageError: it cannot.
        """

    @classmethod
    def settle(
        cls,
        spec: ModelSpec,  # noqa: ARG003 - most leave nothing open
        recipe: Recipe,
        device: torch.device,  # noqa: ARG003
        progress: Progress,  # noqa: ARG003
        asked: Collection[str] = (),  # noqa: ARG003
    ) -> Recipe:
        """The recipe with nothing left open: what hangs on the device, or on what is installed, is decided here, and the run
        records it. Called before a run is made, and again, with what was recorded, when it goes on: that must not change any more.

        Args:
            spec: of the model.
            recipe: with what a person changed of it.
            device: that will compute.
            progress: who is told.
            asked: the fields that the person changed.

        Raises:
            UsageError: what it asks for cannot be had here.
        """
        return recipe

    @classmethod
    def unsettled(cls, spec: ModelSpec, recipe: Recipe) -> Recipe:  # noqa: ARG003 - most leave nothing open
        """`spec.recipe` with the seed of `recipe`, where `settle` makes `recipe` of it on some machine; any other as it is."""
        return recipe

    def resident(self, split: Split, device: torch.device) -> Resident:
        """The arrays of a split as tensors on the device, in their raw dtype. They stay there; batches are index operations."""
        import numpy as np
        import torch

        # A read-only array (a memory map, say) is copied: torch can only share memory that may be written.
        return {
            name: torch.from_numpy(array if array.flags.writeable else np.array(array)).to(device) for name, array in split.items()
        }

    def prepare(self, module: nn.Module) -> None:  # noqa: B027 - most have nothing to prepare
        """Called before a run's first step, and when it goes on: what the module must know of the training split, such as its
        vocabulary, is put into its buffers."""

    def check_module(self, module: nn.Module) -> None:  # noqa: B027 - most losses can be had of any
        """Refuse a module that the recipe's loss cannot be had of; called after `prepare`.

        Raises:
            UsageError: it is one.
        """

    def order(self, train: Resident, batch: int, seed: int, epoch: int) -> Tensor:  # noqa: ARG002 - others sort
        """The order of the examples in an epoch, int64 [examples], on the device: a function of seed and epoch alone, so that
        resuming needs no state. Batches are cut from it."""
        from zoo.training.seed import epoch_order

        some = next(iter(train.values()))
        return epoch_order(len(some), seed, epoch, some.device)

    def batch(self, split: Resident, part: Tensor, chosen: Tensor) -> Resident:  # noqa: ARG002 - others count
        """The examples `part` (int64) of a split; `chosen` are those of the whole batch, of which this process takes a part."""
        # On a CPU ten times as fast as indexing with brackets.
        return {name: tensor.index_select(0, part) for name, tensor in split.items()}

    def whole(self, split: Resident) -> Resident:
        """All examples of a split as one batch."""
        return split

    @property
    def summed(self) -> bool:
        """Whether `loss` is a sum over the examples of a batch rather than a mean: several processes, each of which has a part of
        the batch, then add theirs up. A penalty beside the examples belongs to a mean only."""
        return False

    @abstractmethod
    def loss(self, module: nn.Module, batch: Resident) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of one batch (a scalar with gradient) and metrics of the batch (scalars without), on the device, unread: means
        over its examples, the loss unless `summed` says otherwise."""

    @abstractmethod
    def evaluate(self, module: nn.Module, split: Resident) -> dict[str, float]:
        """The metrics of a whole split in evaluation mode; `module` is left in the mode it was in."""

    @abstractmethod
    def judge(self, answers: Mapping[str, np.ndarray], split: Split) -> dict[str, float]:
        """The metrics of an exported graph's answers to a whole split: what `evaluate` measures, from the graph's own outputs."""

    def given(self, split: Split) -> dict[str, np.ndarray]:
        """What an exported graph is given of a split: input → array, its first axis the examples."""
        return {tensor.name: split[tensor.name] for tensor in self.spec.inputs}

    def score(self, answers: Mapping[str, np.ndarray], split: Split) -> dict[str, Score]:
        """`judge` in full, for a person: further metrics, and how they were computed."""
        return {name: Score(value) for name, value in self.judge(answers, split).items()}

    def examine(
        self, module: nn.Module, split: Split, device: torch.device, progress: Progress
    ) -> tuple[dict[str, Score], dict[str, np.ndarray]]:
        """`evaluate` in full, for a person, and the answers behind it as a graph would give them, where they are texts.

        Args:
            module: trained, on `device`.
            split: any, of any data of this kind.
            device: that computes.
            progress: who is told.
        """
        with progress.bar(self.spec.id, len(next(iter(split.values()))), unit="examples") as advance:
            found = self.evaluate(module, self.resident(split, device))
            advance(len(next(iter(split.values()))))
        return {name: Score(value) for name, value in found.items()}, {}

    def diagnosis(self) -> str:
        """Why the loss may not be finite, in one sentence, where the recipe itself gives reason to expect that; else nothing."""
        return ""

    def better(self, new: float, old: float | None) -> bool:
        """Whether `new` beats `old` in `metric`."""
        return old is None or (new > old if self.higher_is_better else new < old)


class SteppingTask(Task):
    """A task that changes the weights itself, by plain gradient descent, where a step touches few of their rows: autograd and an
    optimiser would spend their time on the zeros of all others."""

    @abstractmethod
    def step(self, module: nn.Module, batch: Resident, rate: float) -> tuple[Tensor, dict[str, Tensor]]:
        """One step at the learning rate `rate`; the loss and metrics of the batch before it, scalars on the device, unread."""

    def loss(self, module: nn.Module, batch: Resident) -> tuple[Tensor, dict[str, Tensor]]:
        """Not asked for: `step` does it all."""
        raise NotImplementedError


class SolvedTask(Task):
    """A task whose optimum is computed as a whole (L-BFGS, closed form) rather than stepped towards."""

    @abstractmethod
    def solve(self, module: nn.Module, split: Resident, progress: Progress) -> dict[str, float]:
        """Set the module's weights to the optimum on `split`; figures that say how good it is (the gradient's norm)."""
