"""Figures of word vectors are gensim's, on the same vectors."""

from __future__ import annotations

import numpy as np
import pytest

from tests.text.vectors import ANALOGIES, PAIRS, listed, structured
from zoo.errors import DataError
from zoo.text.similarity import analogies, read_analogies, read_pairs, similarities


@pytest.fixture(scope="module")
def theirs():
    return structured()


@pytest.mark.parametrize("name", PAIRS)
def test_similarities(theirs, name):
    pairs = read_pairs(listed(name).read_text(encoding="utf-8").splitlines())
    assert len(pairs) == PAIRS[name]
    ours = similarities(theirs.vectors, theirs.key_to_index, pairs)
    pearson, spearman, strange = theirs.evaluate_word_pairs(str(listed(name)))
    assert ours.spearman == pytest.approx(spearman[0], abs=1e-7)
    assert ours.pearson == pytest.approx(pearson[0], abs=1e-6)
    assert 100 * (1 - ours.known / ours.pairs) == pytest.approx(strange)
    assert 0 < ours.known < ours.pairs


@pytest.mark.parametrize("among", [700, 300_000])
def test_analogies(theirs, among):
    sections = read_analogies(listed(ANALOGIES).read_text(encoding="utf-8").splitlines())
    ours = analogies(theirs.vectors, theirs.key_to_index, sections, among=among)
    accuracy, found = theirs.evaluate_word_analogies(str(listed(ANALOGIES)), restrict_vocab=among)
    assert ours.questions == 19_544
    for section in found[:-1]:  # the last is their total
        right, wrong = len(section["correct"]), len(section["incorrect"])
        assert (ours.right[section["section"]], ours.asked[section["section"]]) == (right, right + wrong)
    assert ours.accuracy == pytest.approx(accuracy)
    assert 0 < sum(ours.right.values()) < sum(ours.asked.values())


def test_nothing_known_is_no_figure():
    vectors = np.eye(3)
    nothing = similarities(vectors, {"a": 0, "b": 1, "c": 2}, [("a", "x", 1.0), ("a", "b", 2.0)])
    assert np.isnan(nothing.spearman)
    assert (nothing.known, nothing.pairs) == (1, 2)
    alike = similarities(vectors, {"a": 0, "b": 1, "c": 2}, [("a", "b", 1.0), ("b", "c", 2.0)])
    assert np.isnan(alike.spearman)
    assert np.isnan(alike.pearson)
    assert np.isnan(analogies(vectors, {"a": 0}, {"s": [("a", "b", "c", "d")]}, among=3).accuracy)


def test_other_forms_are_refused():
    with pytest.raises(DataError, match="Line 2 should be word, word and number"):
        read_pairs(["a\tb\t1\n", "a b 1\n"])
    with pytest.raises(DataError, match="Line 1 should be four words below"):
        read_analogies(["a b c d\n"])
    with pytest.raises(DataError, match="Line 2 should be four words below"):
        read_analogies([": s\n", "a b c\n"])
