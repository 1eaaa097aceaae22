"""Many texts asked about in batches of like length: all of a batch take the time, and the memory, of the longest."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from zoo.runtime.model import Model

BATCH, PADDED = 64, 8192
"""Texts that are asked about at once, and words that they may have with all as long as the longest."""


def in_batches(
    model: Model, arrays: Mapping[str, np.ndarray], *, batch: int = BATCH, seconds: float | None = None
) -> Iterator[tuple[list[int], dict[str, np.ndarray]]]:
    """Ask a model that takes text, the shortest first.

    Args:
        model: for which `takes_text` and `is_batched` hold.
        arrays: input name → texts, object [n].
        batch: texts of a batch at most.
        seconds: for all of them, as in `Model.answer`.

    Yields:
        Places of a batch's examples in `arrays`, and their answers.
    """
    from zoo.text.batches import like_length
    from zoo.text.tokens import words_of

    sizes = [sum(len(words_of(text)) for text in texts) + 1 for texts in zip(*arrays.values(), strict=True)]
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    due = None if seconds is None else time.monotonic() + seconds
    for places in like_length(order, sizes, most=min(batch, BATCH), padded=PADDED):
        left = None if due is None else due - time.monotonic()
        yield places, model.answer({name: array[places] for name, array in arrays.items()}, seconds=left)
