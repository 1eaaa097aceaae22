"""What is learned, as the training loop sees it. A plugin may bring its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

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

    def __init__(self, spec: ModelSpec, recipe: Recipe | None, dataset: Dataset) -> None:
        self.spec, self.recipe, self.dataset = spec, recipe, dataset

    def resident(self, split: Split, device: torch.device) -> Resident:
        """The arrays of a split as tensors on the device, in their raw dtype. They stay there; batches are index operations."""
        import numpy as np
        import torch

        # A read-only array (a memory map, say) is copied: torch can only share memory that may be written.
        return {
            name: torch.from_numpy(array if array.flags.writeable else np.array(array)).to(device) for name, array in split.items()
        }

    @abstractmethod
    def loss(self, module: nn.Module, batch: Resident) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of one batch (a scalar with gradient) and metrics of the batch (scalars without), on the device, unread."""

    @abstractmethod
    def evaluate(self, module: nn.Module, split: Resident) -> dict[str, float]:
        """The metrics of a whole split in evaluation mode; `module` is left in the mode it was in."""

    @abstractmethod
    def judge(self, answers: Mapping[str, np.ndarray], split: Split) -> dict[str, float]:
        """The metrics of an exported graph's answers to a whole split: what `evaluate` measures, from the graph's own outputs."""

    def diagnosis(self) -> str:
        """Why the loss may not be finite, in one sentence, where the recipe itself gives reason to expect that; else nothing."""
        return ""

    def better(self, new: float, old: float | None) -> bool:
        """Whether `new` beats `old` in `metric`."""
        return old is None or (new > old if self.higher_is_better else new < old)


class SolvedTask(Task):
    """A task whose optimum is computed as a whole (L-BFGS, closed form) rather than stepped towards."""

    @abstractmethod
    def solve(self, module: nn.Module, split: Resident, progress: Progress) -> dict[str, float]:
        """Set the module's weights to the optimum on `split`; figures that say how good it is (the gradient's norm)."""
