"""Front and head of a small translator, in ONNX and in NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from zoo.exporting.heads import Spelled
from zoo.spec import TensorSpec

PADDING, UNKNOWN, BEGIN, END = range(4)
SOURCE = (
    "der",
    "ein",
    "Hund",
    "Katze",
    "Mann",
    "Frau",
    "sieht",
    "läuft",
    "und",
    "schläft",
    "rot",
    "groß",
    "Ball",
    "Haus",
    ".",
    ",",
)
TARGET = ("the", "a", "dog", "cat", "man", "woman", "sees", "runs", "and", "sleeps", "red", "big", "ball", "house", ".", ",")


def string_value(graph: ir.Graph, name: str, items: list[str]) -> ir.Value:
    """A constant of strings."""
    tensor = ir.StringTensor([item.encode() for item in items], shape=ir.Shape([len(items)]), name=name)
    value = ir.Value(name=name, type=ir.TensorType(ir.DataType.STRING), shape=tensor.shape, const_value=tensor)
    graph.initializers.add(value)
    return value


def whole_value(graph: ir.Graph, name: str, number: object) -> ir.Value:
    """A constant of int64."""
    tensor = ir.tensor(np.array(number, np.int64), name=name)
    value = ir.Value(name=name, type=ir.TensorType(ir.DataType.INT64), shape=tensor.shape, const_value=tensor)
    graph.initializers.add(value)
    return value


class Nodes:
    """Appends nodes, one output each."""

    def __init__(self, graph: ir.Graph, prefix: str) -> None:
        self.graph, self.prefix, self.count = graph, prefix, 0

    def __call__(self, operator: str, *inputs: ir.Value | None, domain: str = "", outputs: int = 1, **attributes: object):
        self.count += 1
        name = f"{self.prefix}_{self.count}_{operator.lower()}"
        node = ir.node(operator, inputs, attributes, domain=domain, num_outputs=outputs, name=name)
        for place, value in enumerate(node.outputs):
            value.name = f"{name}_{place}"
        self.graph.append(node)
        return node.outputs[0] if outputs == 1 else node.outputs


@dataclass(frozen=True)
class Words:
    """Splits at spaces and looks words up."""

    words: tuple[str, ...] = SOURCE
    input: str = "text"

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return (
            TensorSpec(name="ids", dtype="int64", shape=("batch", "length"), meaning="ids"),
            TensorSpec(name="lengths", dtype="int64", shape=("batch",), meaning="ids of each"),
            TensorSpec(name="words", dtype="string", shape=("batch", "length"), meaning="as they stand"),
        )

    def attach(self, graph: ir.Graph, text: ir.Value) -> dict[str, ir.Value]:
        nodes = Nodes(graph, self.input)
        one, last = whole_value(graph, "text_one", [1]), whole_value(graph, "text_last", [-1])
        split, count = nodes("StringSplit", text, outputs=2)
        shape = nodes("Concat", nodes("Shape", text), one, axis=0)
        empty = string_value(graph, "text_empty", [""])
        words = nodes("Concat", split, nodes("Expand", empty, shape), axis=1)
        table = {
            "keys_tensor": ir.StringTensor([b"", *(word.encode() for word in self.words)], shape=ir.Shape([len(self.words) + 1])),
            "values_tensor": ir.tensor(np.array([PADDING, *range(4, 4 + len(self.words))], np.int64)),
            "default_tensor": ir.tensor(np.array([UNKNOWN], np.int64)),
        }
        ids = nodes("LabelEncoder", words, domain="ai.onnx.ml", **table)
        lengths = nodes("Add", count, one)
        width = nodes("Squeeze", nodes("Gather", nodes("Shape", ids), one), whole_value(graph, "text_axis", [0]))
        places = nodes("Range", whole_value(graph, "text_zero", 0), width, whole_value(graph, "text_step", 1))
        at_end = nodes("Equal", places, nodes("Unsqueeze", count, last))
        ids = nodes("Where", at_end, whole_value(graph, "text_end", END), ids)
        return {"ids": ids, "lengths": lengths, "words": words}

    def encode(self, given: np.ndarray) -> dict[str, np.ndarray]:
        rows = [[word for word in text.split(" ") if word] for text in given]
        width = max(map(len, rows)) + 1
        place = {word: number + 4 for number, word in enumerate(self.words)}
        ids = np.array(
            [[*(place.get(word, UNKNOWN) for word in row), END, *[0] * (width - 1 - len(row))] for row in rows], np.int64
        )
        words = np.array([[*row, *[""] * (width - len(row))] for row in rows], object)
        return {"ids": ids, "lengths": np.array([len(row) + 1 for row in rows], np.int64), "words": words}


@dataclass(frozen=True)
class Sentence(Spelled):
    """Joins words in a loop, a space before each; an unknown one is copied."""

    words: tuple[str, ...] = TARGET
    source: str = "score"
    output: str = "translation"
    reads: tuple[str, ...] = ("tokens", "copied", "words")

    @property
    def table(self) -> list[str]:
        return ["", "", "", "", *(f" {word}" for word in self.words)]

    def attach(self, graph: ir.Graph, values: Mapping[str, ir.Value]) -> ir.Value:
        tokens, copied, words = (values[name] for name in self.reads)
        nodes = Nodes(graph, self.output)
        space = string_value(graph, "translation_space", [" "])
        pieces = nodes("Gather", string_value(graph, "translation_words", self.table), tokens)
        theirs = nodes("StringConcat", space, nodes("GatherElements", words, copied, axis=1))
        pieces = nodes("Where", nodes("Equal", tokens, whole_value(graph, "translation_unknown", UNKNOWN)), theirs, pieces)
        shape = nodes("Shape", tokens)
        steps = nodes("Gather", shape, whole_value(graph, "translation_time", 1))
        batch = nodes("Gather", shape, whole_value(graph, "translation_batch", [0]))
        start = nodes("Expand", string_value(graph, "translation_empty", [""]), batch)
        step = ir.Value(name="translation_step", type=ir.TensorType(ir.DataType.INT64), shape=ir.Shape([]))
        go = ir.Value(name="translation_go", type=ir.TensorType(ir.DataType.BOOL), shape=ir.Shape([]))
        text = ir.Value(name="translation_text", type=ir.TensorType(ir.DataType.STRING), shape=ir.Shape([None]))
        body = ir.Graph([step, go, text], [], nodes=[], name="translation_body")
        inner = Nodes(body, "translation_loop")
        longer = inner("StringConcat", text, inner("Gather", pieces, step, axis=1))
        on = inner("Identity", go)
        body.outputs.extend([on, longer])
        on.type, on.shape = go.type, go.shape
        longer.type, longer.shape = text.type, text.shape
        always = ir.tensor(np.array(True), name="translation_always")  # the reference evaluator wants a condition
        true = ir.Value(name=always.name, type=ir.TensorType(ir.DataType.BOOL), shape=always.shape, const_value=always)
        graph.initializers.add(true)
        value = nodes("Loop", steps, true, start, body=body)
        value.name, value.type, value.shape = self.output, ir.TensorType(ir.DataType.STRING), ir.Shape(["batch"])
        return value

    def decide(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        table = np.array(self.table, object)
        found = np.empty(len(values["tokens"]), object)
        for row, (tokens, copied, words) in enumerate(zip(*(values[name] for name in self.reads), strict=True)):
            found[row] = "".join(
                f" {words[at]}" if token == UNKNOWN else table[token] for token, at in zip(tokens, copied, strict=True)
            )
        return found
