"""The exported word vectors: a word's neighbours, the answers to an analogy, the vector of a sentence."""

from __future__ import annotations

import torch

from zoo.data.dataset import texts
from zoo.errors import ExportError
from zoo.exporting.threshold import ThresholdHead
from zoo.exporting.words import NamesHead, WordFront, WordsFront, forms_of
from zoo.graph import Assets, Graph
from zoo.training.words import words_of
from zoo_word2vec.model import Vectors
from zoo_word2vec.nearest import Analogy, Mean, Nearest
from zoo_word2vec.recipes import ANSWERS

SHOWN = 300
"""Words of the vocabulary that golden cases are drawn from; the graph holds all of them, so none is given away."""
STRANGE = ("", " ", "zoonosis-zoo", "two words", "\u0142\u00f3d\u017a", "\U0001f99c", "NaN", "\u200b", "'s", "a\tb")
"""Words that few vocabularies know."""


def neighbours(module: Vectors, assets: Assets) -> Graph:
    """A word → the words whose vectors have the largest cosines with its own."""
    words, front = words_of(module), assets.inputs[0].name
    return Graph(
        Nearest(module.vectors.detach(), _answers(words, 1)),
        ("nearest", "similarity", "vector", "certainty", "cosines"),
        heads=(NamesHead(tuple(words)), ThresholdHead("certainty", "known")),
        fronts=(WordFront(front, forms_of(words), len(words)),),
        examples={front: texts(_shown(words))},
        audited={front: assets.examples[front]} if front in assets.examples else {},
    )


def analogy(module: Vectors, assets: Assets) -> Graph:
    """Words a, b, c → the words nearest to b − a + c, of unit vectors, but for these (Mikolov, Yih & Zweig 2013, section 4)."""
    words = words_of(module)
    forms = forms_of(words)
    names = [tensor.name for tensor in assets.inputs]
    shown = _shown(words)
    # Each input is the list from another place on, so that three words meet that differ.
    examples = {name: texts(shown[7 * place :] + shown[: 7 * place]) for place, name in enumerate(names)}
    return Graph(
        Analogy(module.vectors.detach(), _answers(words, 3)),
        ("nearest", "similarity", "vector", "certainty", "cosines"),
        heads=(NamesHead(tuple(words), output="answers"), ThresholdHead("certainty", "known")),
        fronts=tuple(WordFront(name, forms, len(words)) for name in names),
        examples=examples,
    )


def sentence(module: Vectors, assets: Assets) -> Graph:
    """A sentence → the mean of its words' vectors."""
    words, front = words_of(module), assets.inputs[0].name
    shown = _shown(words)
    generator = torch.Generator().manual_seed(0)
    lines = [" ".join(shown[place] for place in torch.randint(0, len(shown), (size,), generator=generator)) for size in range(24)]
    return Graph(
        Mean(module.vectors.detach()),
        ("vector", "certainty"),
        heads=(ThresholdHead("certainty", "known"),),
        fronts=(WordsFront(front, forms_of(words), len(words)),),
        examples={front: texts([*lines, *(line.capitalize() + "." for line in lines), *STRANGE])},
    )


def _answers(words: list[str], but: int) -> int:
    """As many as are declared, or all others of a small vocabulary.

    Args:
        words: of the vocabulary.
        but: how many of them are asked with, and are no answer.

    Raises:
        ExportError: there is no other.
    """
    if len(words) <= but:
        raise ExportError(f"There are only {len(words)} words, so there is none left to answer with; give a longer text.")
    return min(ANSWERS, len(words) - but)


def _shown(words: list[str]) -> list[str]:
    """Words of all frequencies, some with capitals, and some that are not known."""
    step = max(1, len(words) // SHOWN)
    known = words[::step][:SHOWN]
    return [*known, *(word.capitalize() for word in known[:8]), *(word.upper() for word in known[8:16]), *STRANGE]
