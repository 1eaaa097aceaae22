"""Figures of word vectors are gensim's, on the same vectors."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from zoo.errors import DataError
from zoo.text.similarity import analogies, read_analogies, read_pairs, similarities

MIRROR = os.environ.get("ZOO_MIRROR")
LISTS = {"wordsim353.tsv": 353, "simlex999.txt": 999, "rg65.txt": 65}


def lists(name):
    path = Path(MIRROR or "none") / "wordvec-eval" / name
    if not path.is_file():
        pytest.skip("needs a mirror: set ZOO_MIRROR to a folder with wordvec-eval/")
    return path


@pytest.fixture(scope="module")
def theirs():
    """gensim's vectors of the words of all lists, but some, and so that some analogies hold."""
    keyed = pytest.importorskip("gensim.models").KeyedVectors
    generator = np.random.default_rng(0)
    sections = read_analogies(lists("google_questions-words.txt").read_text(encoding="utf-8").splitlines())
    pairs = [pair for name in LISTS for pair in read_pairs(lists(name).read_text(encoding="utf-8").splitlines())]
    found = [word for questions in sections.values() for question in questions for word in question]
    words = sorted({*found, *(word for pair in pairs for word in pair[:2])})
    words = [words[place] for place in generator.permutation(len(words))][: len(words) * 9 // 10]
    vectors = {word: generator.normal(size=20) for word in words}
    for questions in sections.values():  # the relation's offset, noisily
        offset = generator.normal(size=20)
        for first, second, *_ in questions:
            if first in vectors and second in vectors:
                vectors[second] = vectors[first] + offset + 0.3 * generator.normal(size=20)
    made = keyed(20)
    made.add_vectors(words, np.array([vectors[word] for word in words], np.float32))
    return made


@pytest.mark.parametrize("name", LISTS)
def test_similarities(theirs, name):
    pairs = read_pairs(lists(name).read_text(encoding="utf-8").splitlines())
    assert len(pairs) == LISTS[name]
    ours = similarities(theirs.vectors, theirs.key_to_index, pairs)
    pearson, spearman, strange = theirs.evaluate_word_pairs(str(lists(name)))
    assert ours.spearman == pytest.approx(spearman[0], abs=1e-7)
    assert ours.pearson == pytest.approx(pearson[0], abs=1e-6)
    assert 100 * (1 - ours.known / ours.pairs) == pytest.approx(strange)
    assert 0 < ours.known < ours.pairs


@pytest.mark.parametrize("among", [700, 300_000])
def test_analogies(theirs, among):
    sections = read_analogies(lists("google_questions-words.txt").read_text(encoding="utf-8").splitlines())
    ours = analogies(theirs.vectors, theirs.key_to_index, sections, among=among)
    accuracy, found = theirs.evaluate_word_analogies(str(lists("google_questions-words.txt")), restrict_vocab=among)
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
    assert np.isnan(analogies(vectors, {"a": 0}, {"s": [("a", "b", "c", "d")]}, among=3).accuracy)


def test_other_forms_are_refused():
    with pytest.raises(DataError, match="Line 2 should be word, word and number"):
        read_pairs(["a\tb\t1\n", "a b 1\n"])
    with pytest.raises(DataError, match="Line 1 should be four words below"):
        read_analogies(["a b c d\n"])
    with pytest.raises(DataError, match="Line 2 should be four words below"):
        read_analogies([": s\n", "a b c\n"])
