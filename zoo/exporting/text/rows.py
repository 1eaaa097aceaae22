"""One row of all words of a batch → a row for each text."""

from __future__ import annotations

import onnx_ir as ir

from zoo.exporting.text.nodes import Nodes


def placed(nodes: Nodes, text: ir.Value, rows: ir.Value) -> tuple[ir.Value, ir.Value, ir.Value]:
    """The size of the batch [1], how many words each text has [batch], and at which place of its text each word stands [words].

    Args:
        nodes: appended to.
        text: string [batch].
        rows: of each word, which text it is of, int64 [words].
    """
    batch = nodes.add("Shape", text, shape=[1], start=0, end=1)
    ones = nodes.add("Expand", nodes.number(1), nodes.add("Shape", rows, shape=[1]), shape=[None])
    none = nodes.add("Expand", nodes.number(0), batch, shape=["batch"])
    counts = nodes.add("ScatterElements", none, rows, ones, shape=["batch"], axis=0, reduction="add")
    starts = nodes.add("CumSum", counts, nodes.number(0), shape=["batch"], exclusive=1)
    order = nodes.add("CumSum", ones, nodes.number(0), shape=[None], exclusive=1)
    places = nodes.add("Sub", order, nodes.add("Gather", starts, rows, shape=[None], axis=0), shape=[None])
    return batch, counts, places


def size_of(nodes: Nodes, batch: ir.Value, lengths: ir.Value) -> ir.Value:
    """[2]: texts, and places of the longest; one place where there is no text, or no word in any."""
    longest = nodes.add("Concat", lengths, nodes.number([1]), shape=[None], axis=0)
    longest = nodes.add("ReduceMax", longest, nodes.number([0]), shape=[1], keepdims=1)
    return nodes.add("Concat", batch, longest, shape=[2], axis=0)


def at(nodes: Nodes, rows: ir.Value, places: ir.Value) -> ir.Value:
    """Where words go, as ScatterND wants it: int64 [words, 2]."""
    both = [nodes.add("Unsqueeze", value, nodes.number([1]), shape=[None, 1]) for value in (rows, places)]
    return nodes.add("Concat", *both, shape=[None, 2], axis=1)
