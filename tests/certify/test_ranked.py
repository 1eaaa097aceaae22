"""How close one order of names is to another."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.certify import ranked

SCORES = np.array([[0.9, 0.8, 0.5, 0.45]])
RIGHT = np.array([["a", "b", "c"]])


@pytest.mark.parametrize(
    ("answers", "gap"),
    [
        (["a", "b", "c"], 0.0),
        (["b", "a", "c"], 0.1),
        (["a", "c", "b"], 0.3),
        (["c", "b", "a"], 0.4),
        (["a", "b", "d"], 0.05),  # the best that was left out may have come in
        (["d", "b", "c"], 0.45),
        (["", "", ""], np.inf),
        (["a", "a", "c"], np.inf),
    ],
)
def test_gaps_are_what_scores_would_have_to_change(answers, gap):
    assert ranked.gaps(SCORES, RIGHT, np.array([answers]))[0] == pytest.approx(gap)


def test_nothing_is_close_to_no_answer():
    """Nothing is known: no name at all, with scores far apart."""
    scores, none = np.linspace(1, 0, 4)[None], np.array([["", "", ""]])
    assert ranked.gaps(scores, none, none)[0] == 0
    assert ranked.gaps(scores, none, np.array([["a", "", ""]]))[0] > 0.3
    assert ranked.gaps(scores, none, np.array([["", "", "a"]]))[0] > 0.3


def test_margins_are_the_smallest_step():
    assert ranked.margins(SCORES)[0] == pytest.approx(0.05)


def test_what_is_no_order_has_a_flaw():
    assert ranked.flaw(SCORES, RIGHT) is None
    assert ranked.flaw(np.linspace(1, 0, 4)[None], np.array([["", "", ""]])) is None
    for scores, names in (
        (SCORES[:, :3], RIGHT),
        (SCORES[:0], RIGHT),
        (SCORES.astype(int), RIGHT),
        (SCORES[:, ::-1], RIGHT),
        (np.full((1, 4), np.nan), RIGHT),
        (SCORES, np.array([["a", "a", "c"]])),
    ):
        assert ranked.flaw(scores, names)


def test_places_that_hang_on_rounding_are_counted():
    scores = np.array([[1.0, 1.0 - 1e-9, 0.5, 0.5 - 1e-9], [3.0, 2.0, 1.0, 0.0]])
    assert ranked.close(scores, 1e-8).tolist() == [2 / 3, 0.0]
    assert ranked.close(np.zeros((1, 4)), 1e-8).tolist() == [1.0]
