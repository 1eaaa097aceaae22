"""Reconstruction: a picture is given back through a code; autoencoders, denoising and variational ones too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from zoo.data.dataset import Split
from zoo.errors import UsageError
from zoo.layers import unit_range
from zoo.plugins import resolve
from zoo.spec import BinaryCrossEntropy, EvidenceLowerBound, Noise, SquaredError
from zoo.training.augment import augmented
from zoo.training.task import EVALUATION_BATCH, Task

if TYPE_CHECKING:
    from torch import nn

    from zoo.training.task import Resident

ReconstructionLoss = SquaredError | BinaryCrossEntropy | EvidenceLowerBound | str
ORDER = ("loss", "mse", "denoised_mse", "mse_uint8")
"""Of the metrics."""
NOISE_SEED = 0
"""Of the noise on test pictures, and of the draws from a variational code there: they are the same each time."""


class Autoencoder(Protocol):
    """What the task, its exports and its views ask of a module.

    Attributes:
        variational: whether its code has a mean and a spread.
    """

    variational: bool

    def __call__(self, image: Tensor, noise: Tensor | None = None) -> tuple[Tensor, ...]:
        """Pixels, the sums they are made of (the same tensor where nothing is applied to them), code; a variational one also mean
        and log-variance of its code."""
        ...

    def encode(self, image: Tensor) -> Tensor:
        """uint8 [batch, height, width] → code [batch, numbers]."""
        ...

    def decode(self, code: Tensor) -> Tensor:
        """Code [batch, numbers] → pixels [batch, height, width], of 0 … 1 where the network keeps to it."""
        ...


class Reconstruction(Task):
    """The array that bears the graph input's name is given back; the module is an `Autoencoder`.

    Augmentations change what goes in and what is to come out alike, but for noise, which goes in only.
    """

    metric = "mse"
    higher_is_better = False
    loss_allowed = 2e-4

    def loss(self, module: nn.Module, batch: Resident) -> tuple[Tensor, dict[str, Tensor]]:
        """The recipe's loss with its penalty, and the squared error of a batch, mean over pixels and pictures.

        Args:
            batch: the pictures, uint8 [batch, height, width].
        """
        options = self.options
        clean = given = batch[self.spec.inputs[0].name]
        if self.recipe and self.recipe.augment and module.training:
            changes = [change for change in self.recipe.augment if not isinstance(change, Noise)]
            clean = augmented(clean, changes, self.recipe.augment_share)
            given = augmented(clean, self.noise)
        made = _single(module(given))
        target = unit_range(clean, made[0])  # [batch, height, width]
        loss = self._error(options, made, target)
        if isinstance(options, SquaredError | BinaryCrossEntropy) and options.sparsity:
            loss = loss + options.sparsity * made[2].abs().mean()
        return loss, {"mse": functional.mse_loss(made[0].detach(), target)}

    @property
    def noise(self) -> tuple[Noise, ...]:
        """What the recipe adds to the pictures that go in."""
        return tuple(change for change in self.recipe.augment if isinstance(change, Noise)) if self.recipe else ()

    @property
    def options(self) -> ReconstructionLoss:
        """The recipe's loss; the squared error where nothing is learned.

        Raises:
            UsageError: it is no loss of an autoencoder.
        """
        options = self.recipe.loss if self.recipe else SquaredError()
        if not isinstance(options, ReconstructionLoss):
            name = type(options).__struct_config__.tag
            raise UsageError(
                f"{self.spec.id} is an autoencoder; its loss is squared-error, binary-cross-entropy or elbo, not {name}.",
                hint=f"zoo show {self.spec.id}",
            )
        return options

    def check_module(self, module: nn.Module) -> None:
        """Refuse a network whose pixels are no probabilities, or whose code has no spread, where the loss needs that.

        Here and not in `loss`: a captured network gives copies, in which two that were one tensor are no longer.

        Raises:
            UsageError: it is one.
        """
        if not isinstance(self.options, BinaryCrossEntropy | EvidenceLowerBound):
            return
        name, was_training = self.spec.inputs[0].name, module.training
        one = {name: self.dataset.splits["train"][name][:1]}
        with torch.no_grad():
            pixels, sums, _, *spread = module.eval()(self.resident(one, next(module.parameters()).device)[name])
        module.train(was_training)
        if pixels is sums:
            raise UsageError(f"{self.spec.id} has no sigmoid at its end, so its pixels are no probabilities; take squared-error.")
        if isinstance(self.options, EvidenceLowerBound) and not spread:
            raise UsageError(f"The code of {self.spec.id} has no spread, so there is no elbo; take binary-cross-entropy.")

    def _error(self, options: ReconstructionLoss, made: tuple[Tensor, ...], target: Tensor) -> Tensor:
        """The loss without a penalty: a scalar.

        Args:
            options: which.
            made: what the module gives.
            target: 0 … 1 [batch, height, width].

        Raises:
            PluginError: the name of a plugin's own leads nowhere.
        """
        pixels, sums, _, *spread = made
        if isinstance(options, str):
            own: Tensor = resolve(options)(pixels, target)
            return own
        if isinstance(options, SquaredError):
            return functional.mse_loss(pixels, target)
        if isinstance(options, BinaryCrossEntropy):
            return functional.binary_cross_entropy_with_logits(sums, target)
        lost = functional.binary_cross_entropy_with_logits(sums, target, reduction="sum") / len(target)
        return lost + options.beta * divergence(*spread).mean()

    def evaluate(self, module: nn.Module, split: Resident) -> dict[str, float]:
        """What the module makes of a whole split, in evaluation mode.

        Returns:
            `loss`: the recipe's, without its penalty; `mse`: squared error of pixels 0 … 1, mean over pixels and pictures, as the
            network gives them; `mse_uint8`: the same of the picture that is given back, cut to 0 … 255 and rounded; and of a
            recipe with noise `denoised_mse`: that of what it makes of noisy pictures.
        """
        options, was_training = self.options, module.training
        module.eval()
        images = split[self.spec.inputs[0].name]  # uint8 [examples, height, width]
        draw = torch.Generator().manual_seed(NOISE_SEED)
        totals: dict[str, float] = {}
        with torch.inference_mode():
            for start in range(0, len(images), EVALUATION_BATCH):
                image = images[start : start + EVALUATION_BATCH]
                made = _single(module(image))
                target = unit_range(image, made[0])  # [batch, height, width]
                whole = (made[0] * 255).round().clamp(0, 255) / 255
                figures = {"mse": functional.mse_loss(made[0], target), "mse_uint8": functional.mse_loss(whole, target)}
                if len(made) > 3:  # a draw from the code, without which there is no bound
                    off = torch.randn(made[2].shape, generator=draw).to(image.device)  # [batch, code]
                    made = _single(module(image, off))
                figures["loss"] = self._error(options, made, target)
                if self.noise:
                    seen = noisy_pictures(image, self.noise, draw)
                    figures["denoised_mse"] = functional.mse_loss(_single(module(seen))[0], target)
                for name, figure in sorted(figures.items(), key=lambda item: ORDER.index(item[0])):
                    totals[name] = totals.get(name, 0.0) + float(figure) * len(image)
        module.train(was_training)
        return {name: total / len(images) for name, total in totals.items()}

    def judge(self, answers: Mapping[str, np.ndarray], split: Split) -> dict[str, float]:
        """`mse_uint8` of an exported graph's first output, in float64: what comes out is whole numbers, so it has no `mse`."""
        pictures, answer = split[self.spec.inputs[0].name], answers[self.spec.outputs[0].name]
        off = (pictures.astype(np.float64) - answer) / 255  # [examples, height, width]
        return {"mse_uint8": float(np.square(off).mean())}


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback–Leibler divergence of N(mean, variance) from N(0, 1), summed over the code, in nats: [batch, code] → [batch].

    Kingma & Welling, arXiv 1312.6114, appendix B.
    """
    return -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum(1)


def noisy_pictures(image: Tensor, noise: tuple[Noise, ...], draw: torch.Generator) -> Tensor:
    """Pictures as a denoiser is given them, rounded as a file would hold them: uint8, of the same shape.

    Args:
        image: uint8 [batch, height, width].
        noise: is added in turn.
        draw: a generator on the CPU, so that every device sees the same.
    """
    seen = image.float()
    for part in noise:
        drawn = torch.randn(image.shape, generator=draw).to(image.device)  # [batch, height, width]
        seen = (seen + 255 * part.deviation * drawn).clamp(0, 255)
    return seen.round().to(torch.uint8)


def _single(made: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """What autocast made in bfloat16, in float32: losses are computed in that."""
    return tuple(tensor.float() for tensor in made) if made[0].dtype == torch.bfloat16 else made
