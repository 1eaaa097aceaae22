"""A file or bytes → a decoded Pillow image. The one list of formats, for training on pictures and for asking a model."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from zoo.errors import DataError, IntegrityError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP")
"""As Pillow calls them."""
KINDS = "PNG, JPEG, BMP, GIF or WebP"
"""The same in words."""
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp")
HEAD = 12
"""So many first bytes say whether a file is a picture."""


def begins_like_picture(content: bytes) -> bool:
    """Whether the first bytes (`HEAD` at least) are those of one of the formats."""
    webp = content[:4] == b"RIFF" and content[8:12] == b"WEBP"
    return webp or content.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM"))


def decode(stream: BinaryIO, name: str) -> tuple[Image, int]:
    """The decoded first picture of a stream, and how many frames there are.

    Args:
        stream: opened for reading, seekable.
        name: of the picture, for messages.

    Raises:
        DataError: too large to be meant.
        IntegrityError: damaged, or none of the formats.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Above 89 million pixels Pillow warns of a decompression bomb; of damaged EXIF data `upright` says more.
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(stream, formats=FORMATS) as image:
                image.load()
                return image.copy(), int(getattr(image, "n_frames", 1))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"{name} has too many pixels for a picture to be classified; scale it down.") from None
    except Exception as error:  # Pillow's decoders raise what they like for a damaged file
        raise IntegrityError(f"{name} begins like a picture but is damaged: {str(error).rstrip('.')}.") from None


def open_picture(path: Path) -> Image:
    """The decoded (first) picture in a file.

    Raises:
        DataError: it holds no picture of these formats, a damaged one, or one too large to be meant.
        FileNotFoundError, PermissionError: of the file itself.
    """
    try:
        with path.open("rb") as stream:
            return decode(stream, str(path))[0]
    except (FileNotFoundError, PermissionError):
        raise
    except (IntegrityError, OSError):
        raise DataError(f"{path} is no picture that can be read; it should be a {KINDS}.") from None


def upright(image: Image) -> tuple[Image, list[str]]:
    """A picture turned as its EXIF orientation says, and a note where that cannot be read: then it stays as it lies."""
    from PIL import ImageOps

    try:
        with warnings.catch_warnings():
            # Pillow only warns of some damage to EXIF data; its text on stderr would help nobody.
            warnings.simplefilter("error")
            return ImageOps.exif_transpose(image), []
    except Exception:  # damaged EXIF data make Pillow raise what it likes, SyntaxError among them
        return image, ["unturned: its EXIF data are damaged, so the picture was taken as it lies"]
