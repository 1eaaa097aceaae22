"""An autoencoder's graphs: whole, its encoder, its decoder."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from zoo.exporting.heads import RoundingHead
from zoo.graph import Assets, Graph

BATCH = 1000
"""Pictures at once for their codes."""


class Part(nn.Module):
    """Some of a network, with the whole network as its only part.

    Args:
        network: a `zoo.training.reconstruction.Autoencoder`.
    """

    def __init__(self, network: Any) -> None:
        super().__init__()
        self.network = network


class Whole(Part):
    """Picture → picture and code."""

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 [batch, height, width] → pixels of about 0 … 1 [batch, height, width], code [batch, numbers]."""
        code = self.network.encode(image)
        return self.network.decode(code), code


class Encoder(Part):
    """Picture → code."""

    def forward(self, image: Tensor) -> Tensor:
        """uint8 [batch, height, width] → code [batch, numbers]."""
        code: Tensor = self.network.encode(image)
        return code


class Decoder(Part):
    """Code → picture."""

    def forward(self, code: Tensor) -> Tensor:
        """float32 [batch, numbers] → pixels of about 0 … 1 [batch, height, width]."""
        pixels: Tensor = self.network.decode(code)
        return pixels


def autoencoder(module: nn.Module, assets: Assets) -> Graph:
    """The whole of it: the picture as it is given back, in whole numbers, and its code."""
    pictures, code = assets.outputs
    return Graph(Whole(module), outputs=("pixels", code.name), heads=(RoundingHead(source="pixels", output=pictures.name),))


def encoder(module: nn.Module, assets: Assets) -> Graph:
    """Its first half."""
    return Graph(Encoder(module), outputs=(assets.outputs[0].name,))


def decoder(module: nn.Module, assets: Assets) -> Graph:
    """Its second half, certified on the codes of the test pictures."""
    (code,), (picture,) = assets.inputs, assets.outputs
    pictures = assets.examples.get(picture.name)
    codes = {} if pictures is None else {code.name: _codes(module, pictures)}
    head = RoundingHead(source="pixels", output=picture.name)
    return Graph(Decoder(module), outputs=("pixels",), heads=(head,), examples=codes)


def _codes(module: Any, pictures: np.ndarray) -> np.ndarray:
    """float32 [examples, numbers] of uint8 [examples, height, width]."""
    with torch.inference_mode():
        pieces = [
            module.encode(torch.from_numpy(np.array(pictures[start : start + BATCH]))) for start in range(0, len(pictures), BATCH)
        ]
    return torch.cat(pieces).numpy()  # [examples, numbers]
