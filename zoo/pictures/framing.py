"""A picture of any size → the size a model takes: the subject cut out and centred, or the whole picture scaled."""

from __future__ import annotations

import numpy as np

from zoo.pictures.grey import FAINT, border

FILL = 20 / 28
"""Share of the frame that the subject fills, as in MNIST: "a 20x20 pixel box … in a 28x28 image"."""
WORK = 20
"""The subject is looked for in a picture reduced to at most this many times the frame: enough for LANCZOS, and quick."""
BLOCK = 4
"""Pixels a side of the squares in which connected parts are looked for; gaps in a stroke smaller than this are bridged."""
CRUMB = 0.03
"""Parts with less ink than this share of the largest part's are dust."""


def whole(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    """The whole picture, scaled to fit; what it leaves free of the frame takes the brightness of its border.

    Args:
        grey: uint8 [any, any].

    Returns:
        uint8 [height, width].
    """
    scale = min(height / grey.shape[0], width / grey.shape[1])
    size = tuple(max(1, round(scale * side)) for side in grey.shape)
    out = np.full((height, width), round(float(np.median(border(grey)))), np.uint8)
    top, left = (height - size[0]) // 2, (width - size[1]) // 2
    out[top : top + size[0], left : left + size[1]] = _resized(grey, (0, 0, *grey.shape), size)
    return out


def centred(grey: np.ndarray, height: int, width: int) -> np.ndarray | None:
    """The subject of a picture with a dark background, as MNIST's digits were made.

    The background is brought to zero and the strongest ink to 255; the bounding box of the ink is fitted into 20/28 of the
    frame with its aspect ratio kept, and the centre of mass put in the middle of the frame, to the nearest whole pixel.

    Args:
        grey: uint8 [any, any], subject brighter than its surroundings.

    Returns:
        uint8 [height, width]; `None` where nothing stands out from the background.
    """
    found = _ink(_reduced(grey, WORK * max(height, width)))
    if found is None:
        return None
    ink, threshold = found
    kept = _without_dust(ink, ink > threshold)
    rows, columns = np.flatnonzero(kept.any(1)), np.flatnonzero(kept.any(0))
    box = (int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
    sides = (box[2] - box[0], box[3] - box[1])
    scale = min(FILL * height / sides[0], FILL * width / sides[1])
    subject = _resized(ink, box, tuple(max(1, round(scale * side)) for side in sides)).astype(np.float32)
    # A thin stroke pales when it is scaled down; MNIST's strokes are full white somewhere.
    subject *= 255 / max(1.0, float(subject.max()))
    return _placed(np.asarray(np.rint(subject), np.uint8), height, width)


def _reduced(grey: np.ndarray, longest: int) -> np.ndarray:
    """Averaged over squares until no side is longer than `longest`. uint8 [h, w] → uint8 [h', w']."""
    from PIL import Image

    factor = -(-max(grey.shape) // longest)
    return np.array(Image.fromarray(grey).reduce(factor)) if factor > 1 else grey


def _ink(grey: np.ndarray) -> tuple[np.ndarray, float] | None:
    """What lies above the background, stretched to 0 … 255, and how much of it is ink for certain; `None` where none is.

    Args:
        grey: uint8 [h, w].

    Returns:
        uint8 [h, w] and the threshold: above one and a half times the border's unevenness, between a tenth and half of 255.
    """
    above = grey.astype(np.float32) - float(np.median(border(grey)))
    top = float(above.max())
    if top < FAINT:
        return None
    ink = np.rint(above.clip(0) * (255 / top)).astype(np.uint8)
    threshold = 1.5 * float(np.percentile(border(ink), 99))
    # A lower floor than a tenth would take the ringing of JPEG for ink; it would gain only the faintest rims of clean digits.
    return ink, min(max(threshold, 25.0), 127.0)


def _without_dust(ink: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Zero the ink outside of the large connected parts of `mask`, in place; returns the mask of these parts.

    Parts are looked for among squares of `BLOCK` pixels, and a ring of squares around each is left for its soft edge.

    Args:
        ink: uint8 [h, w].
        mask: bool [h, w].
    """
    pad = [(0, -side % BLOCK) for side in mask.shape]
    rows, columns = (side // BLOCK for side in np.pad(mask, pad).shape)
    blocks = np.asarray(np.pad(mask, pad).reshape(rows, BLOCK, columns, BLOCK).any((1, 3)))
    weight = np.pad(ink * mask, pad).reshape(rows, BLOCK, columns, BLOCK).sum((1, 3), dtype=np.int64)
    parts = _parts(blocks)
    weights = np.bincount(parts.ravel(), weight.ravel())
    weights[0] = 0
    kept = (weights >= CRUMB * weights.max())[parts] & blocks
    ringed, wide = np.zeros_like(kept), np.pad(kept, 1)
    for i in range(3):
        for j in range(3):
            ringed |= wide[i : i + rows, j : j + columns]
    ink[~_enlarged(ringed, mask.shape)] = 0
    return np.asarray(mask & _enlarged(kept, mask.shape))


def _enlarged(blocks: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return blocks.repeat(BLOCK, 0).repeat(BLOCK, 1)[: shape[0], : shape[1]]


def _parts(mask: np.ndarray) -> np.ndarray:
    """Number the parts connected by a side or a corner from 1; 0 elsewhere. bool [h, w] → int64 [h, w]."""
    parts = np.zeros(np.add(mask.shape, 2), np.int64)  # with a rim of zeros, so that no neighbour lies outside
    todo = {(int(i) + 1, int(j) + 1) for i, j in np.argwhere(mask)}
    number = 0
    while todo:
        number += 1
        edge = [todo.pop()]
        while edge:
            i, j = edge.pop()
            parts[i, j] = number
            near = {(i + di, j + dj) for di in (-1, 0, 1) for dj in (-1, 0, 1)} & todo
            todo -= near
            edge += near
    return parts[1:-1, 1:-1]


def _resized(grey: np.ndarray, box: tuple[int, ...], size: tuple[int, ...]) -> np.ndarray:
    """The part (top, left, bottom, right) of a picture in another size (height, width), by LANCZOS. uint8 → uint8."""
    from PIL import Image

    top, left, bottom, right = box
    image = Image.fromarray(grey).resize((size[1], size[0]), Image.Resampling.LANCZOS, box=(left, top, right, bottom))
    return np.array(image)


def _placed(subject: np.ndarray, height: int, width: int) -> np.ndarray:
    """A frame of zeros with the subject's centre of mass in its middle; what would lie outside is cut off. uint8 → uint8."""
    mass = subject.sum(dtype=np.float64)
    offsets = []
    for axis, side in enumerate((height, width)):
        centre = (subject.sum(1 - axis, dtype=np.float64) * np.arange(subject.shape[axis])).sum() / mass
        # MNIST's own centres of mass lie in [13.5, 14.5) on its pixels 0 … 27.
        offsets.append(int(np.ceil(side / 2 - centre - 0.5)))
    out = np.zeros((height, width), np.uint8)
    top, left = offsets
    inside = subject[max(0, -top) : height - top, max(0, -left) : width - left]
    out[max(0, top) : max(0, top) + inside.shape[0], max(0, left) : max(0, left) + inside.shape[1]] = inside
    return out
