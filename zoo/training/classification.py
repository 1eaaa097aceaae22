"""Classification: softmax cross-entropy against integer labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from zoo.data.dataset import Split
from zoo.spec import Loss
from zoo.training.augment import augmented
from zoo.training.task import EVALUATION_BATCH, Task

if TYPE_CHECKING:
    from torch import Tensor, nn

    from zoo.training.task import Resident


class Classification(Task):
    """One label for each example; the module gives logits [batch, classes] for the array that bears the graph input's name."""

    metric = "accuracy"
    higher_is_better = True

    def loss(self, module: nn.Module, batch: Resident) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean cross-entropy (plus the recipe's penalty) and accuracy of a batch.

        Args:
            batch: the input array [batch, …] in its raw dtype and `label` int64 [batch].
        """
        options = self.recipe.loss if self.recipe else Loss()
        examples = batch[self.spec.inputs[0].name]
        if self.recipe and self.recipe.augment and module.training:
            examples = augmented(examples, self.recipe.augment)
        logits = module(examples)  # [batch, classes]
        if logits.dtype == torch.bfloat16:  # autocast; the loss itself is computed in float32
            logits = logits.float()
        loss = functional.cross_entropy(logits, batch["label"], label_smoothing=options.label_smoothing)
        if options.l2:
            loss = loss + options.l2 * squared_norm(module)
        return loss, {"accuracy": (logits.detach().argmax(1) == batch["label"]).float().mean()}

    def evaluate(self, module: nn.Module, split: Resident) -> dict[str, float]:
        """`loss` (mean cross-entropy in nats, no penalty, no smoothing) and `accuracy` (share of right labels) over a split."""
        was_training = module.training
        module.eval()
        examples, labels = split[self.spec.inputs[0].name], split["label"]
        totals = torch.zeros(2, dtype=torch.float64, device="cpu" if labels.device.type == "mps" else labels.device)
        with torch.inference_mode():
            for start in range(0, len(labels), EVALUATION_BATCH):
                label = labels[start : start + EVALUATION_BATCH]
                logits = module(examples[start : start + EVALUATION_BATCH]).float()  # [batch, classes]
                totals[0] += functional.cross_entropy(logits, label, reduction="sum")
                totals[1] += (logits.argmax(1) == label).sum()
        module.train(was_training)
        loss, accuracy = (totals / len(labels)).tolist()
        return {"loss": loss, "accuracy": accuracy}

    def judge(self, answers: Mapping[str, np.ndarray], split: Split) -> dict[str, float]:
        """`loss` and `accuracy` of an exported classifier's `probabilities` and `label`, on a CPU with NumPy alone."""
        labels = split["label"]
        right = answers["probabilities"][np.arange(len(labels)), labels].astype(np.float64)  # [examples]
        named = np.array(self.dataset.classes)[labels]
        smallest = np.finfo(np.float32).tiny  # a probability that rounded to 0 would make the loss infinite
        return {
            "loss": float(-np.log(np.maximum(right, smallest)).mean()),
            "accuracy": float((answers["label"] == named).mean()),
        }


def squared_norm(module: nn.Module) -> Tensor:
    """Σ w² over all weights but biases (and other vectors, such as those of a normalisation)."""
    return torch.stack([weight.square().sum() for weight in module.parameters() if weight.dim() > 1]).sum()
