"""A convolutional network (LeCun et al. 1998, Gradient-based learning applied to document recognition)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zoo.layers import Dropout, initialise, unit_range
from zoo_cnn import Config


class CNN(nn.Module):
    """Convolutions with ReLU and max-pooling, then dense layers.

    Args:
        config: channels, kernels, widths, dropout.
    """

    def __init__(self, config: Config) -> None:
        super().__init__()
        steps: list[nn.Module] = []
        channels = 1
        for layer in config.convolutions:
            steps.append(nn.Conv2d(channels, layer.channels, layer.kernel, layer.stride, layer.padding, bias=not layer.norm))
            if layer.pool > 1:
                # ReLU keeps the order of values, so pooling first gives the same with a quarter of the work.
                steps.append(nn.MaxPool2d(layer.pool))
            if layer.norm:
                steps.append(nn.BatchNorm2d(layer.channels))
            steps.append(nn.ReLU())
            channels = layer.channels
        if config.feature_dropout:
            steps.append(Dropout(config.feature_dropout))
        self.features = nn.Sequential(*steps)
        self.mean, self.deviation, self.margin = config.mean, config.deviation, config.margin
        side = config.size - 2 * config.margin
        with torch.no_grad():
            width = self.features.eval()(torch.zeros(1, 1, side, side)).numel()
        dense: list[nn.Module] = []
        for units in config.dense:
            dense += [nn.Linear(width, units), nn.ReLU()]
            width = units
        if config.dense_dropout:
            dense.append(Dropout(config.dense_dropout))
        self.dense = nn.Sequential(*dense)
        self.output = nn.Linear(width, config.classes)
        if config.weights != "torch":
            initialise(self, config.weights, config.biases)
        self.train()
        # Convolutions over few channels run faster with the channels of a pixel side by side.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, image: Tensor) -> Tensor:
        """uint8 [batch, height, width] → logits [batch, classes]."""
        height, width = image.shape[1:]
        image = image[:, self.margin : height - self.margin, self.margin : width - self.margin]
        pixels = (unit_range(image, self.output.weight) - self.mean) / self.deviation
        pixels = pixels.unsqueeze(1)  # [batch, 1, height, width] less the margins
        maps = self.features(pixels)  # [batch, channels, rows, columns]
        logits: Tensor = self.output(self.dense(maps.flatten(1)))  # [batch, classes]
        return logits


def build(config: Config) -> nn.Module:
    """The untrained network."""
    return CNN(config)
