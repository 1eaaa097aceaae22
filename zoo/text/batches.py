"""Texts of like length together: all of a batch take the room, and the time, of the longest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def like_length(order: Sequence[int], sizes: Sequence[int], *, most: int, padded: int) -> Iterator[list[int]]:
    """Batches of places.

    Args:
        order: all places, by growing size.
        sizes: tokens of each text, by place.
        most: texts of a batch.
        padded: tokens of a batch, padding counted; one text alone may have more.
    """
    batch: list[int] = []
    for place in order:
        if batch and (len(batch) == most or (len(batch) + 1) * sizes[place] > padded):
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch
