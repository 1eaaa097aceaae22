"""Batches of texts of like length."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from zoo.text.batches import like_length


@given(st.lists(st.integers(1, 20_000), max_size=300), st.integers(1, 100), st.integers(1, 30_000))
def test_batches_hold_every_text_once_and_no_more_than_they_may(sizes, most, padded):
    order = sorted(range(len(sizes)), key=sizes.__getitem__)
    batches = list(like_length(order, sizes, most=most, padded=padded))
    assert [place for batch in batches for place in batch] == order
    for batch, following in pairwise(batches):  # none could be larger
        assert len(batch) == most or (len(batch) + 1) * sizes[following[0]] > padded
    for batch in batches:
        assert len(batch) == 1 or (len(batch) <= most and len(batch) * max(sizes[at] for at in batch) <= padded)
