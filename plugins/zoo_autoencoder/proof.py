"""How far a linear autoencoder is from principal components, which no linear code of as many numbers can beat."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from zoo.certify.proof import Answer, Proof, floored
from zoo.spec import ModelSpec
from zoo_autoencoder import Config

if TYPE_CHECKING:
    from torch import nn

    from zoo.data.dataset import Dataset

CHUNK = 10_000
"""Pictures at once in float64: 63 MB."""
ROUNDING = 1e-9
"""Share, of sums in float64."""


def prove(spec: ModelSpec, module: nn.Module, dataset: Dataset, answer: Answer) -> Sequence[Proof]:  # noqa: ARG001
    """How far the error on the training split lies above the least that any affine code and decoder can have: that of the
    projection on the first principal components (Eckart & Young 1936, Psychometrika 1, 211-218; Baldi & Hornik 1989). Nothing
    where `--set config.…` made the network another than affine, or its code large enough for all that varies."""
    config = spec.config
    assert isinstance(config, Config)
    if (config.encoder, config.decoder, config.filters, config.code_activation, config.output) != ((), (), (), "linear", "linear"):
        return []
    images = dataset.splits["train"]["image"]
    pixels = images.reshape(len(images), -1)  # [pictures, height·width]
    numbers = config.numbers
    spectrum, directions = _components(pixels)
    least = float(spectrum[numbers:].sum()) / pixels.shape[1]
    if least <= ROUNDING:  # a code that can hold all that varies
        return []
    error, angle = _error(module, images), _angle(module, directions[:, :numbers])
    above = error / least - 1
    return [
        Proof(
            claim=f"On the {len(images):,} training pictures its mean squared error, before pixels are rounded, is {error:.8f}; no "
            f"affine code of {numbers} numbers has less than {floored(least, 8)}, the error of {numbers} principal components: it "
            "lies "
            f"{above:.2%} above. The largest angle between what it can draw and what they can is {angle:.1f}°.",
            method="Eigenvalues of the covariance, in float64 (Eckart & Young 1936); principal angles by Björck & Golub (1973).",
            holds=above >= -ROUNDING,
        )
    ]


def _components(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances along the principal components, falling, float64 [pixels], and their directions, [pixels, pixels] by column.

    Args:
        pixels: uint8 [pictures, pixels].
    """
    size = pixels.shape[1]
    moments, total = np.zeros((size, size)), np.zeros(size)
    for part in np.array_split(pixels, max(1, len(pixels) // CHUNK)):
        values = part / 255
        moments += values.T @ values
        total += values.sum(0)
    mean = total / len(pixels)
    spectrum, directions = np.linalg.eigh(moments / len(pixels) - np.outer(mean, mean))
    return spectrum[::-1].clip(min=0), directions[:, ::-1]


def _error(module: nn.Module, images: np.ndarray) -> float:
    """Mean over pixels and pictures of the squared difference, in float64."""
    import torch

    exact = copy.deepcopy(module).double()
    sums = 0.0
    with torch.inference_mode():
        for part in torch.split(torch.from_numpy(np.ascontiguousarray(images)), CHUNK):
            values = part.double()
            sums += float((exact(values)[0] - values / 255).square().sum())
    return sums / images.size


def _angle(module: nn.Module, components: np.ndarray) -> float:
    """The largest angle between the decoder's columns and `components` [pixels, numbers], in degrees (Björck & Golub 1973)."""
    (weight,) = (parameter for parameter in module.decoder.parameters() if parameter.dim() > 1)  # type: ignore[union-attr]
    basis, _ = np.linalg.qr(weight.detach().double().numpy())
    cosines = np.linalg.svd(basis.T @ components, compute_uv=False)
    return float(np.degrees(np.arccos(cosines.min().clip(max=1))))
