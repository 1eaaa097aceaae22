"""Words → the pieces of a byte-pair encoding: the twin of `zoo.text.pairs.Pieces`.

Most words are one piece and are looked up. The others are split at each letter of the alphabet as texts are at marks. Then pieces
are numbers, and merging takes the best pair of each word, all words at once, until none has one.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from zoo.exporting.text.nodes import BOOL, INT, STRING, Nodes, look_up
from zoo.exporting.text.split import all_apart, holds, later
from zoo.text.tokens import MARK_SET
from zoo.text.vocabulary import SPECIAL, UNKNOWN, Vocabulary, capital

FAMILY = 12
"""Letters that are looked for together."""
NEVER = np.iinfo(np.int64).max
"""Rank of a pair that is not merged."""


def pieces_of(nodes: Nodes, words: ir.Value, vocabulary: Vocabulary) -> tuple[ir.Value, ir.Value]:
    """Ids of the pieces of `words` [words], in order [pieces], and which word each is of [pieces]."""
    whole = look_up(nodes, words, _whole(vocabulary))
    every = _range(nodes, words)
    rest = nodes.add("Equal", whole, nodes.number(UNKNOWN), dtype=BOOL, shape=[None])

    def cut() -> tuple[ir.Value, ir.Value]:
        others = nodes.add("Compress", words, rest, dtype=STRING, shape=[None], axis=0)
        ids, of = _cut(nodes, others, vocabulary)
        of = nodes.add("Gather", _compress(nodes, every, rest), of, shape=[None], axis=0)
        return _among(nodes, whole, rest, ids, of)

    ids, of = nodes.branch(_any(nodes, rest), cut, otherwise=(whole, every))
    return ids, of


def _whole(vocabulary: Vocabulary) -> dict[str, int]:
    """Words that are one piece, and marks; each in three ways of writing, where those have the same piece."""
    table = {mark: vocabulary.pieces.of(mark)[0] for mark in MARK_SET & set(vocabulary.forms)}
    for number, surface in enumerate(vocabulary.surfaces):
        if number >= SPECIAL and not vocabulary.goes_on(number):
            for form in (surface, capital(surface), surface.upper()):
                if vocabulary.pieces.of(form) == (number,):
                    table[form] = number
    return table


def _among(nodes: Nodes, whole: ir.Value, rest: ir.Value, ids: ir.Value, of: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Pieces `ids` of the words `of` put in their places among `whole` words."""
    ones = nodes.add("Expand", nodes.number(1), nodes.add("Shape", of, shape=[1]), shape=[None])
    alone = nodes.add("Cast", nodes.add("Not", rest, dtype=BOOL, shape=[None]), shape=[None], to=INT)
    counts = nodes.add("ScatterElements", alone, of, ones, shape=[None], axis=0, reduction="add")
    starts = nodes.add("CumSum", counts, nodes.number(0), shape=[None], exclusive=1)
    # Where a word begins a one is written; the sum of them up to a place says which word it is of.
    blank = nodes.add("Expand", nodes.number(0), nodes.add("ReduceSum", counts, shape=[1], keepdims=1), shape=[None])
    begins = nodes.add("Expand", nodes.number(1), nodes.add("Shape", starts, shape=[1]), shape=[None])
    begun = nodes.add("ScatterElements", blank, starts, begins, shape=[None], axis=0)
    all_of = nodes.add("Sub", nodes.add("CumSum", begun, nodes.number(0), shape=[None]), nodes.number(1), shape=[None])
    spread = nodes.add("Gather", whole, all_of, shape=[None], axis=0)
    pieces = nodes.add("Gather", rest, all_of, dtype=BOOL, shape=[None], axis=0)
    places = nodes.add("Squeeze", nodes.add("NonZero", pieces, shape=[1, None]), nodes.number([0]), shape=[None])
    return nodes.add("ScatterElements", spread, places, ids, shape=[None], axis=0), all_of


def _cut(nodes: Nodes, words: ir.Value, vocabulary: Vocabulary) -> tuple[ir.Value, ir.Value]:
    """Ids of the pieces of `words`, letter by letter, and which word each is of."""
    size = nodes.add("Shape", words, shape=[1])
    letters, of = _letters(nodes, words, vocabulary)
    ids, of = _known(nodes, look_up(nodes, letters, vocabulary.forms), of, size, vocabulary)
    return _merged(nodes, ids, of, size, vocabulary) if vocabulary.merges else (ids, of)


def _range(nodes: Nodes, values: ir.Value) -> ir.Value:
    """0, 1, … for each of `values` [n]."""
    size = nodes.add("Squeeze", nodes.add("Shape", values, shape=[1]), shape=[])
    return nodes.add("Range", nodes.number(0), size, nodes.number(1), shape=[None])


def _letters(nodes: Nodes, words: ir.Value, vocabulary: Vocabulary) -> tuple[ir.Value, ir.Value]:
    """Letters of all words, and which word each is of; letters that are not known stay together."""
    forms = vocabulary.forms
    alphabet = sorted(set(forms) - MARK_SET, key=lambda letter: (letter != letter.lower(), forms[letter], letter))
    of = _range(nodes, words)
    for start in range(0, len(alphabet), FAMILY):
        family = "".join(alphabet[start : start + FAMILY])
        words, of = nodes.branch(holds(nodes, words, family), later(all_apart, nodes, words, of, family), otherwise=(words, of))
    return words, of


def _known(nodes: Nodes, ids: ir.Value, of: ir.Value, size: ir.Value, vocabulary: Vocabulary) -> tuple[ir.Value, ir.Value]:
    """A word's last letter as such; of a word with an unknown letter the UNKNOWN alone."""
    first = nodes.add("Slice", of, nodes.number([1]), nodes.number([NEVER]), nodes.number([0]), shape=[None])
    after = nodes.add("Concat", first, nodes.number([-1]), shape=[None], axis=0)
    after = nodes.add("Slice", after, nodes.number([0]), nodes.add("Shape", of, shape=[1]), nodes.number([0]), shape=[None])
    last = nodes.add("Not", nodes.add("Equal", of, after, dtype=BOOL, shape=[None]), dtype=BOOL, shape=[None])
    finals = [vocabulary.finals.get(number, number) for number in range(len(vocabulary))]
    final = nodes.add("Gather", nodes.constant(np.array(finals, np.int64)), ids, shape=[None], axis=0)
    ids = nodes.add("Where", last, final, ids, shape=[None])
    none = nodes.add("Expand", nodes.number(0), size, shape=[None])
    unknown = nodes.add("Cast", nodes.add("Equal", ids, nodes.number(UNKNOWN), dtype=BOOL, shape=[None]), shape=[None], to=INT)
    spoilt = nodes.add("ScatterElements", none, of, unknown, shape=[None], axis=0, reduction="max")
    bad = nodes.add("Cast", nodes.add("Gather", spoilt, of, shape=[None], axis=0), dtype=BOOL, shape=[None], to=BOOL)
    ids = nodes.add("Where", bad, nodes.number(UNKNOWN), ids, shape=[None])
    kept = nodes.add("Or", last, nodes.add("Not", bad, dtype=BOOL, shape=[None]), dtype=BOOL, shape=[None])
    return _compress(nodes, ids, kept), _compress(nodes, of, kept)


def _merged(nodes: Nodes, ids: ir.Value, of: ir.Value, size: ir.Value, vocabulary: Vocabulary) -> tuple[ir.Value, ir.Value]:
    """In each word the leftmost of the pairs that rank first becomes one piece, again and again."""
    many = nodes.number(len(vocabulary))
    table: dict[int, int] = {}
    for rank, (left, right, made) in enumerate(vocabulary.merges):
        table[left * len(vocabulary) + right] = rank * len(vocabulary) + made
    never = nodes.add("Expand", nodes.number(NEVER), size, shape=[None])

    def least(values: ir.Value, of_pair: ir.Value) -> ir.Value:
        """Of each pair, the least of the values in its word."""
        best = nodes.add("ScatterElements", never, of_pair, values, shape=[None], axis=0, reduction="min")
        return nodes.add("Gather", best, of_pair, shape=[None], axis=0)

    def step(ids: ir.Value, of: ir.Value) -> tuple[ir.Value, list[ir.Value]]:
        left, right = _all_but(nodes, ids, last=True), _all_but(nodes, ids, last=False)
        of_pair, of_right = _all_but(nodes, of, last=True), _all_but(nodes, of, last=False)
        pair = nodes.add("Add", nodes.add("Mul", left, many, shape=[None]), right, shape=[None])
        within = nodes.add("Equal", of_pair, of_right, dtype=BOOL, shape=[None])
        merge = nodes.add("Where", within, look_up(nodes, pair, table, NEVER), nodes.number(NEVER), shape=[None])
        there = nodes.add("Less", merge, nodes.number(NEVER), dtype=BOOL, shape=[None])
        best = nodes.add("Equal", merge, least(merge, of_pair), dtype=BOOL, shape=[None])
        best = nodes.add("And", best, there, dtype=BOOL, shape=[None])
        place = _range(nodes, merge)
        leftmost = least(nodes.add("Where", best, place, nodes.number(NEVER), shape=[None]), of_pair)
        chosen = nodes.add("Equal", place, leftmost, dtype=BOOL, shape=[None])
        made = nodes.add("Where", chosen, nodes.add("Mod", merge, many, shape=[None]), left, shape=[None])
        # The last piece is the left of no pair: it stays, unless a pair before it took it in.
        ends = nodes.add("Slice", ids, nodes.add("Shape", merge, shape=[1]), nodes.number([NEVER]), nodes.number([0]), shape=[None])
        made = nodes.add("Concat", made, ends, shape=[None], axis=0)
        kept = nodes.add(
            "Concat",
            nodes.constant(np.array([True])),
            nodes.add("Not", chosen, dtype=BOOL, shape=[None]),
            dtype=BOOL,
            shape=[None],
            axis=0,
        )
        kept = nodes.add(
            "Slice", kept, nodes.number([0]), nodes.add("Shape", ids, shape=[1]), nodes.number([0]), dtype=BOOL, shape=[None]
        )
        values = [_compress(nodes, made, kept), _compress(nodes, of, kept)]
        return _any(nodes, chosen), values

    merged, of_piece = nodes.loop(nodes.constant(np.array(True)), [ids, of], step)
    return merged, of_piece


def _all_but(nodes: Nodes, values: ir.Value, *, last: bool) -> ir.Value:
    """[n] without its last or its first; nothing of nothing."""
    start, end = (0, -1) if last else (1, NEVER)
    return nodes.add("Slice", values, nodes.number([start]), nodes.number([end]), nodes.number([0]), dtype=INT, shape=[None])


def _compress(nodes: Nodes, values: ir.Value, kept: ir.Value) -> ir.Value:
    return nodes.add("Compress", values, kept, shape=[None], axis=0)


def _any(nodes: Nodes, flags: ir.Value) -> ir.Value:
    """Whether one is set: bool scalar."""
    places = nodes.add("NonZero", flags, shape=[1, None])
    return nodes.add("Greater", nodes.add("Size", places, shape=[]), nodes.number(0), dtype=BOOL, shape=[])
