"""Augmentation of a batch on its device, without a loop over the pictures."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from zoo.spec import Augmentation


def augmented(image: Tensor, augmentations: Sequence[Augmentation]) -> Tensor:
    """Apply each augmentation in turn; random numbers come from the device's global generator, so that a run's seed fixes them."""
    for augmentation in augmentations:
        image = shifted(image, augmentation.pixels)
    return image


def shifted(image: Tensor, pixels: int) -> Tensor:
    """Move each picture by whole pixels drawn uniformly from −pixels … pixels on either axis; zeros come in.

    Args:
        image: [batch, height, width], any dtype.
    """
    if not pixels:
        return image
    batch, height, width = image.shape
    padded = functional.pad(image, (pixels, pixels, pixels, pixels))  # [batch, height + 2p, width + 2p]
    span = 2 * pixels + 1
    top = torch.randint(span, (2, batch, 1), device=image.device)
    rows = top[0] + torch.arange(height, device=image.device)  # [batch, height]
    columns = top[1] + torch.arange(width, device=image.device)  # [batch, width]
    stride = width + 2 * pixels
    flat = (rows * stride)[:, :, None] + columns[:, None, :]  # [batch, height, width]
    return padded.flatten(1).gather(1, flat.flatten(1)).view(batch, height, width)  # [batch, height, width]
