"""Texts that nothing can be learned from, and settings that have no meaning: refused before a run is made."""

from __future__ import annotations

import pytest

from tests.plugins.word_vectors import LETTERS, written
from zoo import api
from zoo.errors import DataError, UsageError


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no word"),
        (b"!!! ... ---", "holds no word"),
        (b"\x00\x01\x02" * 100, "NUL"),
        (bytes(range(128, 256)) * 40, "no UTF-8"),
        (b"buffalo " * 1000, "of this text's 1 there are 1 (the commonest is 'buffalo': 1,000). A longer text is needed."),
        (
            b"all of these words are here once",
            "of this text's 7 there are 0 (the commonest is 'all': 1). Give a longer text, or --set",
        ),
    ],
)
def test_texts_that_nothing_can_be_learned_from(content, said, tmp_path):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        api.train("word2vec", data=path, name="bad", output=tmp_path / "runs")
    assert said in str(caught.value)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("recipe", "options", "said"),
    [
        ({"momentum": 0.9}, {}, "plain gradient descent"),
        ({"clip": 1.0}, {}, "no gradient that clip=1 could clip"),
        ({"loss": "cross-entropy"}, {}, "The loss of word2vec.skipgram is negative-sampling"),
        ({"config.window": 3000}, {}, "config.window of word2vec.skipgram is 3000; it should be at most 100"),
        ({"config.window": 90, "config.chunk": 900}, {}, "take too much memory"),
        ({"loss.shared": 3_000_000}, {}, "config.window=5, config.chunk=32 and loss.shared=3000000 take too much memory"),
        ({"config.sample": 1e-30}, {}, "config.sample=1e-30 leaves nothing of the text"),
        ({"config.words": 3}, {}, "--set config.most=N takes the N commonest words"),
        ({"precision": "auto"}, {}, "in float32"),
        ({"config.window": 0}, {}, "config.window of word2vec.skipgram is 0; it should be at least 1"),
        ({}, {"compiled": True}, "--compile"),
        ({}, {"precision": "bf16"}, "in float32"),
    ],
)
def test_what_has_no_meaning_is_refused(recipe, options, said, tmp_path):
    text = written(tmp_path, LETTERS * 20)
    with pytest.raises(UsageError) as caught:
        api.train("word2vec", data=text, name="own", output=tmp_path / "runs", recipe=recipe, **options)
    assert said in str(caught.value)
    assert not (tmp_path / "runs").exists()
