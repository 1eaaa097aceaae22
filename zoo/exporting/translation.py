"""The ends of a translator's graph: a sentence becomes ids before it, ids become a sentence behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from zoo.exporting.heads import Spelled
from zoo.exporting.text import decode_nodes, encode_nodes
from zoo.spec import TensorSpec
from zoo.text import Vocabulary


@dataclass(frozen=True)
class SentenceFront:
    """Sentences → ids, lengths, and the words as they stand, for those that are copied.

    Args:
        vocabulary: that reads.
        input: string input [batch].
    """

    vocabulary: Vocabulary
    input: str = "text"

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """See `zoo.graph.Front`."""
        return (
            TensorSpec(
                name="ids", dtype="int64", shape=("batch", "length"), meaning="ids of words, the end marked, then padding", low=0
            ),
            TensorSpec(name="lengths", dtype="int64", shape=("batch",), meaning="ids of each sentence, its end counted", low=1),
            TensorSpec(name="words", dtype="string", shape=("batch", "length"), meaning="words as they stand in the sentence"),
        )

    def attach(self, graph: ir.Graph, text: ir.Value) -> dict[str, ir.Value]:
        """Append `zoo.exporting.text.encode_nodes`."""
        return encode_nodes(graph, text, self.vocabulary, prefix=f"{self.input}_front")

    def encode(self, texts: np.ndarray) -> dict[str, np.ndarray]:
        """`Vocabulary.encode`."""
        return self.vocabulary.encode(texts)._asdict()


@dataclass(frozen=True)
class SentenceHead(Spelled):
    """Ids of a translation → the sentence.

    Args:
        vocabulary: that writes.
        source: float output that tells of rounding.
        output: string output [batch] it makes.
    """

    vocabulary: Vocabulary
    source: str = "score"
    output: str = "translation"

    @property
    def reads(self) -> tuple[str, ...]:
        """What the search gives, and the words that may be copied."""
        return ("tokens", "copied", "words")

    def attach(self, graph: ir.Graph, values: Mapping[str, ir.Value]) -> ir.Value:
        """Append `zoo.exporting.text.decode_nodes`."""
        tokens, copied, words = (values[name] for name in self.reads)
        value = decode_nodes(graph, tokens, copied, words, self.vocabulary, prefix=f"{self.output}_head")
        value.name = self.output
        return value

    def decide(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """`Vocabulary.decode`."""
        return self.vocabulary.decode(*(values[name] for name in self.reads))
