"""Text → words and marks: the twin of `zoo.text.tokens.words_of`.

No string is ever joined. All tokens of a batch stand in one row, each with the number of its text; splitting at a mark lengthens
the row, and only strings that are not empty stay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import onnx_ir as ir

from zoo.exporting.text.nodes import BOOL, INT, STRING, Nodes
from zoo.text.marks import MARKS, SPACES

COMMON = ".,"
"""Split in every text: nearly all have them."""
FAMILIES = ("-'\"", ";:!?()", "„“”‚‘’«»‹›…–—", "\t\n\r\xa0")
"""Looked for together, so that a text without them costs one node for each family, not one for each character."""


def words_in(nodes: Nodes, text: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Words of all texts [tokens], and which text each is of [tokens]."""
    pieces, _ = _split(nodes, text, " ")
    words, rows = _not_empty(nodes, pieces, None)
    for mark in COMMON:
        words, rows = _apart(nodes, words, rows, mark)
    for family in (*FAMILIES, *_others()):
        words, rows = nodes.branch(
            holds(nodes, text, family), later(all_apart, nodes, words, rows, family), otherwise=(words, rows)
        )
    return words, rows


def _others() -> tuple[str, ...]:
    """The remaining characters: white space, marks of ASCII, other marks."""
    named = " " + COMMON + "".join(FAMILIES)
    marks = [mark for mark in MARKS if mark not in named]
    return (
        "".join(mark for mark in marks if mark.isascii()),
        "".join(mark for mark in marks if not mark.isascii()),
        "".join(space for space in SPACES if space not in named),
    )


def holds(nodes: Nodes, texts: ir.Value, letters: str) -> ir.Value:
    """Whether one of `texts` [n] holds one of `letters`: bool scalar."""
    pattern = "(?s).*[" + "".join(_escaped(letter) for letter in letters) + "].*"
    found = nodes.add("RegexFullMatch", texts, dtype=BOOL, shape=[None], pattern=pattern)
    places = nodes.add("NonZero", found, shape=[1, None])
    return nodes.add("Greater", nodes.add("Size", places, shape=[]), nodes.number(0), dtype=BOOL, shape=[])


def _escaped(letter: str) -> str:
    """For a character class, in RE2 as in Python."""
    return "\\" + letter if letter in "^-]\\[" else letter


def all_apart(nodes: Nodes, words: ir.Value, rows: ir.Value, family: str) -> tuple[ir.Value, ir.Value]:
    """`words` split at each of `family` that occurs."""
    for mark in family:
        pieces, _ = _split(nodes, words, mark)
        found = nodes.add("Greater", nodes.add("Squeeze", _size(nodes, pieces, 1), shape=[]), nodes.number(1), dtype=BOOL, shape=[])
        words, rows = nodes.branch(found, later(_apart, nodes, words, rows, mark), otherwise=(words, rows))
    return words, rows


def later(
    split: Callable[[Nodes, ir.Value, ir.Value, str], Sequence[ir.Value]], nodes: Nodes, words: ir.Value, rows: ir.Value, marks: str
) -> Callable[[], Sequence[ir.Value]]:
    """The call, not yet made."""
    return lambda: split(nodes, words, rows, marks)


def _apart(nodes: Nodes, words: ir.Value, rows: ir.Value, mark: str) -> tuple[ir.Value, ir.Value]:
    """`words` [tokens] split at `mark`, which becomes a word of its own unless it is white space."""
    pieces, counts = _split(nodes, words, mark)  # [tokens, pieces], [tokens]
    if mark in SPACES:
        return _not_empty(nodes, pieces, rows)
    width = nodes.add("Squeeze", _size(nodes, pieces, 1), shape=[])
    places = nodes.add("Range", nodes.number(1), nodes.add("Add", width, nodes.number(1), shape=[]), nodes.number(1), shape=[None])
    inner = nodes.add(
        "Less", places, nodes.add("Unsqueeze", counts, nodes.number([1]), shape=[None, 1]), dtype=BOOL, shape=[None, None]
    )
    marks = nodes.add("Where", inner, nodes.text(mark), nodes.text(""), dtype=STRING, shape=[None, None])  # [tokens, pieces]
    last = nodes.number([2])
    both = [nodes.add("Unsqueeze", value, last, dtype=STRING, shape=[None, None, 1]) for value in (pieces, marks)]
    return _not_empty(nodes, nodes.add("Concat", *both, dtype=STRING, shape=[None, None, 2], axis=2), rows)


def _not_empty(nodes: Nodes, pieces: ir.Value, rows: ir.Value | None) -> tuple[ir.Value, ir.Value]:
    """Strings of `pieces` [tokens, …] that are not empty, in order, and their texts; `rows` None: the first axis is the text."""
    rank = len(pieces.shape or ())
    empty = nodes.add("Equal", pieces, nodes.text(""), dtype=BOOL, shape=[None] * rank)
    places = nodes.add("NonZero", nodes.add("Not", empty, dtype=BOOL, shape=[None] * rank), shape=[rank, None])
    words = nodes.add(
        "GatherND", pieces, nodes.add("Transpose", places, shape=[None, None], perm=[1, 0]), dtype=STRING, shape=[None]
    )
    of = nodes.add("Gather", places, nodes.number(0), shape=[None], axis=0)
    return words, of if rows is None else nodes.add("Gather", rows, of, shape=[None], axis=0)


def _split(nodes: Nodes, strings: ir.Value, mark: str) -> Sequence[ir.Value]:
    """Pieces [n, pieces], filled up with "", and how many there are of each string [n]."""
    return nodes.add_many("StringSplit", strings, dtypes=(STRING, INT), shapes=([None, None], [None]), delimiter=mark)


def _size(nodes: Nodes, value: ir.Value, axis: int) -> ir.Value:
    """[1]: the size of one axis."""
    return nodes.add("Shape", value, shape=[1], start=axis, end=axis + 1)
