"""Layers and initialisers that several plugins share. This module imports torch; import it from a plugin's `model.py`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["WEIGHTS", "Dropout", "glorot_uniform_", "initialise", "initialise_glorot", "unit_range"]


def unit_range(image: Tensor, like: Tensor) -> Tensor:
    """Pixels 0 … 255 → 0 … 1 in the dtype of `like`: the first layer of every picture model, so that what is trained ships.

    Args:
        image: uint8, or float as an augmentation leaves it; any shape.
        like: a weight of the next layer; its dtype is the one to compute in (float64 for a golden run).
    """
    return image.to(like.dtype) / 255


def glorot_uniform_(weight: Tensor) -> None:
    """Fill with U(−a, a), a = √(6 / (fan_in + fan_out)): Glorot & Bengio 2010, equation 16; fans counted as Keras does."""
    nn.init.xavier_uniform_(weight)


WEIGHTS: dict[str, Callable[[Tensor], object]] = {
    "glorot": glorot_uniform_,
    "glorot-normal": nn.init.xavier_normal_,
    "he": partial(nn.init.kaiming_normal_, nonlinearity="relu"),
    "truncated": partial(nn.init.trunc_normal_, std=0.1, a=-0.2, b=0.2),
    "uniform": partial(nn.init.uniform_, a=-0.05, b=0.05),
    "zeros": nn.init.zeros_,
}
"""How weights start: Glorot & Bengio 2010 (equation 16, and its normal form), He et al. 2015 (arXiv 1502.01852, equation 10),
TensorFlow's truncated normal of deviation 0.1 (drawn again beyond two deviations), Keras 1's uniform of ±0.05."""


def initialise(module: nn.Module, weights: str, biases: float | str = 0.0) -> None:
    """Start all dense layers and convolutions of `module`.

    Args:
        module: changed in place.
        weights: a key of `WEIGHTS`.
        biases: what they are filled with; or a key of `WEIGHTS` that needs no fans: `"truncated"`, `"uniform"`, `"zeros"`.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            WEIGHTS[weights](layer.weight)
            if layer.bias is not None:
                if isinstance(biases, str):
                    WEIGHTS[biases](layer.bias)
                else:
                    nn.init.constant_(layer.bias, biases)


def initialise_glorot(module: nn.Module) -> None:
    """Keras's default for Dense and Conv2D: Glorot uniform weights, zero biases."""
    initialise(module, "glorot")


class Dropout(nn.Dropout):
    """Dropout (Srivastava et al. 2014): each value is kept with probability 1 − p and then divided by it, or set to zero.

    As `torch.nn.Dropout`, which draws one number after the other on a CPU and so costs a fifth of the training of a small
    network there. This one draws 64 bits at once for four values (eight, where p is a multiple of 1/256): p is rounded to a
    multiple of 2⁻¹⁶, and the values that are kept are divided by what was really kept. Random numbers come from the
    device's global generator, so that a run's seed fixes them. On other devices it is torch's own.

    Args:
        p: share of the values that is set to zero, 0 ≤ p < 1.
    """

    def __init__(self, p: float) -> None:
        if not 0 <= p < 1:
            raise ValueError(f"p is a share of the values, at least 0 and below 1, not {p}")
        super().__init__(p)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        """Floating point, any shape and dtype → the same; in evaluation mode, the values as they are."""
        if not self.training or not self.p:
            return input
        if input.device.type != "cpu" or torch.compiler.is_compiling():
            return functional.dropout(input, self.p)
        return input * _mask(input, self.p)


def _mask(values: Tensor, p: float) -> Tensor:
    """0 with probability p, else 1 / (1 − p): dtype, shape and memory layout of `values`."""
    bits = 8 if (p * 256).is_integer() else 16
    span = 1 << bits
    kept = span - round(p * span)  # of the `span` numbers that may be drawn
    drawn = torch.empty(-(-values.numel() * bits // 64), dtype=torch.int64).random_(-(2**63), None)  # [values / (64 / bits)]
    numbers = drawn.view(torch.int8 if bits == 8 else torch.int16)[: values.numel()]  # [values]
    least = kept - span // 2
    # −1 (all bits set) below `least`, else 0. A comparison would give booleans, which are slow to compute with.
    numbers.clamp_(least - 1, least).sub_(least)
    scale = torch.tensor(span / kept, dtype=values.dtype)
    if values.element_size() == 2:  # bfloat16, float16: the bits of the scale, all or none of them
        mask = numbers.to(torch.int16).bitwise_and_(scale.view(torch.int16)).view(values.dtype)
    else:
        mask = numbers.to(values.dtype).mul_(-scale)
    return mask.as_strided(values.shape, torch.empty_like(values).stride())
