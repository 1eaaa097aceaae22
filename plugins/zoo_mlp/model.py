"""The multilayer perceptron (Rumelhart, Hinton & Williams 1986), with dropout (Srivastava et al. 2014) and batch normalisation
(Ioffe & Szegedy 2015, arXiv 1502.03167)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from zoo.layers import Dropout, initialise, unit_range
from zoo_mlp import Config

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "linear": nn.Identity}
NORM_EPS = 0.001
"""As TensorFlow's and Keras's examples have it."""


class MLP(nn.Module):
    """Linear layers with an activation, batch normalisation and dropout after each but the last.

    Args:
        config: widths, activations, dropout, what stands before them.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        width = config.pixels
        self.reconstruction = self.encoder = None
        if config.reconstruct:
            self.reconstruction = nn.Sequential(
                *_code(width, config.reconstruct), nn.Linear(config.reconstruct, width), nn.Sigmoid()
            )
        if config.encoder:
            self.encoder = nn.Sequential(*_code(width, config.encoder))
            width = config.encoder
        steps: list[nn.Module] = []
        for layer in config.layers:
            steps += [nn.Linear(width, layer.units), ACTIVATIONS[layer.activation]()]
            if layer.norm:
                steps.append(nn.BatchNorm1d(layer.units, eps=NORM_EPS))
            if layer.dropout:
                steps.append(Dropout(layer.dropout))
            width = layer.units
        self.hidden = nn.Sequential(*steps)
        self.output = nn.Linear(width, config.classes)
        self.activation = ACTIVATIONS[config.output_activation]()
        initialise(self, config.weights, config.biases)
        if config.output_zeros:
            initialise(self.output, "zeros")
        for frozen in (self.reconstruction, self.encoder):
            if frozen is not None:
                frozen.requires_grad_(False)

    def forward(self, image: Tensor) -> Tensor:
        """uint8 [batch, height, width] → logits [batch, classes]."""
        pixels = unit_range(image, self.output.weight).flatten(1)  # [batch, height·width]
        if self.reconstruction is not None and self.training:
            pixels = self.reconstruction(pixels)  # [batch, height·width]
        if self.encoder is not None:
            pixels = self.encoder(pixels)  # [batch, code]
        logits: Tensor = self.activation(self.output(self.hidden(pixels)))  # [batch, classes]
        return logits


def build(config: Config) -> nn.Module:
    """The untrained network."""
    return MLP(config)


def _code(width: int, units: int) -> list[nn.Module]:
    """The encoder of a dense autoencoder: [batch, width] → [batch, units]."""
    return [nn.Linear(width, units), nn.ReLU()]


def adopt_encoder(module: MLP, parent: nn.Module) -> None:
    """The encoder of a trained dense autoencoder, which stays as it is.

    Args:
        parent: has `encoder`, linear layers and their activations.
    """
    assert module.encoder is not None
    _copy([parent.encoder], module.encoder)


def adopt_autoencoder(module: MLP, parent: nn.Module) -> None:
    """A whole trained dense autoencoder, through which the digits go while training.

    Args:
        parent: has `encoder` and `decoder`, linear layers and their activations.
    """
    assert module.reconstruction is not None
    _copy([parent.encoder, parent.decoder], module.reconstruction)


def _copy(sources: Iterable[Any], target: nn.Module) -> None:
    """The weights of the dense layers of `sources` into those of `target`, one after the other."""
    theirs = [layer for source in sources for layer in dense(source)]
    for given, taken in zip(theirs, dense(target), strict=True):
        with torch.no_grad():
            taken.weight.copy_(given.weight)  # [out, in]
            taken.bias.copy_(given.bias)  # [out]


def dense(module: nn.Module) -> list[nn.Linear]:
    """The dense layers of a module, in order."""
    return [layer for layer in module.modules() if isinstance(layer, nn.Linear)]
