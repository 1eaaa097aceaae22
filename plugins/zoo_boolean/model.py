"""Layers of threshold units with given weights."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zoo.exporting.threshold import ThresholdHead
from zoo.graph import Assets, Graph
from zoo_boolean import Function, Gate
from zoo_boolean.units import Layer, layers_of


class ThresholdNet(nn.Module):
    """Heaviside units, H(w·x + b) with H(s) = 1 for s > 0, else 0 (McCulloch & Pitts 1943; Rosenblatt 1958).

    Args:
        layers: from the inputs on; the last has one unit.
    """

    def __init__(self, layers: tuple[Layer, ...]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(layer.weights.shape[1], layer.weights.shape[0]) for layer in layers)
        self.load_state_dict(
            {f"layers.{number}.weight": torch.from_numpy(layer.weights) for number, layer in enumerate(layers)}
            | {f"layers.{number}.bias": torch.from_numpy(layer.biases) for number, layer in enumerate(layers)}
        )

    def sums(self, inputs: Tensor) -> Tensor:
        """bool [batch, n] → what the last unit adds up, float [batch]. Numbers between 0 and 1 are taken too: they show where the
        units' borders lie."""
        *hidden, last = self.layers
        assert isinstance(last, nn.Linear)
        units = inputs.to(last.weight.dtype)  # [batch, n]
        for layer in hidden:
            units = (layer(units) > 0).to(units.dtype)  # [batch, units]
        total: Tensor = last(units).squeeze(1)  # [batch]
        return total

    def forward(self, inputs: Tensor) -> Tensor:
        """bool [batch, n] → bool [batch]."""
        return self.sums(inputs) > 0


class Sums(nn.Module):
    """What is traced: all but the last threshold, which is a head so that the certificate knows how far it is from tipping.

    Args:
        network: whose sums.
    """

    def __init__(self, network: ThresholdNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor) -> Tensor:
        """bool [batch, n] → float [batch]."""
        return self.network.sums(inputs)


def build(config: Gate | Function) -> nn.Module:
    """The network of a gate or of a function."""
    return ThresholdNet(layers_of(config))


def export(module: nn.Module, assets: Assets) -> Graph:
    """The last unit's sum, and whether it is above 0."""
    del assets
    assert isinstance(module, ThresholdNet)
    return Graph(Sums(module), outputs=("sum",), heads=(ThresholdHead(),))
