"""An edge filter made by hand, on a picture of the data set."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from zoo.report.edges import Edges
from zoo.views.layers import EXAMPLE
from zoo.views.subject import LeftOut, Subject, numbers

SOURCE = "Kernels: Sobel and Feldman 1968, in Duda and Hart 1973, Pattern Classification and Scene Analysis, p. 271"
# Each takes the difference of the two sides, the middle counting double; +1 at the right, or below.
SOBEL = {
    "vertical edges": np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]], float),
    "horizontal edges": np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], float),
}


def edges(subject: Subject) -> Edges:
    """Sobel's two kernels on the first test picture, for networks with convolutions."""
    pictures = subject.pictures
    if not any(isinstance(layer, nn.Conv2d) for layer in subject.trained.modules()):
        raise LeftOut("the network has no convolution")
    if min(pictures.shape[1:]) < 3:
        raise LeftOut(f"pictures of {pictures.shape[1]}×{pictures.shape[2]} are smaller than a 3×3 kernel")
    low, high = subject.brightness
    picture = pictures[EXAMPLE]
    return Edges(
        id=subject.id,
        split="test",
        index=EXAMPLE,
        label=subject.label(EXAMPLE),
        picture=picture,
        low=low,
        high=high,
        kernels=SOBEL,
        answers={name: convolved((picture - low) / (high - low), kernel) for name, kernel in SOBEL.items()},
        source=SOURCE,
    )


def convolved(picture: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """What a convolution of a network computes: the kernel laid on the picture as it is written, without padding.

    Args:
        picture: [height, width].
        kernel: [rows, columns].

    Returns:
        float64 [height − rows + 1, width − columns + 1].
    """
    given, laid = (torch.from_numpy(np.asarray(array, np.float64))[None, None] for array in (picture, kernel))
    return numbers(functional.conv2d(given, laid)[0, 0])
