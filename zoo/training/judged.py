"""Word vectors judged by the lists that everyone judges them by."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from zoo.data.dataset import Dataset, Split
from zoo.data.load import load_dataset
from zoo.errors import DataError, UnknownName
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.text.similarity import analogies, similarities
from zoo.training.task import Score

LISTS = "wordvec.eval"
"""Id of the data set."""
PAIRS, ANALOGIES = "pairs", "analogies"
AMONG = 30_000
"""The commonest words, of which an answer is one: as many as word2vec's own demonstration asks for."""


def load_lists(registry: Registry, progress: Progress) -> Dataset:
    """What `judge_words` judges by: a data set with the splits `pairs` and `analogies`.

    Raises:
        DataError: it cannot be had, or no plugin brings it.
        OSError: the cache cannot be read or written.
    """
    try:
        spec = registry.dataset(LISTS)
    except UnknownName:
        raise DataError(f"Word vectors are judged by the data set {LISTS!r}, which no plugin brings.", hint="zoo plugins") from None
    return load_dataset(spec, own=None, name=None, progress=progress, needed=(PAIRS, ANALOGIES))


def judge_words(vectors: np.ndarray, words: Sequence[str], dataset: Dataset, *, among: int = AMONG) -> dict[str, Score]:
    """How the similarities of words agree with people's, and how many analogies are answered rightly; protocols are gensim's.

    Args:
        vectors: float [words, numbers].
        words: of their rows, lower-cased, each once, the commonest first.
        dataset: of `load_lists`.
        among: the commonest words, of which all four of an analogy must be some.

    Returns:
        By the name of the list Spearman's rank correlation, −1 … 1, and as `analogies`, and `analogies: SECTION`, the share that is
        right, 0 … 1; each with what was known in its signature. A figure that would be none, for lack of known words, is left out.

    Raises:
        ValueError: there are more or fewer words than vectors.
    """
    rows = dict(zip(words, range(len(vectors)), strict=True))
    scores = {}
    for name, pairs in pairs_of(dataset.splits[PAIRS]).items():
        agreed = similarities(vectors, rows, pairs)
        if math.isfinite(agreed.spearman):
            scores[name] = Score(agreed.spearman, f"Spearman, {agreed.known:,} of {agreed.pairs:,} pairs known")
    sections = _sections(dataset.splits[ANALOGIES])
    found = analogies(vectors, rows, sections, among=among)
    counts = {ANALOGIES: (sum(found.right.values()), sum(found.asked.values()), found.questions)}
    for section, listed in sections.items():
        counts[f"{ANALOGIES}: {section}"] = found.right[section], found.asked[section], len(listed)
    for name, (right, asked, questions) in counts.items():
        if asked:
            protocol = f"3CosAdd among the {found.among:,} commonest words, {asked:,} of {questions:,} questions known"
            scores[name] = Score(right / asked, protocol)
    return scores


def pairs_of(split: Split) -> dict[str, list[tuple[str, str, float]]]:
    """List → its pairs."""
    found: dict[str, list[tuple[str, str, float]]] = {}
    for name, *pair in zip(*(split[key].tolist() for key in ("list", "first", "second", "score")), strict=True):
        found.setdefault(name, []).append(tuple(pair))
    return found


def _sections(split: Split) -> dict[str, list[tuple[str, str, str, str]]]:
    """Section → its questions."""
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    for section, *question in zip(*(split[key].tolist() for key in ("section", "a", "b", "c", "d")), strict=True):
        found.setdefault(section, []).append(tuple(question))
    return found
