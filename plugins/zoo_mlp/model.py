"""The multilayer perceptron (Rumelhart, Hinton & Williams 1986), with dropout (Srivastava et al. 2014)."""

from __future__ import annotations

from torch import Tensor, nn

from zoo.layers import Dropout, initialise_glorot, unit_range
from zoo_mlp import Config

ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}


class MLP(nn.Module):
    """Linear layers with an activation and dropout after each but the last.

    Args:
        config: widths, activations, dropout.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        steps: list[nn.Module] = []
        width = config.pixels
        for layer in config.layers:
            steps += [nn.Linear(width, layer.units), ACTIVATIONS[layer.activation]()]
            if layer.dropout:
                steps.append(Dropout(layer.dropout))
            width = layer.units
        self.hidden = nn.Sequential(*steps)
        self.output = nn.Linear(width, config.classes)
        initialise_glorot(self)

    def forward(self, image: Tensor) -> Tensor:
        """uint8 [batch, height, width] → logits [batch, classes]."""
        pixels = unit_range(image, self.output.weight).flatten(1)  # [batch, height·width]
        logits: Tensor = self.output(self.hidden(pixels))  # [batch, classes]
        return logits


def build(config: Config) -> nn.Module:
    """The untrained network."""
    return MLP(config)
