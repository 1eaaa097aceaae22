"""Many softmax regressions that differ only in their penalties, as one: their weights stand side by side in one matrix.

One product of the pixels with [pixels, regressions·classes] keeps a processor far busier than hundreds with [pixels, classes].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from zoo.signatures import CLASSIFIER_TASK
from zoo.spec import SGD, Constant, CrossEntropy, replaced
from zoo.study import Batch, CannotBatch
from zoo_logreg import BUILD

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from torch import Tensor

ROWS = 5000
"""Examples at once: for 100 regressions of ten classes their sums take 20 MB."""


def penalised(batch: Batch) -> list[dict[str, float]]:
    """`loss` and `accuracy` of each regression on the held-out split.

    Raises:
        CannotBatch: they are of another network, differ in more than their penalties, or are no full-batch gradient descent.
    """
    import torch

    from zoo.training.device import full_float32, pick_device

    lr, steps = _checked(batch)
    device = pick_device(batch.device)
    with torch.inference_mode(), full_float32():
        # A pixel that is dark in every example has no gradient, and its weights stay at zero.
        lit = np.flatnonzero(batch.train["image"].reshape(len(batch.train["image"]), -1).max(axis=0))  # [lit pixels]
        pixels, labels = _examples(batch.train, lit, device)
        losses = [recipe.loss for recipe in batch.recipes]
        l1 = torch.tensor([loss.l1 for loss in losses], device=device)[None, :, None]  # type: ignore[union-attr]
        l2 = torch.tensor([loss.l2 for loss in losses], device=device)[None, :, None]  # type: ignore[union-attr]
        classes = int(getattr(batch.configs[0], "classes", 10))
        weights = torch.zeros(pixels.shape[1], len(losses), classes, device=device)  # [pixels + 1, regressions, classes]
        with batch.progress.bar("regressions", steps, unit="steps") as advance:
            for _ in range(steps):
                # At first they are all the same: a penalty of zero weights is zero.
                alike = bool((weights == weights[:, :1]).all())
                slope = _slope(weights[:, :1] if alike else weights, pixels, labels)
                weights = weights - lr * (slope + l1 * weights.sign() + 2 * l2 * weights)
                advance(1)
        return _measured(weights, *_examples(batch.held_out, lit, device))


def _checked(batch: Batch) -> tuple[float, int]:
    """The learning rate and the number of steps that all share.

    Raises:
        CannotBatch: see `penalised`.
    """
    if batch.model.build != BUILD or batch.model.task != CLASSIFIER_TASK:
        raise CannotBatch(f"together they are softmax regressions, which {batch.model.id} is not.")
    if any(config != batch.configs[0] for config in batch.configs):
        raise CannotBatch("their networks differ.")
    first = batch.recipes[0]
    for recipe in batch.recipes:
        loss = recipe.loss
        if not isinstance(loss, CrossEntropy) or replaced(recipe, loss=first.loss, seed=0) != replaced(first, seed=0):
            raise CannotBatch("they differ in more than penalties.")
        if loss != CrossEntropy(l1=loss.l1, l2=loss.l2, penalise_biases=True):
            raise CannotBatch("the loss is cross-entropy with penalties of weights and biases alone.")
    plain = isinstance(first.optimiser, SGD) and not first.optimiser.momentum and not first.optimiser.weight_decay
    if not plain or first.batch_size or first.schedule != Constant() or first.augment or first.precision != "fp32":
        raise CannotBatch("together they are computed by full-batch gradient descent in fp32, without momentum or schedule.")
    if first.clip:
        raise CannotBatch("together no gradient is clipped.")
    if first.keep != "last":
        raise CannotBatch("together only the last weights are kept.")
    return first.optimiser.lr, first.steps or first.epochs or 0  # type: ignore[union-attr]


def _examples(split: Mapping[str, np.ndarray], lit: np.ndarray, device: torch.device) -> tuple[Tensor, Tensor]:
    """Pixels 0 … 1 with a column of ones, float32 [examples, pixels + 1], and labels int64 [examples]."""
    import torch

    images, labels = split["image"], split["label"]
    chosen = np.ascontiguousarray(images.reshape(len(images), -1)[:, lit])  # [examples, pixels]
    pixels = torch.empty(len(images), chosen.shape[1] + 1, device=device)
    pixels[:, :-1] = torch.from_numpy(chosen).to(device)
    pixels[:, :-1] /= 255
    pixels[:, -1] = 1
    return pixels, torch.from_numpy(np.array(labels)).long().to(device)


def _slope(weights: Tensor, pixels: Tensor, labels: Tensor) -> Tensor:
    """The gradient of the mean cross-entropy: as `weights`, [pixels + 1, regressions, classes]."""
    import torch
    from torch.nn import functional

    flat = weights.reshape(len(weights), -1)  # [pixels + 1, regressions·classes]
    slope = torch.zeros_like(flat)
    for start in range(0, len(labels), ROWS):
        part = pixels[start : start + ROWS]
        wrong = (part @ flat).view(len(part), *weights.shape[1:]).softmax(2)  # [rows, regressions, classes]
        wrong -= functional.one_hot(labels[start : start + ROWS], weights.shape[2])[:, None]
        slope.addmm_(part.T, wrong.view(len(part), -1), alpha=1 / len(labels))
    return slope.view_as(weights)


def _measured(weights: Tensor, pixels: Tensor, labels: Tensor) -> list[dict[str, float]]:
    """`loss` (mean cross-entropy in nats, no penalty) and `accuracy` of each regression over a split."""
    import torch
    from torch.nn import functional

    flat = weights.reshape(len(weights), -1)
    loss = torch.zeros(weights.shape[1], dtype=torch.float64, device=weights.device)
    right = torch.zeros_like(loss)
    for start in range(0, len(labels), ROWS):
        part, label = pixels[start : start + ROWS], labels[start : start + ROWS]
        logits = (part @ flat).view(len(part), *weights.shape[1:])  # [rows, regressions, classes]
        named = label[:, None].expand(logits.shape[:2])  # [rows, regressions]
        loss += functional.cross_entropy(logits.flatten(0, 1), named.flatten(), reduction="none").view(named.shape).sum(0)
        right += (logits.argmax(2) == named).sum(0)
    figures = zip((loss / len(labels)).tolist(), (right / len(labels)).tolist(), strict=True)
    return [{"loss": one, "accuracy": other} for one, other in figures]
