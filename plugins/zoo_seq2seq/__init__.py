"""Recurrent translators: a sentence goes in, its translation comes out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from zoo.hookspecs import hookimpl
from zoo.spec import ModelSpec, Spec


class Config(Spec):
    """Shape of the network.

    Args:
        cell: Elman's (`"rnn"`), LSTM or GRU.
        embedding: numbers of a word, read or written.
        hidden: numbers of the encoder's state in each direction, and of the decoder's.
        layers: of the encoder.
        attention: `"none"`, `"additive"` (arXiv 1409.0473) or `"general"` (arXiv 1508.04025).
        feeding: what a step has read out is fed to the next one (arXiv 1508.04025, section 3.3).
        dropout: share of values set to zero while training: of embeddings, the encoder's outputs and readouts.
        text: `"word"`, or `"bpe"` for byte-pair encoding (arXiv 1508.07909).
        words: most ids of each language; rarer words are unknown.
        least: words that occur fewer times are unknown.
        source_ids: of the source's vocabulary; the data decide.
        target_ids: of the target's; the data decide.
        source_bytes: of the source's vocabulary as bytes; the data decide.
        target_bytes: of the target's; the data decide.
    """

    cell: Literal["rnn", "gru", "lstm"] = "gru"
    embedding: int = 256
    hidden: int = 256
    layers: int = 1
    attention: Literal["none", "additive", "general"] = "general"
    feeding: bool = True
    dropout: float = 0.3
    text: Literal["word", "bpe"] = "word"
    words: int = 12_000
    least: int = 2
    source_ids: int | None = None
    target_ids: int | None = None
    source_bytes: int | None = None
    target_bytes: int | None = None


@hookimpl
def zoo_models() -> Iterable[ModelSpec]:
    """Recurrent translators."""
    from zoo_seq2seq.recipes import MODELS

    return MODELS
