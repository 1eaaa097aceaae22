"""A person's picture → the array a model takes. The same for training on own pictures and for asking a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from zoo.pictures.decode import upright
from zoo.pictures.framing import centred, whole
from zoo.pictures.grey import background_of, contrast, to_grey

if TYPE_CHECKING:
    from PIL.Image import Image

EVEN = 8
"""A picture whose values differ by less than this shows nothing."""


class Form(Protocol):
    """How a picture enters a model: what `zoo.spec.Picture` declares and an artifact's `picture` says."""

    @property
    def height(self) -> int: ...

    @property
    def width(self) -> int: ...

    @property
    def background(self) -> str: ...

    @property
    def framing(self) -> str: ...


def prepare(image: Image, picture: Form) -> tuple[np.ndarray, list[str]]:
    """Bring a picture into the form that `picture` describes.

    Grey; upright by its EXIF orientation, where that can be read; transparent parts show the background; inverted when its
    border says that it has the other background; then framed, unless it has the right size already.

    Args:
        image: of any mode and size.
        picture: what the model was trained on.

    Returns:
        uint8 [picture.height, picture.width], and what was done beside the conversion to grey, for the person who asked.

    Raises:
        OSError: the image's file is damaged.
    """
    size = (picture.height, picture.width)
    bright = picture.background == "bright"
    empty = np.full(size, 255 if bright else 0, np.uint8)
    if 0 in image.size:
        return empty, ["blank: the picture has no pixels"]
    image, notes = upright(image)
    grey = to_grey(image, "bright" if bright else "dark")
    if (found := background_of(grey)) != picture.background:
        grey = 255 - grey
        words = {"bright": "dark on bright", "dark": "bright on dark"}
        notes.append(f"inverted: {words[found]} became {words[picture.background]}")
    low, high = contrast(grey)
    if high - low < EVEN:
        notes.append("blank: the picture is of one even brightness")
    if grey.shape == size:
        return grey, notes
    was, now = f"{grey.shape[1]}×{grey.shape[0]}", f"{picture.width}×{picture.height}"
    if picture.framing == "whole":
        same = grey.shape[0] * picture.width == grey.shape[1] * picture.height
        notes.append(f"scaled: {was} became {now}" + ("" if same else ", padded with its background"))
        return whole(grey, *size), notes
    framed = centred(255 - grey if bright else grey, *size)
    if framed is None:
        if not any(note.startswith("blank") for note in notes):
            notes.append("blank: nothing stands out from the background")
        return empty, notes
    notes.append(f"centred: the subject was cut out of {was}, scaled and put in the middle of {now}")
    return (255 - framed if bright else framed), notes
