"""A picture of any kind and size → the array that a model takes. Pillow is imported here, when a picture is given."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from zoo.errors import DataError, ZooError
from zoo.runtime.examples import threshold_note, thresholded
from zoo.runtime.manifest import Picture, Tensor

if TYPE_CHECKING:
    from PIL.Image import Image


def is_image(item: Any) -> bool:
    """Whether it is one of Pillow's; where nobody has imported Pillow there can be none."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(item, pillow.Image)


def is_colour(array: np.ndarray, tensor: Tensor) -> bool:
    """Whether an array is one picture in colour, uint8 [any, any, 3 or 4], and not several of the model's own size."""
    shaped = array.ndim == 3 and array.shape[2] in (3, 4) and min(array.shape) > 0
    return array.dtype == np.uint8 and shaped and array.shape[1:] != tensor.shape[1:]


def _need_pillow(name: str) -> None:
    try:
        import PIL  # noqa: F401
    except ImportError:
        raise ZooError(f"{name} is a picture, for which Pillow is needed.", hint="pip install pillow") from None


def from_bytes(content: bytes, name: str, tensor: Tensor, picture: Picture | None) -> tuple[np.ndarray, list[str]]:
    """The first picture in the bytes of a file; otherwise as `from_image`.

    Raises:
        ZooError: Pillow is not installed.
        IntegrityError: the bytes are damaged.
    """
    _need_pillow(name)
    from zoo.pictures.decode import decode

    first, frames = decode(io.BytesIO(content), name)
    array, notes = from_image(first, name, tensor, picture)
    return array, [f"the first of {frames} frames was taken", *notes] if frames > 1 else notes


def from_image(image: Image, name: str, tensor: Tensor, picture: Picture | None) -> tuple[np.ndarray, list[str]]:
    """A picture in the form the model was trained on.

    Returns:
        [h, w] of the input's dtype, and what was done to it.

    Raises:
        DataError: the model takes no pictures.
    """
    from zoo.pictures.decode import upright
    from zoo.pictures.framing import whole
    from zoo.pictures.grey import to_grey
    from zoo.pictures.prepare import prepare

    if len(tensor.shape) != 3:
        raise DataError(f"{name} is a picture; the model takes {tensor.shape[1]} numbers each ({tensor.name}), as .npy or .npz.")
    height, width = (int(side) for side in tensor.shape[1:])
    if tensor.dtype == "uint8":
        return prepare(image, picture or Picture(height=height, width=width, background="dark", framing="whole"))
    image, notes = upright(image)
    grey = to_grey(image, "dark")
    if grey.shape != (height, width):
        notes.append(f"scaled: {grey.shape[1]}×{grey.shape[0]} became {width}×{height}")
        grey = whole(grey, height, width)
    return thresholded(grey, tensor), [*notes, threshold_note(tensor)]


def from_colour(array: np.ndarray, name: str, tensor: Tensor, picture: Picture) -> tuple[np.ndarray, list[str]]:
    """A picture in colour as an array, uint8 [any, any, 3 or 4] in the order red, green, blue, opacity; as `from_image`."""
    _need_pillow(name)
    from PIL import Image

    return from_image(Image.fromarray(array), name, tensor, picture)
