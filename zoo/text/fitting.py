"""Training sentences → vocabulary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from zoo.errors import UsageError
from zoo.text.marks import SIMILAR
from zoo.text.pairs import learn
from zoo.text.tokens import MARK_SET, first_word, glued, words_of
from zoo.text.vocabulary import SPECIAL, Kind, Side, Vocabulary, capital, uncapital

LARGEST = {"word": 30_000, "bpe": 8_000}
LETTERS = 500
"""Of a byte-pair encoding at most; words with rarer ones are unknown. Each costs the graph a few nodes."""
Token = tuple[str, bool, bool]
"""Surface, hangs on the token before, hangs on the one after."""


def fit(sentences: Iterable[str], *, side: Side, kind: Kind, least: int, largest: int | None) -> Vocabulary:
    """See `Vocabulary.fit`."""
    if side not in ("source", "target"):
        raise UsageError(f"A vocabulary's side is {side!r}; it should be source or target.")
    if kind not in LARGEST:
        raise UsageError(f"A vocabulary's kind is {kind!r}; it should be word or bpe.")
    largest = LARGEST[kind] if largest is None else largest
    if least < 1 or largest <= SPECIAL:
        raise UsageError(
            f"A vocabulary of words met {least} times, of {largest} ids; at least 1 and more than {SPECIAL} are right."
        )
    if side == "source":
        written = Counter(word for text in sentences for word in words_of(text))
        return _source(written, least, largest) if kind == "word" else _source_pieces(written, least, largest)
    within, first = _counted(sentences)
    cased = sum(count for word, count in first.items() if word == capital(word)) * 2 > sum(first.values())
    make = _target if kind == "word" else _target_pieces
    return make(within, first, least, largest, sentence_case=cased)


def _source(written: Counter[str], least: int, largest: int) -> Vocabulary:
    """Words that differ in case only are one; each way of writing it that occurs, and three more, lead to it."""
    groups: Counter[str] = Counter()
    for word, count in written.items():
        groups[word.lower()] += count
    surfaces = ("",) * SPECIAL + tuple(_frequent(groups, least, largest - SPECIAL))
    forms = {surface: number for number, surface in enumerate(surfaces) if surface}
    for word in sorted(written):
        if (number := forms.get(word.lower())) is not None:
            forms.setdefault(word, number)
    for number, surface in enumerate(surfaces[SPECIAL:], SPECIAL):
        for form in (capital(surface), surface.upper()):
            forms.setdefault(form, number)
    none = (False,) * len(surfaces)
    return Vocabulary("source", "word", surfaces, none, none, _with_similar(forms))


def _target(within: Counter[Token], first: Counter[str], least: int, largest: int, *, sentence_case: bool) -> Vocabulary:
    """Ways of writing; a sentence's first word counts as the same word is usually written within a sentence."""
    usual = _usual(within)
    for word, count in first.items():
        other = usual.get(word.lower(), (0, word))[1]
        within[(other if sentence_case and capital(other) == word else word), False, False] += count
    kept = [("", False, False)] * SPECIAL + _frequent(within, least, largest - SPECIAL)
    surfaces, left, right = zip(*kept, strict=True)
    return Vocabulary("target", "word", surfaces, left, right, sentence_case=sentence_case)


def _source_pieces(written: Counter[str], least: int, largest: int) -> Vocabulary:
    """Pieces of lower-case letters; other letters than lower-case ones lead to them."""
    words: Counter[str] = Counter()
    for word, count in written.items():
        words["".join(map(_lower, word))] += count
    marks = [(mark, False, False) for mark in _frequent(_only_marks(written), least, largest)]
    tokens, forms, merges = _learned(words, marks, least, largest)
    for letter in sorted({letter for word in written for letter in word} | {letter.upper() for letter in forms}):
        if len(letter) == 1 and (number := forms.get(_lower(letter))) is not None:
            forms.setdefault(letter, number)
    surfaces, left, right = zip(*tokens, strict=True)
    return Vocabulary("source", "bpe", surfaces, left, right, _with_similar(forms), merges=tuple(merges))


def _target_pieces(within: Counter[Token], first: Counter[str], least: int, largest: int, *, sentence_case: bool) -> Vocabulary:
    """Pieces of words as they are written; a sentence's first word as it would be within, unless it is a name."""
    names: frozenset[str] = frozenset()
    if sentence_case:
        names = frozenset(word for count, word in _usual(within).values() if count >= least and uncapital(word) != word)
    words = Counter({word: 0 for word, _, _ in within})
    for (word, _, _), count in within.items():
        words[word] += count
    for word, count in first.items():
        words[word if not sentence_case or word in names else uncapital(word)] += count
    marks = _frequent(Counter({token: count for token, count in within.items() if token[0] in MARK_SET}), least, largest)
    tokens, forms, merges = _learned(words, marks, least, largest)
    surfaces, left, right = zip(*tokens, strict=True)
    return Vocabulary("target", "bpe", surfaces, left, right, forms, sentence_case, tuple(merges), names)


def _learned(
    words: Counter[str], marks: Sequence[Token], least: int, largest: int
) -> tuple[list[Token], dict[str, int], list[tuple[int, int, int]]]:
    """Tokens: special, marks, letters (going on, at the end, by turns), merged pieces; ids of letters and marks; merges."""
    letters: Counter[str] = Counter()
    for word, count in words.items():
        if word not in MARK_SET:
            for letter in word:
                letters[letter] += count
    tokens: list[Token] = [("", False, False)] * SPECIAL
    tokens += marks[: largest - SPECIAL]
    alphabet = _frequent(letters, least, min(LETTERS, (largest - len(tokens)) // 2))
    numbers, finals = {}, {}
    for letter in alphabet:
        numbers[letter], finals[len(tokens)] = len(tokens), len(tokens) + 1
        tokens += [(letter, False, True), (letter, False, False)]
    most = largest - len(tokens)
    merges = learn(words, numbers, finals, first=len(tokens), most=most, least=least)
    made: dict[int, Token] = {}
    for left, right, number in merges:
        ends = [made[piece] if piece in made else tokens[piece] for piece in (left, right)]
        made[number] = ends[0][0] + ends[1][0], False, ends[1][2]
    tokens += [made[number] for number in sorted(made)]
    forms = dict(numbers)
    for number, (mark, _, _) in enumerate(marks[: largest - SPECIAL], SPECIAL):
        forms.setdefault(mark, number)
    return tokens, forms, merges


def _counted(sentences: Iterable[str]) -> tuple[Counter[Token], Counter[str]]:
    """How often each token occurs: within sentences, and as their first word."""
    within: Counter[Token] = Counter()
    first: Counter[str] = Counter()
    for text in sentences:
        tokens = glued(text)
        start = first_word(token for token, _, _ in tokens)
        for place, token in enumerate(tokens):
            if place == start:
                first[token[0]] += 1
            else:
                within[token] += 1
    return within, first


def _usual(within: Counter[Token]) -> dict[str, tuple[int, str]]:
    """Lower-case word → count and form of its most frequent way of writing within sentences."""
    usual: dict[str, tuple[int, str]] = {}
    for (word, _, _), count in sorted(within.items()):
        if word not in MARK_SET and count > usual.get(word.lower(), (0, ""))[0]:
            usual[word.lower()] = count, word
    return usual


def _with_similar(forms: dict[str, int]) -> dict[str, int]:
    """`forms` and, for marks that it lacks, those that stand in for them."""
    return forms | {mark: forms[other] for mark, other in SIMILAR.items() if mark not in forms and other in forms}


def _only_marks(written: Counter[str]) -> Counter[str]:
    return Counter({mark: count for mark, count in written.items() if mark in MARK_SET})


def _lower(letter: str) -> str:
    """Lower-case where that is one letter again (that of İ is two)."""
    lower = letter.lower()
    return lower if len(lower) == 1 else letter


def _frequent(counts: Counter[Any], least: int, most: int) -> list[Any]:
    """What occurs often enough, the most frequent first."""
    ordered = sorted((-count, item) for item, count in counts.items() if count >= least)
    return [item for _, item in ordered[: max(most, 0)]]
