"""Word vectors are judged as gensim judges them, by the lists of the zoo."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.text.vectors import ANALOGIES, PAIRS, listed, structured
from zoo.data.dataset import Dataset, texts
from zoo.errors import DataError
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.training.judged import judge_words, load_lists


@pytest.fixture(scope="module")
def theirs():
    return structured()


@pytest.fixture
def lists(zoo_registry):
    listed("rg65.txt")
    return load_lists(zoo_registry, Progress())


def made(pairs, questions):
    """A data set of these."""
    columns = [list(column) for column in zip(*pairs, strict=True)]
    splits = {
        "pairs": {**{key: texts(column) for key, column in zip(("list", "first", "second"), columns, strict=False)}},
        "analogies": dict(zip(("section", "a", "b", "c", "d"), map(texts, zip(*questions, strict=True)), strict=True)),
    }
    splits["pairs"]["score"] = np.array(columns[3], np.float64)
    return Dataset(id="made", splits=splits, classes=(), origin="here")


@pytest.mark.parametrize("among", [700, 30_000])
def test_figures_are_those_of_gensim(theirs, lists, among):
    scores = judge_words(theirs.vectors, theirs.index_to_key, lists, among=among)
    for name, count in PAIRS.items():
        _, spearman, strange = theirs.evaluate_word_pairs(str(listed(name)), dummy4unknown=False)
        score = scores.pop(name.partition(".")[0])
        assert score.value == pytest.approx(spearman[0], abs=1e-7)
        assert score.signature == f"Spearman, {round(count * (1 - strange / 100))} of {count} pairs known"
    accuracy, found = theirs.evaluate_word_analogies(str(listed(ANALOGIES)), restrict_vocab=among, dummy4unknown=False)
    assert scores["analogies"].value == pytest.approx(accuracy)
    asked, words = 0, min(among, len(theirs))
    for section in found[:-1]:  # the last is their total
        right, wrong = len(section["correct"]), len(section["incorrect"])
        asked += right + wrong
        score = scores.pop(f"analogies: {section['section']}", None)
        assert (score is None) == (right + wrong == 0)
        if score is not None:
            assert score.value == right / (right + wrong)
            assert f"3CosAdd among the {words:,} commonest words, {right + wrong:,} of " in score.signature
    everything = f"3CosAdd among the {words:,} commonest words, {asked:,} of 19,544 questions known"
    assert scores.pop("analogies").signature == everything
    assert scores == {}


def test_sections_say_their_own_numbers(theirs, lists):
    scores = judge_words(theirs.vectors, theirs.index_to_key, lists)
    asked = [score.signature.split(", ")[-1].split(" of ") for name, score in scores.items() if name.startswith("analogies: ")]
    known, questions = (sum(int(row[place].split()[0].replace(",", "")) for row in asked) for place in (0, 1))
    assert questions == 19_544
    assert f"{known:,} of 19,544" in scores["analogies"].signature


def test_what_is_no_figure_is_left_out():
    vectors = np.eye(4, dtype=np.float32)
    vectors[3] = [0, 1, 1, 0]
    data = made(
        [
            ("known", "a", "b", 1),
            ("known", "b", "d", 3),
            ("known", "a", "x", 3),
            ("one", "a", "b", 1),
            ("one", "a", "x", 2),
            ("alike", "a", "b", 1),
            ("alike", "b", "c", 2),
        ],
        [("s", "a", "b", "c", "d"), ("s", "a", "b", "c", "x"), ("none", "x", "a", "b", "c")],
    )
    scores = judge_words(vectors, list("abcd"), data)
    assert list(scores) == ["known", "analogies", "analogies: s"]
    assert scores["known"] == (pytest.approx(1), "Spearman, 2 of 3 pairs known")
    assert scores["analogies"] == (1.0, "3CosAdd among the 4 commonest words, 1 of 3 questions known")
    assert scores["analogies: s"].signature == "3CosAdd among the 4 commonest words, 1 of 2 questions known"
    assert judge_words(vectors, ["p", "q", "r", "s"], data) == {}
    assert all(math.isfinite(score.value) for score in judge_words(np.zeros((4, 4), np.float32), list("abcd"), data).values())
    with pytest.raises(ValueError, match="longer than argument 1"):
        judge_words(vectors, list("abc"), data)


def test_lists_that_cannot_be_had(zoo_registry, tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    monkeypatch.delenv("ZOO_MIRROR", raising=False)
    with pytest.raises(DataError, match=r"Data set 'wordvec\.eval' lacks wordsim353\.tsv and 3 more; tried ZOO_MIRROR \(not set\)"):
        load_lists(zoo_registry, Progress())
    with pytest.raises(DataError, match=r"judged by the data set 'wordvec\.eval', which no plugin brings\. Try: zoo plugins"):
        load_lists(Registry(), Progress())
