"""A smaller file: weights in fewer bits.

The network is rounded first, and what is exported, certified and shipped is the rounded network: the file and PyTorch have the very
same numbers, so the certificate is as strict as any. (That of `"int8-dynamic"`, where activations are rounded too, is not: there
a step more or less is rounding.) What it costs is measured beside it, in the task's own metric.

int8 is symmetric, a scale per row of a matrix or per filter (Krishnamoorthi 2018, arXiv 1806.08342, section 2.1).
`zoo.exporting.store` writes it, `zoo.exporting.products` has what `"int8-dynamic"` does besides, and `zoo.exporting.static` all of
`"int8-static"`.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from zoo.errors import ExportError, UnknownName
from zoo.runtime.manifest import PRECISIONS, STATIC

LEAST = 1024
"""Numbers of a weight that is worth storing in fewer bits."""
STEPS = 127
"""Of int8, on either side of 0."""
SCALE_BITS = 16
"""Significant bits of a scale: with the seven of a step they are fewer than float32's 24, so that their product is exact."""


def check_precision(precision: str) -> None:
    """Refuse what weights cannot be stored in.

    Raises:
        UnknownName: it is not one of `PRECISIONS`.
    """
    if precision not in PRECISIONS:
        raise UnknownName("precision", precision, PRECISIONS, hint=f"--precision {' | '.join(PRECISIONS)}")


def rounded(module: nn.Module, precision: str) -> nn.Module:
    """A copy of a float32 module whose large weights are numbers that `precision` can store.

    Args:
        module: on the CPU.
        precision: one of `PRECISIONS`; of `"fp32"` it is the module itself. Of `"int8-static"` nothing is rounded yet: that
            takes examples (`zoo.exporting.static`).

    Raises:
        ExportError: it has no weight of `LEAST` numbers, or one that lies beyond what fp16 can hold.
    """
    if precision == "fp32":
        return module
    module = _without_normalisation(copy.deepcopy(module))
    weights = [weight for weight in module.parameters() if is_large(weight)]
    if not weights:
        raise ExportError(
            f"No weight of this model has {LEAST:,} numbers or more, so that storing it in {precision} gains nothing."
        )
    with torch.no_grad():
        for weight in weights:
            if not torch.isfinite(weight).all():
                raise ExportError(f"A weight of {list(weight.shape)} is not finite, so it cannot be stored in {precision}.")
            if precision != STATIC:
                weight.copy_(_half(weight) if precision == "fp16" else _steps(weight))
    return module


def _without_normalisation(module: nn.Module) -> nn.Module:
    """The module with each batch normalisation put into the layer before it, as the exporter does: what is rounded must be what is
    written. Pooling between the two takes the largest before or after, where no factor is negative."""
    for part in list(module.modules()):
        if not isinstance(part, nn.Sequential):
            continue
        steps = list(part.named_children())
        for place, (after, norm) in enumerate(steps[1:], 1):
            pooled = place > 1 and isinstance(steps[place - 1][1], nn.MaxPool2d)
            name, layer = steps[place - 2 if pooled else place - 1]
            if isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                if pooled and bool((norm.weight < 0).any()):
                    continue
                part._modules[name] = fuse_conv_bn_eval(layer, norm)
            elif isinstance(layer, nn.Linear) and isinstance(norm, nn.BatchNorm1d) and not pooled:
                part._modules[name] = fuse_linear_bn_eval(layer, norm)
            else:
                continue
            part._modules[after] = nn.Identity()
    return module


def is_large(weight: Tensor) -> bool:
    """Whether a weight is stored in fewer bits."""
    return weight.dim() >= 2 and weight.numel() >= LEAST and weight.is_floating_point()


def _half(weight: Tensor) -> Tensor:
    half = weight.half().float()
    if not torch.isfinite(half).all():
        raise ExportError(f"A weight of {float(weight.abs().max()):g} is beyond what fp16 can hold (65,504).")
    return half


def _steps(weight: Tensor) -> Tensor:
    """The nearest multiples of each row's own scale, 127 of which are the row's largest number."""
    rows = weight.flatten(1)  # [rows, numbers]
    scale = _short(rows.abs().amax(1, keepdim=True) / STEPS)  # [rows, 1]
    steps = (rows / scale).round().clamp(-STEPS, STEPS)
    return (steps * scale).view_as(weight)  # [rows, …]


def _short(scale: Tensor) -> Tensor:
    """Rounded to `SCALE_BITS`; 1 in the place of 0."""
    fraction, exponent = torch.frexp(scale)
    short = torch.ldexp((fraction * 2**SCALE_BITS).round() / 2**SCALE_BITS, exponent)
    return torch.where(short > 0, short, torch.ones_like(short))
