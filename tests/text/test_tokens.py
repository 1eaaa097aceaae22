from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.text import normalise, well_formed, words_of
from zoo.text.marks import MARKS, OPENING, SIMILAR, SPACES
from zoo.text.tokens import glued


def test_every_white_space_of_unicode_parts_words():
    white = {chr(point) for point in range(0x110000) if chr(point).isspace()}
    assert white <= set(SPACES)
    assert set(SPACES) - white == set("\u200b\u2060\ufeff")


def test_marks_are_single_characters_met_once():
    assert len(set(MARKS)) == len(MARKS)
    assert not set(MARKS) & set(SPACES)
    assert not any(letter.isalnum() for letter in MARKS)
    assert set(OPENING) <= set(MARKS)
    assert set(SIMILAR) <= set(MARKS)
    assert {letter for letter in map(chr, range(128)) if unicodedata.category(letter)[0] in "PS"} <= set(MARKS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \t\n\xa0\u3000", []),
        ("Don't.", ["Don", "'", "t", "."]),
        ("l’été—d'un œil…", ["l", "’", "été", "—", "d", "'", "un", "œil", "…"]),
        ("schwarz-weißer\tHund", ["schwarz", "-", "weißer", "Hund"]),
        ("„Зачем?“", ["„", "Зачем", "?", "“"]),
        ("👩‍🚀!", ["👩‍🚀", "!"]),
        ("e\u0301t", ["e\u0301t"]),
        ("a\ud800b", ["a\ufffdb"]),
    ],
)
def test_words(text: str, words: list[str]):
    assert words_of(text) == words


@given(st.text(st.characters(exclude_categories=())))
def test_words_hold_all_but_white_space(text: str):
    assert "".join(words_of(text)) == normalise(text).replace(" ", "")
    assert well_formed(text).encode().decode() == well_formed(text)


@given(st.text("ab(\".,„“' -\t"))
def test_glued_tokens_make_the_text_again(text: str):
    """Whatever touches what: the two flags say where there is no space."""
    tokens = glued(text)
    made, hangs = "", True
    for token, left, right in tokens:
        made += token if hangs or left else f" {token}"
        hangs = right
    assert made == normalise(text)
    assert [token for token, _, _ in tokens] == words_of(text)


def test_a_mark_before_a_word_and_one_after_it_differ():
    assert glued('"a" b') == [('"', False, True), ("a", False, False), ('"', True, False), ("b", False, False)]
    assert glued("(„a“),") == [
        ("(", False, True),
        ("„", False, True),
        ("a", False, False),
        ("“", True, False),
        (")", True, False),
        (",", True, False),
    ]
