"""Pictures of 256 colours: a third of the bytes, with every colour that carries a value kept as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

MOST = 256


def with_palette(image: Image, raster: Image) -> Image:
    """The image in 256 colours: those of the raster exactly, and the shades of the letters' edges as near as there is room for."""
    import PIL.Image

    first = {colour for _, colour in _counted(raster)}
    ranked = sorted(_counted(image), key=lambda entry: (entry[1] not in first, -entry[0]))
    colours = np.array([colour for _, colour in ranked])  # [colours, 3]
    palette = colours[:MOST]
    nearest = np.concatenate([np.arange(len(palette)), _nearest(colours[MOST:], palette)])
    table = np.empty(1 << 24, np.uint8)  # an index for each colour there is; those that do not occur are never looked up
    table[_packed(colours)] = nearest
    indexed = PIL.Image.fromarray(table[_packed(np.asarray(image))])
    indexed.putpalette(palette.astype(np.uint8).tobytes())
    return indexed


def _counted(image: Image) -> list[tuple[int, tuple[int, ...]]]:
    """How often each colour of an RGB image occurs."""
    found: Any = image.getcolors(image.width * image.height)
    return list(found)


def _packed(colours: np.ndarray) -> np.ndarray:
    """[..., 3] → one number each, int32."""
    red, green, blue = (colours[..., channel].astype(np.int32) for channel in range(3))
    packed: np.ndarray = (red << 16) | (green << 8) | blue
    return packed


def _nearest(colours: np.ndarray, palette: np.ndarray) -> np.ndarray:
    """Index of the most alike of `palette` [n, 3] for each of `colours` [m, 3]: int64 [m]."""
    distances = ((colours[:, None].astype(float) - palette[None]) ** 2).sum(-1)  # [m, n]
    nearest: np.ndarray = distances.argmin(1)
    return nearest
