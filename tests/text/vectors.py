"""Vectors of real words in gensim's form: random, but so that some analogies hold."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from zoo.text.similarity import read_analogies, read_pairs

MIRROR = os.environ.get("ZOO_MIRROR")
PAIRS = {"wordsim353.tsv": 353, "simlex999.txt": 999, "rg65.txt": 65}
ANALOGIES = "google_questions-words.txt"


def listed(name: str) -> Path:
    """A list's file in the mirror."""
    path = Path(MIRROR or "none") / "wordvec-eval" / name
    if not path.is_file():
        pytest.skip("needs a mirror: set ZOO_MIRROR to a folder with wordvec-eval/")
    return path


def structured():
    """gensim's vectors of nine tenths of the words of all lists, float32 [words, 20]."""
    keyed = pytest.importorskip("gensim.models").KeyedVectors
    generator = np.random.default_rng(0)
    sections = read_analogies(listed(ANALOGIES).read_text(encoding="utf-8").splitlines())
    pairs = [pair for name in PAIRS for pair in read_pairs(listed(name).read_text(encoding="utf-8").splitlines())]
    found = [word for questions in sections.values() for question in questions for word in question]
    words = sorted({*found, *(word for pair in pairs for word in pair[:2])})
    words = [words[place] for place in generator.permutation(len(words))][: len(words) * 9 // 10]
    vectors = {word: generator.normal(size=20) for word in words}
    for questions in sections.values():  # the relation's offset, noisily
        offset = generator.normal(size=20)
        for first, second, *_ in questions:
            if first in vectors and second in vectors:
                vectors[second] = vectors[first] + offset + 0.3 * generator.normal(size=20)
    made = keyed(20)
    made.add_vectors(words, np.array([vectors[word] for word in words], np.float32))
    return made
