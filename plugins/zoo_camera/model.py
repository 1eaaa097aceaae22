"""The four-pixel camera: 4-4-4-8-4 units, tanh, tanh, ReLU, softmax; 116 parameters."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from zoo.layers import initialise_glorot
from zoo_camera import Config

# Kernels are inputs × outputs; rows of the first are the pixels p00, p01, p10, p11.
HAND_KERNELS: tuple[list[list[int]], ...] = (
    # sums and differences down each column
    [[1, 0, 1, 0], [0, 1, 0, 1], [1, 0, -1, 0], [0, 1, 0, -1]],
    # differences and sums of those across: vertical, solid, diagonal, horizontal, up to order and sign
    [[1, -1, 0, 0], [1, 1, 0, 0], [0, 0, 1, -1], [0, 0, -1, -1]],
    # a unit for each sign, so that a picture and its negative both fire
    [[1, -1, 0, 0, 0, 0, 0, 0], [0, 0, 1, -1, 0, 0, 0, 0], [0, 0, 0, 0, 1, -1, 0, 0], [0, 0, 0, 0, 0, 0, 1, -1]],
    # both signs speak for the same class
    [[1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 1]],
)
SIZES = (4, 4, 4, 8, 4)


class Camera(nn.Module):
    """Four dense layers over four pixels.

    Args:
        config: how the weights start.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.first, self.second, self.third, self.last = (nn.Linear(before, after) for before, after in pairwise(SIZES))
        initialise_glorot(self)
        nn.init.constant_(self.third.bias, config.relu_bias)
        if config.weights == "hand":
            self.load_hand_weights()

    def load_hand_weights(self) -> None:
        """Set the kernels worked out by hand; all biases are 0."""
        with torch.no_grad():
            for layer, kernel in zip((self.first, self.second, self.third, self.last), HAND_KERNELS, strict=True):
                layer.weight.copy_(torch.tensor(kernel, dtype=torch.float32).T)  # [outputs, inputs]

    def forward(self, pixels: Tensor) -> Tensor:
        """float [batch, 2, 2], −1 or +1 → logits [batch, 4]."""
        units = pixels.to(self.first.weight.dtype).flatten(1)  # [batch, 4]
        units = torch.tanh(self.first(units))  # [batch, 4]
        units = torch.tanh(self.second(units))  # [batch, 4]
        units = torch.relu(self.third(units))  # [batch, 8]
        logits: Tensor = self.last(units)  # [batch, 4]
        return logits


def build(config: Config) -> nn.Module:
    """The network, with hand weights or random ones."""
    return Camera(config)
