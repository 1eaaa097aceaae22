"""What a network saw, as one PNG for a person's eyes."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from zoo.runtime.manifest import Tensor

MOST = 400
"""Pictures on a sheet; more could not be told apart."""
SIDE = 140
"""Pixels that a picture is enlarged to at least."""
RIM = 4


def contact_sheet(values: np.ndarray, tensor: Tensor) -> bytes:
    """A PNG of the first `MOST` examples in rows, enlarged so that each pixel is a square, on a grey ground.

    Args:
        values: [n, h, w] of the input's dtype.
        tensor: the model's input.
    """
    from PIL import Image

    values = values[:MOST]
    if tensor.dtype != "uint8":
        values = np.where(values == tensor.high, 255, 0).astype(np.uint8)
    count, height, width = values.shape
    factor = max(1, math.ceil(SIDE / max(height, width)))
    columns = math.ceil(math.sqrt(count))
    tall, wide = height * factor + RIM, width * factor + RIM
    sheet = np.full((math.ceil(count / columns) * tall + RIM, columns * wide + RIM), 128, np.uint8)
    for number, value in enumerate(values):
        top, left = RIM + number // columns * tall, RIM + number % columns * wide
        sheet[top : top + height * factor, left : left + width * factor] = value.repeat(factor, 0).repeat(factor, 1)
    stream = io.BytesIO()
    Image.fromarray(sheet).save(stream, "PNG")
    return stream.getvalue()
