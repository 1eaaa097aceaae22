"""The graph's twins of `encode` and `decode` give the same for every text."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.reference import ReferenceEvaluator

from tests.text.conftest import SENTENCES
from tests.text.graphs import back, encoded, front, same, session
from tests.text.real import sentences
from zoo.errors import ExportError
from zoo.exporting.text import TEXT_OPSET
from zoo.text import Encoded, Vocabulary
from zoo.text.marks import MARKS, SPACES
from zoo.text.vocabulary import Kind

HOSTILE = (
    [],
    [""],
    ["", ""],
    [" \t\n"],
    ["a", "", "\xa0"],
    ["Zwei\tHunde\xa0sind\u3000im\u200bPark"],
    ["Zwei Hunde " * 200],
    [MARKS],
    [f"ü{'ü'.join(SPACES)}ü", MARKS[::-1]],
    [".,.,--''''((" + "…" * 9],
    ["שלום, עולם!", "مرحبا؟", "日本語。テスト"],
    ["e\u0301te\u0301", "👩‍🚀🏳️‍🌈!", "\U0010ffff\ufffe", "a\0b\0", "\ufffd"],
    list(SENTENCES),
)


@pytest.fixture(scope="module", params=["source", "source_pieces"])
def source(request: pytest.FixtureRequest) -> Vocabulary:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module", params=["target", "target_pieces"])
def target(request: pytest.FixtureRequest) -> Vocabulary:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def reading(source: Vocabulary) -> onnxruntime.InferenceSession:
    return session(front(source))


@pytest.fixture(scope="module")
def writing(target: Vocabulary) -> onnxruntime.InferenceSession:
    return session(back(target))


@pytest.mark.parametrize("texts", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_read_alike(reading: onnxruntime.InferenceSession, source: Vocabulary, texts: list[str]):
    assert same(encoded(reading, texts), source.encode(texts))


TEXT = st.one_of(
    st.text(), st.text(MARKS + SPACES + "aü"), st.lists(st.sampled_from([*SENTENCES, " ", "zwei", "ZWEI", "\t", "—"])).map("".join)
)


@settings(max_examples=300)
@given(texts=st.lists(TEXT, max_size=5))
def test_any_texts_are_read_alike(reading: onnxruntime.InferenceSession, source: Vocabulary, texts: list[str]):
    assert same(encoded(reading, texts), source.encode(texts))


@settings(max_examples=300)
@given(data=st.data())
def test_any_ids_are_written_alike(writing: onnxruntime.InferenceSession, target: Vocabulary, data: st.DataObject):
    batch, time, length = (data.draw(st.integers(least, most)) for least, most in ((0, 4), (0, 40), (1, 5)))
    numbers = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    tokens = numbers.integers(0, len(target), (batch, time))
    tokens[numbers.random((batch, time)) < 0.2] = 1
    copied = numbers.integers(0, length, (batch, time))
    words = data.draw(st.lists(st.text(), min_size=batch * length, max_size=batch * length))
    feeds = {"tokens": tokens, "copied": copied, "words": np.array(words, object).reshape(batch, length)}
    assert writing.run(None, feeds)[0].tolist() == target.decode(**feeds).tolist()


def test_a_lone_surrogate_is_refused_by_onnxruntime_and_read_as_a_replacement_in_python(
    reading: onnxruntime.InferenceSession, source: Vocabulary
):
    with pytest.raises(UnicodeEncodeError):
        encoded(reading, ["a\ud800"])
    assert same(source.encode(["a\ud800"]), encoded(reading, ["a\ufffd"]))


def test_opsets_from_the_least_to_the_latest(source: Vocabulary, target: Vocabulary):
    texts = list(SENTENCES)
    for opset in (TEXT_OPSET, 25):
        assert same(encoded(session(front(source, opset)), texts), source.encode(texts))
        assert session(back(target, opset)).get_outputs()[0].name == "translation"
    for made, vocabulary in ((front, source), (back, target)):
        with pytest.raises(ExportError, match=r"opset 19 .* opset 20 or later"):
            made(vocabulary, TEXT_OPSET - 1)


def test_the_reference_evaluator_agrees(source: Vocabulary, target: Vocabulary):
    texts = [*SENTENCES, "Zwei\xa0Hunde – „xyz“"]
    read = source.encode(texts)
    assert same(Encoded(*ReferenceEvaluator(front(source)).run(None, {"text": np.array(texts, object)})), read)
    ids, _ = target.encode_target(texts)
    feeds = {"tokens": ids, "copied": np.zeros_like(ids), "words": read.words}
    assert ReferenceEvaluator(back(target)).run(None, feeds)[0].tolist() == target.decode(**feeds).tolist()


@pytest.mark.parametrize("level", ["DISABLE_ALL", "ENABLE_BASIC", "ENABLE_EXTENDED", "ENABLE_ALL"])
def test_every_optimisation_level_agrees(source: Vocabulary, level: str):
    run = session(front(source), graph_optimization_level=getattr(onnxruntime.GraphOptimizationLevel, f"ORT_{level}"))
    assert all(same(encoded(run, texts), source.encode(texts)) for texts in HOSTILE)


CORPORA = ("multi30k.de", "multi30k.en", "multi30k.fr", "multi30k.cs", "lohelp.pl", "lohelp.ru", "bible.ru")


@pytest.mark.parametrize(
    ("name", "kind", "fitted"), [*((name, "word", 8000) for name in CORPORA), *((name, "bpe", 3000) for name in CORPORA[::3])]
)
def test_real_sentences_are_read_and_written_alike(name: str, kind: Kind, fitted: int):
    texts = list(sentences(name))
    largest = 1500 if kind == "bpe" else None
    source, target = (Vocabulary.fit(texts[:fitted], side=side, kind=kind, largest=largest) for side in ("source", "target"))
    reading, writing = session(front(source)), session(back(target))
    chosen = texts[4000:12000:8]
    assert len(chosen) == 1000
    for start in range(0, len(chosen), 50):
        batch = chosen[start : start + 50]
        read = source.encode(batch)
        assert same(encoded(reading, batch), read)
        tokens, _ = target.encode_target(batch)
        copied = np.minimum(np.arange(tokens.shape[1]), read.lengths[:, None] - 1)
        feeds = {"tokens": tokens, "copied": copied, "words": read.words}
        assert writing.run(None, feeds)[0].tolist() == target.decode(**feeds).tolist()
