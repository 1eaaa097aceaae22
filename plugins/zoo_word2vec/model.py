"""Two vectors for each word: one as what is looked up, one as what is predicted."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from zoo_word2vec import Config

FAR = 4
"""Times as far from zero as word2vec.c begins: there, the first of five passes over a small text goes into leaving zero."""


class Vectors(nn.Module):
    """A `zoo.training.words.WordVectors`.

    Args:
        config: with the sizes that the data decide.

    Attributes:
        vectors: of the words as they are looked up, float32 [words, numbers].
        contexts: of the words as they are predicted, float32 [words, numbers].
        spelled: the words in the order of their rows, UTF-8, a line feed between two, uint8 [letters].
        counts: how often each occurs in the text, int64 [words].
    """

    vectors: Tensor
    contexts: Tensor
    spelled: Tensor
    counts: Tensor

    def __init__(self, config: Config) -> None:
        super().__init__()
        words, letters = config.words or 0, config.letters or 0
        # What is looked up begins small and random, what is predicted at zero.
        self.vectors = nn.Parameter((torch.rand(words, config.numbers) - 0.5) * (FAR / config.numbers))
        self.contexts = nn.Parameter(torch.zeros(words, config.numbers))
        self.register_buffer("spelled", torch.zeros(letters, dtype=torch.uint8))
        self.register_buffer("counts", torch.zeros(words, dtype=torch.int64))


def build(config: Config) -> Vectors:
    """The untrained network."""
    return Vectors(config)
