"""Files of word vectors: other programs read from them what was written."""

from __future__ import annotations

import errno

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from zoo.text import formats
from zoo.text.formats import write_projector, write_word2vec

WORDS = ["the", "straße", "日本語", "naïve", "1790", "é"]
SAME_FOLDER = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def vectors_of(words, numbers=7):
    """float32 [words, numbers] of all sizes."""
    generator = np.random.default_rng(0)
    sizes = np.exp(generator.uniform(-30, 30, (len(words), numbers)))
    return (generator.normal(size=(len(words), numbers)) * sizes).astype(np.float32)


def read(path, *, binary):
    return pytest.importorskip("gensim.models").KeyedVectors.load_word2vec_format(str(path), binary=binary)


@pytest.mark.parametrize("binary", [False, True])
def test_gensim_reads_equal_vectors_and_writes_equal_bytes(binary, tmp_path):
    vectors = vectors_of(WORDS)
    size = write_word2vec(tmp_path / "x", WORDS, vectors, binary=binary)
    assert size == (tmp_path / "x").stat().st_size
    keyed = read(tmp_path / "x", binary=binary)
    assert keyed.index_to_key == WORDS
    assert keyed.vectors.dtype == np.float32
    np.testing.assert_array_equal(keyed.vectors, vectors)
    keyed.save_word2vec_format(str(tmp_path / "y"), binary=binary)
    assert (tmp_path / "x").read_bytes() == (tmp_path / "y").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x", "y"]


@SAME_FOLDER
@given(
    words=st.lists(st.from_regex(r"[^\W_]+", fullmatch=True), min_size=1, max_size=8, unique=True),
    data=st.data(),
    binary=st.booleans(),
)
def test_odd_words_and_odd_numbers_come_back(words, data, binary, tmp_path):
    numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
    vectors = data.draw(arrays.arrays(np.float32, (len(words), 3), elements=numbers))
    write_word2vec(tmp_path / "x", words, vectors, binary=binary)
    keyed = read(tmp_path / "x", binary=binary)
    assert keyed.index_to_key == words
    np.testing.assert_array_equal(keyed.vectors, vectors)


def test_the_projector_gets_two_tables(tmp_path):
    vectors, counts = vectors_of(WORDS), np.arange(60, 0, -10)
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "kept").write_text("a person's own")
    files = write_projector(tmp_path / "p", WORDS, counts, vectors)
    assert {path.name: size for path, size in files.items()} == {
        path.name: path.stat().st_size for path in (tmp_path / "p").glob("*.tsv")
    }
    table = (tmp_path / "p" / "vectors.tsv").read_text(encoding="utf-8")
    read_back = np.array([line.split("\t") for line in table.splitlines()], np.float32)
    np.testing.assert_array_equal(read_back, vectors)
    lines = (tmp_path / "p" / "metadata.tsv").read_text(encoding="utf-8").split("\n")
    assert lines == ["word\tcount", *(f"{word}\t{count}" for word, count in zip(WORDS, counts, strict=True)), ""]
    assert (tmp_path / "p" / "kept").exists()


@pytest.mark.parametrize("word", ["two words", "", "a\tb", "line\n", "\xa0"])
def test_a_word_that_could_not_be_read_back_is_refused(word, tmp_path):
    with pytest.raises(ValueError, match="is no word"):
        write_word2vec(tmp_path / "x", ["a", word], vectors_of("ab"), binary=False)
    with pytest.raises(ValueError, match="is no word"):
        write_projector(tmp_path / "p", ["a", word], np.ones(2, np.int64), vectors_of("ab"))
    with pytest.raises(ValueError, match="2 words have vectors of shape"):
        write_word2vec(tmp_path / "x", ["a", "b"], vectors_of("abc"), binary=True)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_what_was_there(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "x").write_text("before")
    monkeypatch.setattr(formats, "_decimal", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_word2vec(tmp_path / "x", WORDS, vectors_of(WORDS), binary=False)
    assert caught.value.filename == str(tmp_path / "x")
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_projector(tmp_path / "p", WORDS, np.ones(6, np.int64), vectors_of(WORDS))
    assert caught.value.filename == str(tmp_path / "p" / "vectors.tsv")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_text() == "before"
