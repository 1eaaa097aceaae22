"""Augmentation of a batch on its device, without a loop over the pictures."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from zoo.spec import Affine, Augmentation, Elastic, Noise, Shift


def augmented(image: Tensor, augmentations: Sequence[Augmentation], share: float = 1.0) -> Tensor:
    """Apply each augmentation in turn; random numbers come from the device's global generator, so that a run's seed fixes them.

    Args:
        image: uint8 or float of 0 … 255 [batch, height, width].
        augmentations: to apply.
        share: of the pictures, drawn, that are changed; the others come out as they are.

    Returns:
        The same shape: the same dtype after whole shifts, float32 of 0 … 255 after what has to interpolate.
    """
    kind, before = image.device.type, image
    # Places are computed in float32 whatever the network is; the `meta` device knows no autocast.
    with contextlib.nullcontext() if kind == "meta" else torch.autocast(kind, enabled=False):
        for augmentation in augmentations:
            match augmentation:
                case Shift(pixels=pixels):
                    image = shifted(image, pixels)
                case Affine(degrees=degrees, zoom=zoom, slant=slant):
                    image = turned(image, degrees, zoom, slant)
                case Elastic(strength=strength, smoothness=smoothness):
                    image = warped(image, strength, smoothness)
                case Noise(deviation=deviation):
                    image = noisy(image, deviation)
    if share == 1:
        return image
    changed = torch.rand(len(image), 1, 1, device=image.device) < share  # [batch, 1, 1]
    return torch.where(changed, image, before.to(image.dtype))


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


def turned(image: Tensor, degrees: float, zoom: float, slant: float) -> Tensor:
    """Rotate, scale and slant each picture around its middle by amounts drawn uniformly; bilinear, zeros come in.

    Args:
        image: [batch, height, width], 0 … 255.
        degrees: largest rotation.
        zoom: largest change of size of an axis.
        slant: largest horizontal shear.

    Returns:
        float32 [batch, height, width].
    """
    drawn = 2 * torch.rand(4, len(image), device=image.device) - 1
    angle = drawn[0] * math.radians(degrees)
    width, height = 1 / (1 + zoom * drawn[1]), 1 / (1 + zoom * drawn[2])
    cosine, sine, shear = angle.cos(), angle.sin(), slant * drawn[3]
    zero = torch.zeros_like(angle)
    rows = [width * cosine, width * (shear * cosine - sine), zero, height * sine, height * (shear * sine + cosine), zero]
    matrices = torch.stack(rows, 1).view(-1, 2, 3)  # [batch, 2, 3]
    grid = functional.affine_grid(matrices, [len(image), 1, *image.shape[1:]], align_corners=False)  # [batch, height, width, 2]
    return sampled(image, grid)


def warped(image: Tensor, strength: float, smoothness: float) -> Tensor:
    """Move each pixel by a random field that a Gaussian has smoothed (Simard, Steinkraus & Platt 2003); bilinear, zeros come in.

    Args:
        image: [batch, height, width], 0 … 255.
        strength: of the field, pixels.
        smoothness: standard deviation of the Gaussian, pixels.

    Returns:
        float32 [batch, height, width].
    """
    batch, height, width = image.shape
    field = strength * (2 * torch.rand(batch, 2, height, width, device=image.device) - 1)
    down, across = (blur(size, smoothness, image.device) for size in (height, width))
    field = down @ field @ across  # [batch, 2, height, width]; a product with a band matrix is quicker than a convolution
    pixels = torch.tensor([2 / width, 2 / height], device=image.device)  # the grid runs from −1 to 1
    flat = torch.eye(2, 3, device=image.device).expand(batch, 2, 3)
    grid = functional.affine_grid(flat, [batch, 1, height, width], align_corners=False)  # [batch, height, width, 2]
    return sampled(image, grid + field.permute(0, 2, 3, 1) * pixels)  # [batch, height, width, 2]


def blur(size: int, deviation: float, device: torch.device) -> Tensor:
    """The matrix that smooths a line of `size` pixels by a Gaussian; symmetric, float32 [size, size]. What lies outside is 0."""
    places = torch.arange(size, device=device)
    weights = torch.exp(-(((places[:, None] - places) / deviation) ** 2) / 2)  # [size, size]
    return weights / (deviation * math.sqrt(2 * math.pi))


def noisy(image: Tensor, deviation: float) -> Tensor:
    """Add Gaussian noise of a deviation given in pixels of 0 … 1, and cut to the range.

    Args:
        image: [batch, height, width], 0 … 255.

    Returns:
        float32 [batch, height, width].
    """
    return (image + 255 * deviation * torch.randn(image.shape, device=image.device)).clamp(0, 255)


def sampled(image: Tensor, grid: Tensor) -> Tensor:
    """The picture's brightness at the places of `grid` [batch, height, width, 2] (−1 … 1): float32 [batch, height, width]."""
    pictures = image.float().unsqueeze(1)  # [batch, 1, height, width]
    found = functional.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return found.squeeze(1)  # [batch, height, width]
