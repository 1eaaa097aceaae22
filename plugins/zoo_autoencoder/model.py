"""Autoencoders: dense (Hinton & Salakhutdinov 2006), convolutional, variational (Kingma & Welling, arXiv 1312.6114)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from zoo.layers import initialise_glorot, unit_range
from zoo_autoencoder import Config

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "silu": nn.SiLU,
    "sigmoid": nn.Sigmoid,
    "linear": nn.Identity,
}


class Autoencoder(nn.Module):
    """An encoder, a code, a decoder.

    Args:
        config: widths and activations.

    Attributes:
        encoder: pixels 0 … 1 [batch, height·width] → code [batch, code]; of a variational one, mean and log-variance beside each
            other, [batch, 2·code].
        decoder: code [batch, code] → sums [batch, height·width].
        output: sums → pixels 0 … 1.
        variational: whether the code has a spread.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.height, self.width, self.variational = config.height, config.width, config.variational
        self.encoder, self.decoder = _convolutional(config) if config.filters else _dense(config)
        self.output = ACTIVATIONS[config.output]()
        initialise_glorot(self)

    def forward(self, image: Tensor, noise: Tensor | None = None) -> tuple[Tensor, ...]:
        """What a training step needs of a batch.

        Args:
            image: uint8 or float of 0 … 255 [batch, height, width].
            noise: [batch, code], standard normal: by how many of its spreads a variational code lies off its mean; where it is
                not given it is drawn in training, and 0 in evaluation.

        Returns:
            Pixels [batch, height, width], 0 … 1 after a sigmoid; the sums that they were made of, of the same shape; the code
            [batch, code]; and of a variational one mean and log-variance of the code, each [batch, code].
        """
        pixels = unit_range(image, next(self.parameters())).flatten(1)  # [batch, height·width]
        code = self.encoder(pixels)  # [batch, code], or twice that
        spread: tuple[Tensor, ...] = ()
        if self.variational:
            spread = tuple(code.chunk(2, 1))  # mean and log-variance, [batch, code] each
            code, log_variance = spread
            if noise is None and self.training:
                noise = torch.randn_like(code)
            if noise is not None:
                code = code + (log_variance / 2).exp() * noise
        sums = self.decoder(code).unflatten(1, (self.height, self.width))  # [batch, height, width]
        return self.output(sums), sums, code, *spread

    def encode(self, image: Tensor) -> Tensor:
        """uint8 [batch, height, width] → code [batch, code]; of a variational one its mean."""
        pixels = unit_range(image, next(self.parameters())).flatten(1)  # [batch, height·width]
        code: Tensor = self.encoder(pixels)  # [batch, code], or twice that
        return code.chunk(2, 1)[0] if self.variational else code

    def decode(self, code: Tensor) -> Tensor:
        """Code [batch, code] → pixels [batch, height, width], 0 … 1 after a sigmoid."""
        pixels: Tensor = self.output(self.decoder(code)).unflatten(1, (self.height, self.width))
        return pixels


def build(config: Config) -> nn.Module:
    """The untrained network."""
    return Autoencoder(config)


def _dense(config: Config) -> tuple[nn.Sequential, nn.Sequential]:
    """Encoder and decoder of linear layers."""
    pixels, code = config.height * config.width, config.code * (2 if config.variational else 1)
    last = [] if config.variational else [ACTIVATIONS[config.code_activation]()]
    down, up = (pixels, *config.encoder), (config.code, *config.decoder)
    return (
        nn.Sequential(*_hidden(down, config), nn.Linear(down[-1], code), *last),
        nn.Sequential(*_hidden(up, config), nn.Linear(up[-1], pixels)),
    )


def _hidden(widths: Sequence[int], config: Config) -> list[nn.Module]:
    """Linear layers from each width to the next, an activation after each."""
    steps: list[nn.Module] = []
    for given, made in pairwise(widths):
        norm = [nn.BatchNorm1d(made)] if config.norm else []
        steps += [nn.Linear(given, made), *norm, ACTIVATIONS[config.activation]()]
    return steps


def _convolutional(config: Config) -> tuple[nn.Sequential, nn.Sequential]:
    """Encoder and decoder of 3×3 convolutions: pooled to half at each, and doubled again by repeating pixels."""
    halved = 2 ** len(config.filters)
    small = (config.filters[-1], config.height // halved, config.width // halved)
    encoder: list[nn.Module] = [nn.Unflatten(1, (1, config.height, config.width))]  # [batch, 1, height, width]
    for given, made in pairwise((1, *config.filters)):
        encoder += [nn.Conv2d(given, made, 3, padding=1), ACTIVATIONS[config.activation](), nn.MaxPool2d(2)]
    decoder: list[nn.Module] = [nn.Unflatten(1, small)]  # [batch, filters, rows, columns]
    for given, made in pairwise((config.filters[-1], *reversed(config.filters))):
        decoder += [nn.Conv2d(given, made, 3, padding=1), ACTIVATIONS[config.activation](), nn.Upsample(scale_factor=2)]
    decoder.append(nn.Conv2d(config.filters[0], 1, 3, padding=1))
    return nn.Sequential(*encoder, nn.Flatten(1)), nn.Sequential(*decoder, nn.Flatten(1))
