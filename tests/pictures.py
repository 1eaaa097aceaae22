"""Pictures and arrays as a person's files hold them."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image, ImageDraw


def drawn(*, inverted: bool = False) -> Image.Image:
    """A slanted stroke, dark on bright as people draw it."""
    image = Image.new("L", (200, 150), 0 if inverted else 255)
    ImageDraw.Draw(image).line((60, 20, 90, 130), fill=255 if inverted else 0, width=12)
    return image


def png() -> bytes:
    """The stroke as a PNG."""
    stream = io.BytesIO()
    drawn().save(stream, "PNG")
    return stream.getvalue()


def npy(array: np.ndarray, **options: bool) -> bytes:
    """An array as an `.npy` file."""
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def idx(images: np.ndarray) -> bytes:
    """uint8 [n, h, w] as an idx file."""
    return struct.pack(">IIII", 0x803, *images.shape) + images.tobytes()
