"""Classification: cross-entropy against integer labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional

from zoo.data.dataset import Split
from zoo.errors import UsageError
from zoo.plugins import resolve
from zoo.spec import CrossEntropy, SigmoidCrossEntropy
from zoo.training.augment import augmented
from zoo.training.task import EVALUATION_BATCH, Task

if TYPE_CHECKING:
    from torch import Tensor, nn

    from zoo.training.task import Resident


class Classification(Task):
    """One label for each example; the module gives logits [batch, classes] for the array that bears the graph input's name."""

    metric = "accuracy"
    higher_is_better = True
    loss_allowed = 0.002

    def loss(self, module: nn.Module, batch: Resident) -> tuple[Tensor, dict[str, Tensor]]:
        """The recipe's loss with its penalties, and the accuracy of a batch.

        Args:
            batch: the input array [batch, …] in its raw dtype and `label` int64 [batch].
        """
        options = self.options
        examples = batch[self.spec.inputs[0].name]
        if self.recipe and self.recipe.augment and module.training:
            examples = augmented(examples, self.recipe.augment, self.recipe.augment_share)
        logits = module(examples)  # [batch, classes]
        if logits.dtype == torch.bfloat16:  # autocast; the loss itself is computed in float32
            logits = logits.float()
        loss = error(options, logits, batch["label"])
        if isinstance(options, CrossEntropy) and (options.l1 or options.l2):
            loss = loss + penalty(options, module)
        return loss, {"accuracy": (logits.detach().argmax(1) == batch["label"]).float().mean()}

    @property
    def options(self) -> CrossEntropy | SigmoidCrossEntropy | str:
        """The recipe's loss; plain cross-entropy where nothing is learned.

        Raises:
            UsageError: it is no loss of a classifier.
        """
        options = self.recipe.loss if self.recipe else CrossEntropy()
        if not isinstance(options, CrossEntropy | SigmoidCrossEntropy | str):
            name = type(options).__struct_config__.tag
            raise UsageError(
                f"{self.spec.id} is a classifier; its loss is cross-entropy or sigmoid-cross-entropy, not {name}.",
                hint=f"zoo show {self.spec.id}",
            )
        return options

    @property
    def summed(self) -> bool:
        return isinstance(self.options, SigmoidCrossEntropy)

    def diagnosis(self) -> str:
        """The naive loss has a reason to expect it."""
        if not (isinstance(self.options, CrossEntropy) and self.options.naive):
            return ""
        return (
            "This recipe computes −Σ y·log(softmax(z)) as it is written: once a logit lies 87 below the largest, its "
            "probability rounds to 0 in float32, and 0·log(0) is NaN; --set naive=false takes the logarithm of the softmax as one."
        )

    def evaluate(self, module: nn.Module, split: Resident) -> dict[str, float]:
        """`loss` (mean cross-entropy in nats, no penalty, no smoothing) and `accuracy` (share of right labels) over a split."""
        was_training = module.training
        module.eval()
        examples, labels = split[self.spec.inputs[0].name], split["label"]
        # MPS has no float64.
        totals = torch.zeros(2, dtype=torch.float32 if labels.device.type == "mps" else torch.float64, device=labels.device)
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


def error(options: CrossEntropy | SigmoidCrossEntropy | str, logits: Tensor, label: Tensor) -> Tensor:
    """What a classifier's loss is without its penalties: a scalar.

    Args:
        options: which.
        logits: [batch, classes].
        label: int64 [batch].

    Raises:
        PluginError: the name of a plugin's own leads nowhere.
    """
    if isinstance(options, str):
        own: Tensor = resolve(options)(logits, label)
        return own
    if isinstance(options, SigmoidCrossEntropy):
        target = functional.one_hot(label, logits.shape[1]).to(logits.dtype)  # [batch, classes]
        return functional.binary_cross_entropy_with_logits(logits, target, reduction="sum")
    if options.naive:
        target = functional.one_hot(label, logits.shape[1]).to(logits.dtype)  # [batch, classes]
        shares = logits.softmax(1)  # [batch, classes]
        # TensorFlow flushed subnormal numbers to 0, and its NaN came at a distance of 87 between logits rather than 103.
        shares = shares * (shares >= torch.finfo(shares.dtype).tiny)
        return -(target * shares.log()).sum(1).mean()
    return functional.cross_entropy(logits, label, label_smoothing=options.label_smoothing)


def penalty(options: CrossEntropy, module: nn.Module) -> Tensor:
    """l1·Σ|w| + l2·Σw² over the weights: all that are learned, or without biases (and the vectors of a normalisation)."""
    weights = [weight for weight in module.parameters() if weight.requires_grad and (options.penalise_biases or weight.dim() > 1)]
    sums = []
    if options.l1:
        sums += [options.l1 * weight.abs().sum() for weight in weights]
    if options.l2:
        sums += [options.l2 * weight.square().sum() for weight in weights]
    return torch.stack(sums).sum()
