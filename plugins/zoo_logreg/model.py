"""Softmax regression (Bishop, Pattern Recognition and Machine Learning, section 4.3.4)."""

from __future__ import annotations

from torch import Tensor, nn

from zoo.layers import unit_range
from zoo_logreg import Config


class SoftmaxRegression(nn.Module):
    """logits = W·x + b; weights start at zero: the loss is convex, so the start does not matter.

    Args:
        config: sizes.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.linear = nn.Linear(config.pixels, config.classes)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, image: Tensor) -> Tensor:
        """uint8 [batch, height, width] → logits [batch, classes]."""
        pixels = unit_range(image, self.linear.weight).flatten(1)  # [batch, height·width]
        logits: Tensor = self.linear(pixels)  # [batch, classes]
        return logits


def build(config: Config) -> nn.Module:
    """The untrained network."""
    return SoftmaxRegression(config)
