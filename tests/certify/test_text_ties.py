"""Answers that are decided within a module: ties, what they leave out, and the sentences they are looked for in."""

from __future__ import annotations

import numpy as np
import pytest

from tests.certify.text_model import declared
from zoo.certify.certificate import TIE
from zoo.certify.golden import Golden, _joined
from zoo.certify.measured import Measured
from zoo.certify.texts import hostile
from zoo.data.dataset import texts


@pytest.fixture
def graph():
    return declared()


def golden(margins, exact, single=None):
    """Three sentences of one word each: what the golden runs gave."""
    values = {
        "tokens": np.array([[4], [5], [6]]),
        "copied": np.zeros((3, 1), np.int64),
        "words": np.full((3, 1), "x", object),
        "score": np.array(exact),
        "margin": np.array(margins),
    }
    return Golden("test", {"text": texts("abc")}, values, values | {"score": np.array(single or exact, np.float32)})


@pytest.mark.parametrize(("margin", "explained"), [(1e-6, True), (2e-5, False), (0.3, False)])
def test_a_tie_is_explained_and_its_score_left_out(margin, explained, graph):
    right = golden([1.0, margin, 1.0], [-1.0, -2.0, -3.0])
    measured = Measured(graph, [right], ["translation", "score"])
    assert measured.limits["score"] < TIE / 2
    answers = {"translation": np.array([" the", " man", " dog"]), "score": np.array([-1.0, -7.0, -3.0], np.float32)}
    (tie,) = measured.compare(right, answers)
    assert (tie.index, tie.ours, tie.theirs, tie.margin, tie.explained) == (1, " man", " a", margin, explained)
    assert (measured.errors["score"] == 0) == explained


def test_pytorchs_own_change_of_mind_does_not_widen_the_bound(graph):
    right = golden([1.0, 1e-7, 1.0], [-1.0, -2.0, -3.0], [-1.0, -9.0, -3.0])
    assert Measured(graph, [right], ["score"]).torch_errors["score"] == 0
    right = golden([1.0, 1.0, 1.0], [-1.0, -2.0, -3.0], [-1.0, -9.0, -3.0])
    assert Measured(graph, [right], ["score"]).torch_errors["score"] == 7


def test_answers_of_several_widths_are_joined():
    assert _joined([np.array([[1, 2]]), np.array([[3]])]).tolist() == [[1, 2], [3, 0]]
    assert _joined([np.array([["a"]], object), np.array([["b", "c"]], object)]).tolist() == [["a", ""], ["b", "c"]]
    assert _joined([np.ones(2), np.zeros(1)]).tolist() == [1, 1, 0]


def test_hostile_sentences_are_of_all_kinds_and_the_same_again():
    found = hostile(64, ("Hund",), seed=3)
    assert found.tolist() == hostile(64, ("Hund",), seed=3).tolist()
    assert "" in found
    assert any(text and not text.strip() for text in found)
    assert any(len(text.split()) >= 200 for text in found)
    assert any(len(text) >= 200 and " " not in text for text in found)
    for letters in ("\t", "🙂👩🇵👍❤🦜", "אבש", "яжЯЖ", "Hund", "0123456789"):
        assert any(set(letters) & set(text) for text in found), letters
    assert all(text.encode() for text in found if text)  # nothing that UTF-8 cannot say
