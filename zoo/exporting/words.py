"""The ends of a graph of word vectors: words become ids before it, ids become words behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from zoo.certify import ranked
from zoo.exporting.heads import Arrays, Reading
from zoo.exporting.text.nodes import STRING, Nodes, look_up
from zoo.exporting.text.rows import at, placed, size_of
from zoo.exporting.text.split import words_in
from zoo.spec import TensorSpec
from zoo.text.tokens import well_formed, words_of


def forms_of(words: Sequence[str]) -> dict[str, int]:
    """Word → its place, for each word as it stands, with a capital letter, and in capitals. A graph has no lower-casing that every
    onnxruntime has."""
    forms = {word: number for number, word in enumerate(words)}
    for number, word in enumerate(words):
        for form in (word.capitalize(), word.upper()):
            forms.setdefault(form, number)
    return forms


@dataclass(frozen=True)
class WordFront:
    """A word → its id.

    Args:
        input: string input [batch].
        forms: spelling → id.
        unknown: id of all else.
    """

    input: str
    forms: Mapping[str, int]
    unknown: int

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """See `zoo.graph.Front`."""
        meaning = "id of the word; behind the last where it is not known"
        return (TensorSpec(name=f"{self.input}_id", dtype="int64", shape=("batch",), meaning=meaning, low=0, high=self.unknown),)

    def attach(self, graph: ir.Graph, text: ir.Value) -> dict[str, ir.Value]:
        """Append a look-up."""
        nodes = Nodes(graph, f"{self.input}_front")
        ids = look_up(nodes, text, self.forms, self.unknown)
        ids.name, ids.shape = f"{self.input}_id", ir.Shape(["batch"])
        return {ids.name: ids}

    def encode(self, texts: np.ndarray) -> dict[str, np.ndarray]:
        """int64 [batch]."""
        found = [self.forms.get(well_formed(str(text)), self.unknown) for text in texts]
        return {f"{self.input}_id": np.array(found, np.int64)}


@dataclass(frozen=True)
class WordsFront:
    """A sentence → ids of its words; spaces and marks part them.

    Args:
        input: string input [batch].
        forms: spelling → id.
        unknown: id of all else, and of what fills up the shorter sentences.
    """

    input: str
    forms: Mapping[str, int]
    unknown: int

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """See `zoo.graph.Front`."""
        meaning = "ids of the words; behind the last for what is not known, and at the end of shorter sentences"
        shape = ("batch", "length")
        return (TensorSpec(name=f"{self.input}_ids", dtype="int64", shape=shape, meaning=meaning, low=0, high=self.unknown),)

    def attach(self, graph: ir.Graph, text: ir.Value) -> dict[str, ir.Value]:
        """Append splitting, a look-up, and the way from one row of words to a row for each sentence."""
        nodes = Nodes(graph, f"{self.input}_front")
        words, rows = words_in(nodes, text)
        ids = look_up(nodes, words, self.forms, self.unknown)
        batch, counts, places = placed(nodes, text, rows)
        size = size_of(nodes, batch, counts)
        empty = nodes.add("Expand", nodes.number(self.unknown), size, shape=["batch", "length"])
        found = nodes.add("ScatterND", empty, at(nodes, rows, places), ids, shape=["batch", "length"])
        found.name = f"{self.input}_ids"
        return {found.name: found}

    def encode(self, texts: np.ndarray) -> dict[str, np.ndarray]:
        """int64 [batch, length]."""
        rows = [[self.forms.get(word, self.unknown) for word in words_of(str(text))] for text in texts]
        found = np.full((len(rows), max([1, *map(len, rows)])), self.unknown, np.int64)
        for place, row in enumerate(rows):
            found[place, : len(row)] = row
        return {f"{self.input}_ids": found}


@dataclass(frozen=True)
class NamesHead(Reading):
    """Ids of the best, in their order → words, and nothing for the id behind the last.

    Args:
        words: in the order of their ids.
        output: string output [batch, n] it makes.
        ids: name of the ids, int64 [batch, n].
        source: scores of these, falling, and of the best that was left out, float [batch, n + 1].
    """

    words: tuple[str, ...]
    output: str = "neighbours"
    ids: str = "nearest"
    source: str = "cosines"

    @property
    def reads(self) -> tuple[str, ...]:
        """The ids; the scores tell how close their order is."""
        return (self.ids,)

    def attach(self, graph: ir.Graph, values: Mapping[str, ir.Value]) -> ir.Value:
        """Append a table of the words and a look-up."""
        ids = values[self.ids]
        nodes = Nodes(graph, f"{self.output}_head")
        shape = [axis.value if isinstance(axis, ir.SymbolicDim) else axis for axis in ids.shape or ()]
        value = nodes.add("Gather", nodes.text([*self.words, ""]), ids, dtype=STRING, shape=shape, axis=0)
        value.name = self.output
        return value

    def decide(self, values: Arrays) -> np.ndarray:
        """Objects `str` [batch, n]."""
        names: np.ndarray = np.array([*self.words, ""], object)
        found: np.ndarray = names[values[self.ids]]
        return found

    def candidates(self, values: Arrays, answers: np.ndarray) -> np.ndarray:
        """How much the scores would have to change for `answers`: float64 [batch]."""
        return ranked.gaps(values[self.source], self.decide(values), answers)

    def close(self, values: Arrays, limit: float) -> np.ndarray:
        """Which share of an example's places hang on rounding: float64 [batch]."""
        return ranked.close(values[self.source], limit)

    def margins(self, values: Arrays) -> np.ndarray:
        """The smallest difference of two scores that follow each other: float64 [batch]."""
        return ranked.margins(values[self.source])
