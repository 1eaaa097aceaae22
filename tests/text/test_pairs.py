from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.text.conftest import SENTENCES
from zoo.text import UNKNOWN, Vocabulary
from zoo.text.pairs import Pieces, learn


def plainly(words: Counter[str], most: int, least: int) -> list[tuple[tuple[str, bool], tuple[str, bool]]]:
    """The merges by the definition: count all pairs anew after each merge. A piece is its text and whether a word ends with it."""
    cut = {word: [(letter, place == len(word) - 1) for place, letter in enumerate(word)] for word in words}
    merges = []
    names = sorted({(letter, final) for word in words for letter in word for final in (False, True)})
    order = {name: number for number, name in enumerate(names)}
    made: set[tuple[str, bool]] = set()
    while len(made) < most:
        counts: Counter[tuple[tuple[str, bool], tuple[str, bool]]] = Counter()
        for word, pieces in cut.items():
            for pair in pairwise(pieces):
                counts[pair] += words[word]
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], order[pair[0]], order[pair[1]]))
        if counts[best] < least:
            break
        piece = best[0][0] + best[1][0], best[1][1]
        order.setdefault(piece, len(order))
        made.add(piece)
        merges.append(best)
        for word, pieces in cut.items():
            new: list[tuple[str, bool]] = []
            for one in pieces:
                if new and (new[-1], one) == best:
                    new[-1] = piece
                else:
                    new.append(one)
            cut[word] = new
    return merges


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=8), st.integers(1, 5), max_size=8), st.integers(1, 20), st.integers(1, 4)
)
def test_merges_are_those_of_the_definition(counts: dict[str, int], most: int, least: int):
    words = Counter(counts)
    letters = {letter: 2 * place for place, letter in enumerate(sorted({letter for word in words for letter in word}))}
    finals = {number: number + 1 for number in letters.values()}
    names = {number: (letter, False) for letter, number in letters.items()} | {
        number + 1: (letter, True) for letter, number in letters.items()
    }
    merges = learn(words, letters, finals, first=len(names), most=most, least=least)
    found = []
    for left, right, made in merges:
        names[made] = names[left][0] + names[right][0], names[right][1]
        found.append((names[left], names[right]))
    assert found == plainly(words, most, least)
    assert len(set(names.values())) == len(names)
    pieces = Pieces(letters, finals, merges, -1)
    for word in words:
        cut = [names[number] for number in pieces.of(word)]
        assert "".join(text for text, _ in cut) == word
        assert [final for _, final in cut] == [False] * (len(cut) - 1) + [True]


def test_a_word_with_an_unknown_letter_is_unknown_as_a_whole(source_pieces: Vocabulary):
    encoded = source_pieces.encode(["Zwei Hund日e"])
    assert encoded.ids[0, -2] == UNKNOWN
    assert encoded.words[0].tolist()[-2:] == ["Hund日e", ""]


def test_words_stand_beside_each_of_their_pieces(source_pieces: Vocabulary):
    encoded = source_pieces.encode(["Hundeweise"])
    assert encoded.lengths[0] > 2
    assert set(encoded.words[0, :-1].tolist()) == {"Hundeweise"}
    assert "".join(source_pieces.surfaces[number] for number in encoded.ids[0]) == "hundeweise"
    assert [source_pieces.goes_on(number) for number in encoded.ids[0, :-1]] == [True] * (encoded.lengths[0] - 2) + [False]


def test_case_variants_have_the_same_pieces(source_pieces: Vocabulary):
    ids = [source_pieces.encode([word]).ids.tolist() for word in ("männer", "Männer", "MÄNNER")]
    assert ids[0] == ids[1] == ids[2]


@pytest.mark.parametrize("text", [*SENTENCES, "Parkhunde sind „Hundemänner“.", "Lila"])
def test_sentences_of_known_letters_come_back(target_pieces: Vocabulary, text: str):
    ids, lengths = target_pieces.encode_target([text])
    assert UNKNOWN not in ids
    assert lengths.tolist() == [ids.shape[1]]
    assert target_pieces.decode(ids, np.zeros_like(ids), np.array([[""]], object)).tolist() == [text]


def test_names_keep_their_capital_and_other_first_words_lose_it():
    target = Vocabulary.fit(["Der Hund und der Mann", "Hund und Mann", "Der Mann"], side="target", kind="bpe", least=1)
    assert target.names == {"Mann", "Hund"}
    first, within = (target.encode_target([text])[0].tolist() for text in ("Der", "und der"))
    assert first[0] == within[0][-len(first[0]) :]


def test_largest_bounds_the_ids():
    for largest in (5, 6, 20, 60):
        for side in ("source", "target"):
            vocabulary = Vocabulary.fit(SENTENCES, side=side, kind="bpe", least=1, largest=largest)
            assert len(vocabulary) <= largest
            assert Vocabulary.from_bytes(vocabulary.to_bytes()) == vocabulary
            if side == "source":
                assert vocabulary.encode(SENTENCES).ids.max() < largest
            else:
                assert vocabulary.encode_target(SENTENCES)[0].max() < largest
