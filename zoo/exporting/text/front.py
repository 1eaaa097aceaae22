"""Text → ids, lengths, words: the twin of `Vocabulary.encode`."""

from __future__ import annotations

import onnx_ir as ir

from zoo.exporting.text.nodes import INT, STRING, Nodes, look_up
from zoo.exporting.text.pieces import pieces_of
from zoo.exporting.text.split import words_in
from zoo.text.vocabulary import END, PADDING, Vocabulary


def encode_nodes(graph: ir.Graph, text: ir.Value, vocabulary: Vocabulary, *, prefix: str = "front") -> dict[str, ir.Value]:
    """Append to `graph` what makes of `text`, string [batch]: `ids` int64 [batch, length], `lengths` int64 [batch], `words` string
    [batch, length].

    They equal `vocabulary.encode(texts)` for all texts that UTF-8 can hold. The nodes come last in `graph`: where others
    before them read the values, sort it.

    Args:
        graph: of opset `TEXT_OPSET` at least.
        text: a string input of it.
        vocabulary: of a source.
        prefix: of the names of nodes and constants; the three values are called as said.
    """
    nodes = Nodes(graph, prefix)
    words, rows = words_in(nodes, text)
    if vocabulary.kind == "bpe":
        ids, of = pieces_of(nodes, words, vocabulary)
        rows = nodes.add("Gather", rows, of, shape=[None], axis=0)
        words = nodes.add("Gather", words, of, dtype=STRING, shape=[None], axis=0)
    else:
        ids = look_up(nodes, words, vocabulary.forms)
    return _padded(nodes, text, words, rows, ids)


def _padded(nodes: Nodes, text: ir.Value, words: ir.Value, rows: ir.Value, ids: ir.Value) -> dict[str, ir.Value]:
    """One row of all tokens → a row for each text, its end marked."""
    batch = nodes.add("Shape", text, shape=[1], start=0, end=1)
    ones = nodes.add("Expand", nodes.number(1), nodes.add("Shape", rows, shape=[1]), shape=[None])
    none = nodes.add("Expand", nodes.number(0), batch, shape=["batch"])
    counts = nodes.add("ScatterElements", none, rows, ones, shape=["batch"], axis=0, reduction="add")
    starts = nodes.add("CumSum", counts, nodes.number(0), shape=["batch"], exclusive=1)
    order = nodes.add("CumSum", ones, nodes.number(0), shape=[None], exclusive=1)
    places = nodes.add("Sub", order, nodes.add("Gather", starts, rows, shape=[None], axis=0), shape=[None])
    lengths = nodes.add("Add", counts, nodes.number(1), shape=["batch"])
    longest = nodes.add("Concat", lengths, nodes.number([1]), shape=[None], axis=0)
    longest = nodes.add("ReduceMax", longest, nodes.number([0]), shape=[1], keepdims=1)
    size = nodes.add("Concat", batch, longest, shape=[2], axis=0)
    texts = nodes.add("Range", nodes.number(0), nodes.add("Squeeze", batch, shape=[]), nodes.number(1), shape=["batch"])
    ends = nodes.add("Expand", nodes.number(END), batch, shape=["batch"])
    last = nodes.number([1])

    def at(of: ir.Value, place: ir.Value) -> ir.Value:
        both = [nodes.add("Unsqueeze", value, last, shape=[None, 1]) for value in (of, place)]
        return nodes.add("Concat", *both, shape=[None, 2], axis=1)  # [n, 2]

    empty = nodes.add("Expand", nodes.number(PADDING), size, shape=["batch", "length"])
    silent = nodes.add("Expand", nodes.text(""), size, dtype=STRING, shape=["batch", "length"])
    tokens = at(rows, places)
    numbers = nodes.add("ScatterND", empty, tokens, ids, shape=["batch", "length"])
    values = {
        "ids": nodes.add("ScatterND", numbers, at(texts, counts), ends, dtype=INT, shape=["batch", "length"]),
        "lengths": lengths,
        "words": nodes.add("ScatterND", silent, tokens, words, dtype=STRING, shape=["batch", "length"]),
    }
    for name, value in values.items():
        value.name = name
    return values
