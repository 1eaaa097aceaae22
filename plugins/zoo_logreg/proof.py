"""How far softmax regression is from its optimum: the loss is convex, so a dual point bounds what any weights could reach."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from zoo.certify.proof import Answer, Proof, floored, raised
from zoo.spec import CrossEntropy, ModelSpec

if TYPE_CHECKING:
    from torch import nn

    from zoo.data.dataset import Dataset

CHUNK = 10_000
"""Pictures at once in float64: 63 MB."""
ROUNDING = 1e-12
"""Of sums in float64, in nats."""


def prove(spec: ModelSpec, module: nn.Module, dataset: Dataset, answer: Answer) -> Sequence[Proof]:  # noqa: ARG001
    """How far the loss on the training split, penalty included, lies at most above the least that any weights can have.

    For probabilities p of every picture, each class as frequent among them as among the labels y, no weights W and biases b have a
    loss, mean(−log softmax(W·x + b)_y) + λ·ΣW², below mean(H(p)) − ‖mean((p − y)·xᵀ)‖² / 4λ, where H is the entropy (Fenchel
    duality: Boyd & Vandenberghe, Convex Optimization, 3.3 and 5.1). The model's own p, with a little of the classes' frequencies
    mixed in so that these agree, make the bound tight at the optimum. Of another loss (`--set loss.…`) nothing is said.
    """
    loss_of = spec.recipe.loss if spec.recipe else None
    if not isinstance(loss_of, CrossEntropy) or loss_of != CrossEntropy(l2=loss_of.l2) or not loss_of.l2:
        return []
    loss, bound = _bounds(copy.deepcopy(module).double(), dataset, loss_of.l2)
    count = len(dataset.splits["train"]["label"])
    return [
        Proof(
            claim=f"On the {count:,} training pictures its loss, penalty included, is {loss:.9f} nats; no weights have less than "
            f"{floored(bound, 9)}, so it is at most {raised(max(loss - bound, ROUNDING))} above the optimum.",
            method="A feasible point of the dual problem, in float64 (Boyd & Vandenberghe, Convex Optimization, 5.1).",
            holds=loss - bound >= -ROUNDING,
        )
    ]


def _bounds(module: nn.Module, dataset: Dataset, penalty: float) -> tuple[float, float]:
    """The loss with its penalty, and the dual bound, both in nats."""
    import torch

    images, labels = (torch.from_numpy(np.ascontiguousarray(dataset.splits["train"][name])) for name in ("image", "label"))
    with torch.inference_mode():
        logs = torch.cat([module(part.double()).log_softmax(1) for part in torch.split(images, CHUNK)])  # [pictures, classes]
        right = torch.nn.functional.one_hot(labels, logs.shape[1]).double()  # [pictures, classes]
        (weights,) = (weight for weight in module.parameters() if weight.dim() > 1)
        loss = float(-(logs * right).sum(1).mean() + penalty * weights.square().sum())
        shares, frequencies = logs.exp(), right.mean(0)
        means = shares.mean(0)
        mixed = float(((means - frequencies) / means).max().clamp(min=0)) * (1 + 1e-6) + 1e-12
        shares = (1 - mixed) * shares + (frequencies - (1 - mixed) * means)  # each class now as frequent as among the labels
        entropy = torch.special.entr(shares).sum(1).mean()
        pixels = images.flatten(1)  # [pictures, height·width]
        slopes = torch.zeros_like(weights)
        for part, away in zip(torch.split(pixels, CHUNK), torch.split(shares - right, CHUNK), strict=True):
            slopes += away.T @ (part.double() / 255) / len(images)
        return loss, float(entropy - slopes.square().sum() / (4 * penalty))
