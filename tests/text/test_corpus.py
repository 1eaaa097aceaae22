"""A text as a map of ids: every word in its order, however the bytes come."""

from __future__ import annotations

import itertools
import unicodedata
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import DataError
from zoo.text import corpus as module
from zoo.text.corpus import END, TOKENS, WORDS, read_corpus, word_pattern

KEYS = itertools.count()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """`made(chunks)`: a corpus that was in no cache."""
    folder = tmp_path_factory.mktemp("corpora")
    return lambda chunks: read_corpus(lambda: chunks, folder, str(next(KEYS)))


def lines_of(corpus):
    """The words of each line, as they were read."""
    lines = [[]]
    for token in corpus.tokens:
        if token == END:
            lines.append([])
        else:
            lines[-1].append(corpus.words[token])
    return [line for line in lines if line]


@given(st.text(st.sampled_from("aB éÉß9_-'\n\t İ中αΩ"), min_size=1), st.integers(1, 7))
@settings(max_examples=200)
def test_words_and_lines_are_those_of_the_text_however_it_is_cut(made, text, size):
    raw = text.encode()
    chunks = [raw[start : start + size] for start in range(0, len(raw), size)]
    expected = [word_pattern().findall(line) for line in unicodedata.normalize("NFC", text.lower()).split("\n")]
    expected = [line for line in expected if line]
    if not expected:
        with pytest.raises(DataError, match="holds no word"):
            made(chunks)
        return
    corpus = made(chunks)
    assert "".join("".join(line) for line in lines_of(corpus)) == "".join("".join(line) for line in expected)
    if " " in text and size > len(raw):
        assert lines_of(corpus) == expected
    counts = Counter(corpus.tokens[corpus.tokens != END].tolist())
    assert [counts[place] for place in range(len(corpus.words))] == corpus.counts.tolist()
    assert (np.diff(corpus.counts) <= 0).all()
    assert not ((corpus.tokens[1:] == END) & (corpus.tokens[:-1] == END)).any()


def test_a_word_is_not_cut_between_chunks(made):
    text = "Fellow-Citizens of the Senate\nand the House "
    raw = text.encode() * 50
    whole = made([raw])
    for size in (40, 64, 333):
        parts = made([raw[start : start + size] for start in range(0, len(raw), size)])
        assert parts.words == whole.words
        assert np.array_equal(parts.tokens, whole.tokens)
    assert whole.words[:3] == ["the", "fellow", "citizens"]
    assert lines_of(whole)[0] == ["fellow", "citizens", "of", "the", "senate"]


def test_the_cache_is_read_and_not_made_again(tmp_path):
    first = read_corpus(lambda: [b"one two two"], tmp_path, "key")
    again = read_corpus(lambda: pytest.fail("it is in the cache"), tmp_path, "key")
    assert (first.words, first.tokens.tolist()) == (again.words, again.tokens.tolist()) == (["two", "one"], [1, 0, 0])


@pytest.mark.parametrize("name", [TOKENS, WORDS])
@pytest.mark.parametrize("damage", ["gone", "cut", "cut by a word", "noise"])
def test_a_damaged_cache_is_made_again(name, damage, tmp_path):
    first = read_corpus(lambda: [b"one two two"], tmp_path, "key")
    (file,) = tmp_path.rglob(name)
    held = file.read_bytes()
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes({"cut": held[:-1], "cut by a word": held[:-4], "noise": bytes(7)}[damage])
    again = read_corpus(lambda: [b"one two two"], tmp_path, "key")
    assert (first.words, [1, 0, 0]) == (again.words, again.tokens.tolist())


def test_what_fails_leaves_nothing_in_the_cache(tmp_path):
    def broken():
        yield b"some words"
        raise DataError("The disk is gone.")

    with pytest.raises(DataError, match="The disk is gone"):
        read_corpus(broken, tmp_path, "key")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert read_corpus(lambda: [b"some words"], tmp_path, "key").words == ["some", "words"]


def test_what_is_no_text_is_refused(made):
    with pytest.raises(DataError, match="NUL byte"):
        made([b"PK\x03\x04\0\0"])
    latin = "Ärger über Öl und Übel ".encode("latin-1")
    with pytest.raises(DataError, match="is no UTF-8"):
        made([latin * 100])
    with pytest.raises(DataError, match="is no UTF-8"):
        made(itertools.chain([latin * 10_000], iter(lambda: pytest.fail("read to the end"), None)))
    with pytest.raises(DataError, match="holds no word"):
        made([b"... --- ...\n"])
    with pytest.raises(DataError, match="holds no word"):
        made([])


def test_a_few_strange_bytes_part_words_and_are_counted(made):
    corpus = made([b"\xef\xbb\xbfcaf\xe9 noir " + b"plain words " * 100])
    assert corpus.strange == 1
    assert lines_of(corpus)[0][:3] == ["caf", "noir", "plain"]


def test_where_they_stand_makes_no_difference(made):
    """The first file of a folder may be a small one in another encoding."""
    assert made([b"caf\xe9 abc\n", b"plain words " * 100]).strange == 1


def test_marks_belong_to_their_letters(made):
    text = "हिन्दी भाषा e\u0301te\u0301 İstanbul \u0301 a_b"
    assert lines_of(made([text.encode()])) == [["हिन्दी", "भाषा", "été", "i\u0307stanbul", "a", "b"]]


def test_blocks_are_put_in_order_one_by_one(made, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 7)
    corpus = made([b"a b b c c c\n" * 20])
    assert corpus.words == ["c", "b", "a"]
    assert corpus.tokens.tolist() == [2, 1, 1, 0, 0, 0, END] * 20
