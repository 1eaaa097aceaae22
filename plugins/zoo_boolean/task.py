"""Being right on every row of a truth table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from zoo.data.dataset import Split
from zoo.training.task import EVALUATION_BATCH, Task

if TYPE_CHECKING:
    from torch import Tensor, nn

    from zoo.training.task import Resident


class TruthTable(Task):
    """The share of rows that are answered rightly; nothing is learned."""

    metric: ClassVar[str] = "accuracy"
    higher_is_better: ClassVar[bool] = True

    def loss(self, module: nn.Module, batch: Resident) -> tuple[Tensor, dict[str, Tensor]]:
        """The share of wrong rows. A threshold unit has no gradient but 0."""
        wrong = (module(batch["inputs"]) != batch["output"]).float().mean()
        return wrong, {"accuracy": 1 - wrong}

    def evaluate(self, module: nn.Module, split: Resident) -> dict[str, float]:
        import torch

        inputs, output = split["inputs"], split["output"]
        with torch.inference_mode():
            right = sum(
                int((module(inputs[start : start + EVALUATION_BATCH]) == output[start : start + EVALUATION_BATCH]).sum())
                for start in range(0, len(inputs), EVALUATION_BATCH)
            )
        return {"accuracy": right / len(inputs)}

    def judge(self, answers: Mapping[str, np.ndarray], split: Split) -> dict[str, float]:
        return {"accuracy": float(np.count_nonzero(answers["output"] == split["output"]) / len(split["output"]))}
