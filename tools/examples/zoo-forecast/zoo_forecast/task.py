"""Forecasting: the squared error of all hours, judged beside the season before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from zoo.data.dataset import Split
from zoo.errors import UsageError
from zoo.spec import ModelSpec, Recipe, SquaredError
from zoo.training.task import EVALUATION_BATCH, Task
from zoo_forecast.seasonal import naive

if TYPE_CHECKING:
    from zoo.training.task import Resident


class Forecast(Task):
    """The module gives the future of the array `history` in its own unit; `future` has what came."""

    metric = "mae"
    higher_is_better = False
    loss_allowed = 1e-3

    @classmethod
    def check(cls, spec: ModelSpec, recipe: Recipe) -> None:
        """Refuse another loss than the squared error.

        Raises:
            UsageError: the recipe has one.
        """
        if not isinstance(recipe.loss, SquaredError) or recipe.loss.sparsity or recipe.augment:
            raise UsageError(f"{spec.id} is a forecaster; its loss is a plain squared-error, without augmentation.")

    def loss(self, module: nn.Module, batch: Resident) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean squared and mean absolute error of a batch, in m² and m.

        Args:
            batch: `history`, float32 [batch, 72], and `future`, float32 [batch, 24].
        """
        made = module(batch["history"]).float()  # [batch, 24]
        return functional.mse_loss(made, batch["future"]), {"mae": (made.detach() - batch["future"]).abs().mean()}

    def evaluate(self, module: nn.Module, split: Resident) -> dict[str, float]:
        """The errors of a whole split: see `errors`."""
        was_training = module.training
        module.eval()
        with torch.inference_mode():
            made = torch.cat([module(part).float() for part in torch.split(split["history"], EVALUATION_BATCH)])  # [n, 24]
        module.train(was_training)
        return errors(made.cpu().numpy(), {name: array.cpu().numpy() for name, array in split.items()})

    def judge(self, answers: Mapping[str, np.ndarray], split: Split) -> dict[str, float]:
        """The errors of an exported graph's `forecast`."""
        return errors(answers["forecast"], split)


def errors(made: np.ndarray, split: Split) -> dict[str, float]:
    """How far forecasts lie from what came.

    Args:
        made: float [n, 24], in m.
        split: `history` and `future`.

    Returns:
        `loss`, mean squared error in m²; `mae` and `rmse`, in m; `mase`, the mean absolute error over that of the naive forecast.
    """
    off = made.astype(np.float64) - split["future"]  # [n, 24]
    before = np.abs(naive(split["history"]).astype(np.float64) - split["future"]).mean()
    square, absolute = float(np.square(off).mean()), float(np.abs(off).mean())
    return {"loss": square, "mae": absolute, "rmse": square**0.5, "mase": absolute / float(before)}
