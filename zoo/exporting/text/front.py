"""Text → ids, lengths, words: the twin of `Vocabulary.encode`."""

from __future__ import annotations

import onnx_ir as ir

from zoo.exporting.text.nodes import INT, STRING, Nodes, look_up
from zoo.exporting.text.pieces import pieces_of
from zoo.exporting.text.rows import at, placed, size_of
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
    batch, counts, places = placed(nodes, text, rows)
    lengths = nodes.add("Add", counts, nodes.number(1), shape=["batch"])
    size = size_of(nodes, batch, lengths)
    texts = nodes.add("Range", nodes.number(0), nodes.add("Squeeze", batch, shape=[]), nodes.number(1), shape=["batch"])
    ends = nodes.add("Expand", nodes.number(END), batch, shape=["batch"])
    empty = nodes.add("Expand", nodes.number(PADDING), size, shape=["batch", "length"])
    silent = nodes.add("Expand", nodes.text(""), size, dtype=STRING, shape=["batch", "length"])
    tokens = at(nodes, rows, places)
    numbers = nodes.add("ScatterND", empty, tokens, ids, shape=["batch", "length"])
    values = {
        "ids": nodes.add("ScatterND", numbers, at(nodes, texts, counts), ends, dtype=INT, shape=["batch", "length"]),
        "lengths": lengths,
        "words": nodes.add("ScatterND", silent, tokens, words, dtype=STRING, shape=["batch", "length"]),
    }
    for name, value in values.items():
        value.name = name
    return values
