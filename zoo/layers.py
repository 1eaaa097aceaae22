"""Layers and initialisers that several plugins share. This module imports torch; import it from a plugin's `model.py`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["glorot_uniform_", "initialise_glorot", "unit_range"]


def unit_range(image: Tensor, like: Tensor) -> Tensor:
    """uint8 pixels 0 … 255 → 0 … 1 in the dtype of `like`: the first layer of every picture model, so that what is trained ships.

    Args:
        image: uint8, any shape.
        like: a weight of the next layer; its dtype is the one to compute in (float64 for a golden run).
    """
    return image.to(like.dtype) / 255


def glorot_uniform_(weight: Tensor) -> None:
    """Fill with U(−a, a), a = √(6 / (fan_in + fan_out)): Glorot & Bengio 2010, equation 16; fans counted as Keras does."""
    nn.init.xavier_uniform_(weight)


def initialise_glorot(module: nn.Module) -> None:
    """Keras's default for Dense and Conv2D: Glorot uniform weights, zero biases."""
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            glorot_uniform_(layer.weight)
            if layer.bias is not None:
                torch.nn.init.zeros_(layer.bias)
