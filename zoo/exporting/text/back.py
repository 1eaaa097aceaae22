"""Ids → text: the twin of `Vocabulary.decode`."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from zoo.exporting.text.nodes import BOOL, STRING, Nodes
from zoo.text.vocabulary import END, UNKNOWN, Vocabulary

PLACE = ["batch", "time"]


def decode_nodes(
    graph: ir.Graph, tokens: ir.Value, copied: ir.Value, words: ir.Value, vocabulary: Vocabulary, *, prefix: str = "back"
) -> ir.Value:
    """Append to `graph` what makes of `tokens` the string output `translation` [batch], equal to `vocabulary.decode`.

    Args:
        graph: of opset `TEXT_OPSET` at least.
        tokens: int64 [batch, time].
        copied: int64 [batch, time], from 0 to length − 1.
        words: string [batch, length].
        vocabulary: of a target.
        prefix: of the names of nodes and constants.
    """
    nodes = Nodes(graph, prefix)
    seen = _count(nodes, nodes.add("Equal", tokens, nodes.number(END), dtype=BOOL, shape=PLACE))
    live = nodes.add("Equal", seen, nodes.number(0), dtype=BOOL, shape=PLACE)
    unknown = nodes.add("Equal", tokens, nodes.number(UNKNOWN), dtype=BOOL, shape=PLACE)
    where = nodes.add("Unsqueeze", copied, nodes.number([2]), shape=[*PLACE, 1])
    source = nodes.add("GatherND", words, where, dtype=STRING, shape=PLACE, batch_dims=1)
    surface = nodes.add("Gather", nodes.text(vocabulary.surfaces), tokens, dtype=STRING, shape=PLACE, axis=0)
    surface = nodes.add("Where", unknown, source, surface, dtype=STRING, shape=PLACE)
    silent = nodes.add("Equal", surface, nodes.text(""), dtype=BOOL, shape=PLACE)
    heard = nodes.add("And", live, nodes.add("Not", silent, dtype=BOOL, shape=PLACE), dtype=BOOL, shape=PLACE)
    if vocabulary.sentence_case:
        surface = _started(nodes, tokens, heard, surface, vocabulary)
    spaced = nodes.add("Greater", _count(nodes, heard), nodes.number(1), dtype=BOOL, shape=PLACE)
    for hangs in (_flag(nodes, vocabulary.left, tokens), _before(nodes, _flag(nodes, vocabulary.right, tokens))):
        spaced = nodes.add("And", spaced, nodes.add("Not", hangs, dtype=BOOL, shape=PLACE), dtype=BOOL, shape=PLACE)
    space = nodes.add("Where", spaced, nodes.text(" "), nodes.text(""), dtype=STRING, shape=PLACE)
    written = nodes.add("StringConcat", space, surface, dtype=STRING, shape=PLACE)
    written = nodes.add("Where", heard, written, nodes.text(""), dtype=STRING, shape=PLACE)
    translation = _joined(nodes, written)
    translation.name = "translation"
    return translation


def _started(nodes: Nodes, tokens: ir.Value, heard: ir.Value, surface: ir.Value, vocabulary: Vocabulary) -> ir.Value:
    """`surface` with each text's first word as a sentence begins; a copied word counts as one, but stays as it is."""
    number = range(len(vocabulary))
    is_word = _flag(nodes, [n == UNKNOWN or vocabulary.is_word(n) for n in number], tokens)
    is_word = nodes.add("And", heard, is_word, dtype=BOOL, shape=PLACE)
    first = nodes.add("Equal", _count(nodes, is_word), nodes.number(1), dtype=BOOL, shape=PLACE)
    known = _flag(nodes, [vocabulary.is_word(n) for n in number], tokens)
    for other in (is_word, known):
        first = nodes.add("And", first, other, dtype=BOOL, shape=PLACE)
    capitals = nodes.add("Gather", nodes.text(vocabulary.capitals), tokens, dtype=STRING, shape=PLACE, axis=0)
    return nodes.add("Where", first, capitals, surface, dtype=STRING, shape=PLACE)


def _joined(nodes: Nodes, written: ir.Value) -> ir.Value:
    """[batch, time] → [batch]: neighbours are joined, half as many each time, until one column is left."""
    batch = nodes.add("Shape", written, shape=[1], start=0, end=1)
    column = nodes.add(
        "Expand", nodes.text(""), nodes.add("Concat", batch, nodes.number([1]), shape=[2], axis=0), dtype=STRING, shape=[None, 1]
    )
    end, last, two = nodes.number([np.iinfo(np.int64).max]), nodes.number([1]), nodes.number([2])

    def every_other(strings: ir.Value, start: int) -> ir.Value:
        return nodes.add("Slice", strings, nodes.number([start]), end, last, two, dtype=STRING, shape=[None, None])

    def halve(strings: ir.Value) -> tuple[ir.Value, list[ir.Value]]:
        filled = nodes.add("Concat", strings, column, dtype=STRING, shape=[None, None], axis=1)
        halves = nodes.add("StringConcat", every_other(strings, 0), every_other(filled, 1), dtype=STRING, shape=[None, None])
        return _wide(nodes, halves), [halves]

    start = nodes.add("Concat", written, column, dtype=STRING, shape=[None, None], axis=1)
    (text,) = nodes.loop(_wide(nodes, start), [start], halve)
    return nodes.add("Squeeze", text, last, dtype=STRING, shape=["batch"])


def _wide(nodes: Nodes, strings: ir.Value) -> ir.Value:
    """Whether there is more than one column: bool scalar."""
    width = nodes.add("Squeeze", nodes.add("Shape", strings, shape=[1], start=1, end=2), shape=[])
    return nodes.add("Greater", width, nodes.number(1), dtype=BOOL, shape=[])


def _flag(nodes: Nodes, flags: object, tokens: ir.Value) -> ir.Value:
    """A property of each id."""
    return nodes.add("Gather", nodes.constant(np.array(flags, bool)), tokens, dtype=BOOL, shape=PLACE, axis=0)


def _count(nodes: Nodes, flags: ir.Value) -> ir.Value:
    """How many flags are set in each row up to each place, that place included."""
    return nodes.add("CumSum", nodes.add("Cast", flags, shape=PLACE, to=ir.DataType.INT64), nodes.number(1), shape=PLACE)


def _before(nodes: Nodes, flags: ir.Value) -> ir.Value:
    """The flags of the places before; not set at the first."""
    batch = nodes.add("Shape", flags, shape=[1], start=0, end=1)
    size = nodes.add("Concat", batch, nodes.number([1]), shape=[2], axis=0)
    none = nodes.add("Expand", nodes.number(False), size, dtype=BOOL, shape=["batch", 1])
    moved = nodes.add("Concat", none, flags, dtype=BOOL, shape=["batch", None], axis=1)
    first, last, axis = nodes.number([0]), nodes.number([-1]), nodes.number([1])
    return nodes.add("Slice", moved, first, last, axis, dtype=BOOL, shape=PLACE)
