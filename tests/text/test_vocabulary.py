from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.text.conftest import SENTENCES
from zoo.errors import IntegrityError, UsageError
from zoo.text import END, PADDING, UNKNOWN, Vocabulary
from zoo.text.vocabulary import Kind, Side


def written(target: Vocabulary, texts: list[str], words: list[list[str]] | None = None) -> list[str]:
    """Texts → ids → texts; an unknown word is copied from the first of `words`."""
    ids, _ = target.encode_target(texts)
    return target.decode(ids, np.zeros_like(ids), np.array(words or [[""]] * len(texts), object)).tolist()


def test_case_variants_have_one_id(source: Vocabulary):
    ids = source.encode(["Zwei zwei ZWEI", "это Это ЭТО", "œil Œil ŒIL"]).ids
    assert [len(set(row[:3])) for row in ids.tolist()] == [1, 1, 1]
    assert UNKNOWN not in ids


def test_ids_end_and_are_filled_up(source: Vocabulary):
    encoded = source.encode(["Zwei\xa0Hunde.", "", "xyz"])
    assert encoded.words.tolist() == [["Zwei", "Hunde", ".", ""], ["", "", "", ""], ["xyz", "", "", ""]]
    assert encoded.lengths.tolist() == [4, 1, 2]
    assert encoded.ids[1].tolist() == [END, PADDING, PADDING, PADDING]
    assert encoded.ids[2].tolist() == [UNKNOWN, END, PADDING, PADDING]
    assert encoded.ids[0, 3] == END
    assert encoded.ids.dtype == encoded.lengths.dtype == np.int64


def test_cut_rows_have_no_end(source: Vocabulary, target: Vocabulary):
    encoded = source.encode(["Zwei Hunde.", "Zwei"], longest=2)
    whole = source.encode(["Zwei Hunde.", "Zwei"])
    assert encoded.ids.tolist() == whole.ids[:, :2].tolist()
    assert encoded.words.tolist() == whole.words[:, :2].tolist()
    assert encoded.lengths.tolist() == [2, 2]
    ids, lengths = target.encode_target(["Zwei Hunde."], longest=3)
    assert lengths.tolist() == [3]
    assert END not in ids


def test_no_texts(source: Vocabulary, target: Vocabulary):
    encoded = source.encode([])
    assert encoded.ids.shape == encoded.words.shape == (0, 1)
    assert target.decode(encoded.ids, encoded.ids, encoded.words).shape == (0,)


def test_marks_never_met_count_as_similar_ones():
    vocabulary = Vocabulary.fit(["it's"], side="source", least=1)
    assert vocabulary.encode(["it’s"]).ids.tolist() == vocabulary.encode(["it's"]).ids.tolist()


@pytest.mark.parametrize("text", SENTENCES)
def test_known_sentences_come_back(target: Vocabulary, text: str):
    assert written(target, [text]) == [text]


def test_white_space_is_lost(target: Vocabulary):
    assert written(target, [" Der\tMann  (mit dem T-Shirt) \n führt zwei\xa0Hunde. "]) == [SENTENCES[2]]


def test_first_word_is_the_word_within(target: Vocabulary):
    ids, lengths = target.encode_target(["Zwei Hunde", "„Junge Hunde", "zwei"])
    within, _ = target.encode_target(["Hunde zwei", "Mann „junge Hunde"])
    assert ids[0, 0] == within[0, 1]
    assert ids[1, 1] == within[1, 2]
    assert lengths.tolist() == [3, 4, 2]


def test_case_that_is_not_known_is_the_usual_one(target: Vocabulary):
    assert written(target, ["Die hunde SIND im park"]) == ["Die Hunde sind im Park"]


def test_unknown_words_are_copied_as_they_stand(target: Vocabulary):
    assert written(target, ["Der Mann, Gjkl, führt zwei qux."], [["eBay"]]) == ["Der Mann, eBay, führt zwei eBay."]
    assert written(target, ["Qux sind im Park"], [["eBay"]]) == ["eBay sind im Park"]
    assert written(target, ["Qux sind im Park"], [[""]]) == ["Sind im Park"]


def test_nothing_is_written_for_padding_begin_and_after_the_end(target: Vocabulary):
    (number,) = target.encode_target(["hunde"])[0][0, :1]
    tokens = np.array([[2, 0, number, 0, number, 3, number]])
    assert target.decode(tokens, np.zeros_like(tokens), np.array([["x"]], object)).tolist() == ["Hunde Hunde"]


def test_least_and_largest_leave_the_rarest_out():
    texts = ["a a a b b c"]
    assert Vocabulary.fit(texts, side="source", least=2).surfaces == ("", "", "", "", "a", "b")
    assert Vocabulary.fit(texts, side="source", least=1, largest=5).surfaces == ("", "", "", "", "a")
    assert len(Vocabulary.fit([], side="target")) == 4


def test_lower_case_corpora_stay_lower_case():
    target = Vocabulary.fit(["zwei hunde .", "ein Hund"], side="target", least=1)
    assert not target.sentence_case
    assert written(target, ["zwei hunde ."]) == ["zwei hunde ."]


@pytest.mark.parametrize("wrong", [{"side": "left"}, {"side": "source", "kind": "letters"}, {"side": "source", "largest": 4}])
def test_fit_refuses_what_makes_no_sense(wrong: dict[str, object]):
    with pytest.raises(UsageError, match=r"right|should"):
        Vocabulary.fit(["a"], **wrong)  # type: ignore[arg-type]


def test_a_side_does_only_its_own(source: Vocabulary, target: Vocabulary):
    with pytest.raises(UsageError, match="of a target; it should be of a source"):
        target.encode(["a"])
    with pytest.raises(UsageError, match="of a source; it should be of a target"):
        source.encode_target(["a"])


def test_bytes_make_the_same_vocabulary(
    source: Vocabulary, target: Vocabulary, source_pieces: Vocabulary, target_pieces: Vocabulary
):
    for vocabulary in (source, target, source_pieces, target_pieces):
        stored = vocabulary.to_bytes()
        again = Vocabulary.from_bytes(stored)
        assert stored.dtype == np.uint8
        assert again == vocabulary
        assert again.to_bytes().tobytes() == stored.tobytes()


@given(
    texts=st.lists(st.text(st.characters(exclude_categories=()))),
    side=st.sampled_from(["source", "target"]),
    kind=st.sampled_from(["word", "bpe"]),
)
def test_bytes_of_any_text(texts: list[str], side: Side, kind: Kind):
    vocabulary = Vocabulary.fit(texts, side=side, kind=kind, least=1)
    assert Vocabulary.from_bytes(vocabulary.to_bytes().tobytes()) == vocabulary


@given(data=st.data())
def test_damage_is_found(source: Vocabulary, data: st.DataObject):
    stored = source.to_bytes()
    place = data.draw(st.integers(0, len(stored) - 1))
    stored[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(IntegrityError, match="vocabulary"):
        Vocabulary.from_bytes(stored)


def test_sound_bytes_of_something_else_are_refused():
    for body in (b"[]", b"{}", b'{"side":"source","kind":"word","surfaces":[],"forms":[["a"]],"left":[],"right":[],"merges":[]}'):
        head = b"zoo vocabulary 1 " + hashlib.sha256(body).hexdigest().encode()
        with pytest.raises(IntegrityError, match="something else"):
            Vocabulary.from_bytes(head + b"\n" + body)


def test_cut_foreign_and_later_bytes_are_refused(source: Vocabulary):
    stored = source.to_bytes().tobytes()
    for damaged, said in (
        (b"", "no vocabulary"),
        (stored[: len(stored) // 2], "damaged"),
        (stored.replace(b"vocabulary 1", b"vocabulary 2", 1), "version 2"),
    ):
        with pytest.raises(IntegrityError, match=said):
            Vocabulary.from_bytes(damaged)
