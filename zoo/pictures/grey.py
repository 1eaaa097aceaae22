"""Any Pillow image → uint8 grey [height, width], and which way round it is: dark on bright or bright on dark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

FAINT = 24
"""Contrast below which nothing stands out: noise of JPEG and cameras stays under it, a light pencil does not."""
SURVEY = 128
"""Longest side of the reduced picture in which contrast is looked for, so that one stray pixel does not decide."""
WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
Background = Literal["dark", "bright"]


def to_grey(image: Image, background: Background) -> np.ndarray:
    """Grey values of an image of any mode, as it lies: `zoo.pictures.decode.upright` turns it.

    What is transparent shows `background`; when the whole subject is of that brightness too and would vanish, it shows the
    opposite. 16-bit values are scaled by 1/257.

    Returns:
        uint8 [height, width].

    Raises:
        OSError: the image's file is damaged.
    """
    if image.mode.startswith("I") or image.mode == "F":
        return _deep(np.asarray(image))
    if image.mode not in WITH_ALPHA and "transparency" not in image.info:
        return np.array(image.convert("RGB").convert("L") if image.mode not in ("1", "L") else image.convert("L"))
    if image.mode == "La":  # Pillow has no direct way from there
        image = image.convert("LA")
    grey, alpha = (np.asarray(band, np.float32) for band in image.convert("RGBA").convert("LA").split())
    paper = _value(background)
    seen = grey[alpha > 127]
    if alpha.min() < 255 and seen.size and np.abs(seen - paper).max() < 128:
        paper = 255 - paper
    return np.asarray(np.rint((grey * alpha + paper * (255 - alpha)) / 255), np.uint8)


def _deep(values: np.ndarray) -> np.ndarray:
    """Deep values as uint8: integers are 0 … 65535 (0 … 255 where none is above), floats 0 … 1 or 0 … 255."""
    deep = np.nan_to_num(values.astype(np.float64))
    most = deep.max(initial=0)
    if values.dtype.kind == "f":
        deep *= 255 if most <= 1 else 1
    elif values.dtype == np.uint16 or most > 255:
        deep /= 257
    return np.asarray(np.rint(deep.clip(0, 255)), np.uint8)


def _value(background: Background) -> int:
    return 255 if background == "bright" else 0


def border(grey: np.ndarray) -> np.ndarray:
    """The outermost pixels, one in fifty of the shorter side deep. [height, width] → [n]."""
    deep = max(1, min(grey.shape) // 50)
    inner = grey[deep:-deep, deep:-deep]
    if not inner.size:
        return grey.ravel()
    frame = np.ones(grey.shape, bool)
    frame[deep:-deep, deep:-deep] = False
    return np.asarray(grey[frame])


def contrast(grey: np.ndarray) -> tuple[int, int]:
    """The darkest and the brightest value, after averaging over small squares. uint8 [height, width] → (low, high)."""
    from PIL import Image

    image = Image.fromarray(grey)
    factor = max(1, -(-max(grey.shape) // SURVEY))
    low, high = image.reduce(factor).getextrema()
    return int(low), int(high)  # type: ignore[arg-type]  # a pair of numbers for mode L


def background_of(grey: np.ndarray) -> Background:
    """Which end of the picture's own range its border lies at, by the median; of an even picture, its brightness decides.

    Relative to the picture's own range, because paper photographed in the evening is darker than a bright grey.

    Args:
        grey: uint8 [height, width].
    """
    low, high = contrast(grey)
    middle = (low + high) / 2 if high - low >= FAINT else 127
    return "bright" if np.median(border(grey)) > middle else "dark"
