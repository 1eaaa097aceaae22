"""How good word vectors are: similarities that people gave, and analogies. Protocols are gensim's, so that figures compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from zoo.errors import DataError

BATCH = 512
"""Analogies at once."""


@dataclass(frozen=True)
class Similarities:
    """Pairs of words beside how similar people find them.

    Args:
        spearman: rank correlation with the cosines of the pairs that are known, −1 … 1; NaN below two, and where all are alike.
        pearson: correlation with them; NaN likewise.
        known: pairs of which both words are known.
        pairs: of the list.
    """

    spearman: float
    pearson: float
    known: int
    pairs: int


@dataclass(frozen=True)
class Analogies:
    """Questions like "Athens is to Greece as Baghdad is to …".

    Args:
        right: by section, questions answered rightly.
        asked: by section, questions of which all four words are known.
        questions: of the list.
        among: how many of the commonest words may be answers.
    """

    right: Mapping[str, int] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)
    questions: int = 0
    among: int = 0

    @property
    def accuracy(self) -> float:
        """Of all that were asked; NaN where none was."""
        asked = sum(self.asked.values())
        return sum(self.right.values()) / asked if asked else float("nan")


def read_pairs(lines: Iterable[str]) -> list[tuple[str, str, float]]:
    """Word, word, number, parted by tabs; lines that begin with `#` are left out.

    Raises:
        DataError: a line has another form.
    """
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            first, second, value = line.rstrip("\r\n").split("\t")
            found.append((first.lower(), second.lower(), float(value)))
        except ValueError:
            raise DataError(f"Line {number} should be word, word and number, parted by tabs: {line.strip()[:80]!r}.") from None
    return found


def read_analogies(lines: Iterable[str]) -> dict[str, list[tuple[str, str, str, str]]]:
    """Section → questions of four words; a section begins with `: name`.

    Raises:
        DataError: a line has another form, or stands before the first section.
    """
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    section = None
    for number, line in enumerate(lines, 1):
        if line.startswith(": "):
            section = found.setdefault(line[2:].strip(), [])
        elif line.strip():
            words = line.lower().split()
            if section is None or len(words) != 4:
                raise DataError(f"Line {number} should be four words below a line `: section`: {line.strip()[:80]!r}.")
            section.append((words[0], words[1], words[2], words[3]))
    return found


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors [words, numbers] of length 1; of zeros they stay zeros."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(length > 0, length, 1))


def similarities(vectors: np.ndarray, words: Mapping[str, int], pairs: Sequence[tuple[str, str, float]]) -> Similarities:
    """Cosines beside what people said.

    Args:
        vectors: float [words, numbers].
        words: word → row, lower-cased.
        pairs: of `read_pairs`.
    """
    known = [(words[first], words[second], value) for first, second, value in pairs if first in words and second in words]
    if len(known) < 2:
        return Similarities(float("nan"), float("nan"), len(known), len(pairs))
    units = unit(vectors)
    first, second, said = (np.array(column) for column in zip(*known, strict=True))
    cosines = (units[first] * units[second]).sum(1)
    return Similarities(_pearson(_ranks(cosines), _ranks(said)), _pearson(cosines, said), len(known), len(pairs))


def analogies(
    vectors: np.ndarray, words: Mapping[str, int], sections: Mapping[str, Sequence[tuple[str, str, str, str]]], *, among: int
) -> Analogies:
    """For a, b, c the word nearest to b − a + c, which is none of them (Mikolov, Yih & Zweig 2013, section 4).

    Args:
        vectors: float [words, numbers], the commonest word first.
        words: word → row, lower-cased.
        sections: of `read_analogies`.
        among: the commonest words, of which all four must be some.
    """
    units = unit(vectors[:among])
    right, asked = {}, {}
    for section, questions in sections.items():
        rows = [[words.get(word, among) for word in question] for question in questions]
        known = np.array([row for row in rows if max(row) < min(among, len(vectors))], np.int64).reshape(-1, 4)  # [asked, 4]
        right[section], asked[section] = 0, len(known)
        for start in range(0, len(known), BATCH):
            part = known[start : start + BATCH]
            first, second, third = (units[part[:, place]] for place in range(3))
            scores = unit(second - first + third) @ units.T  # [batch, among]
            np.put_along_axis(scores, part[:, :3], -np.inf, 1)
            right[section] += int((scores.argmax(1) == part[:, 3]).sum())
    return Analogies(right, asked, sum(map(len, sections.values())), min(among, len(vectors)))


def _ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 0; equal values share their mean rank."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count + 1) / 2)[place])


def _pearson(left: np.ndarray, right: np.ndarray) -> float:
    if not (np.ptp(left) > 0 and np.ptp(right) > 0):
        return float("nan")  # 0 ÷ 0, of which NumPy would warn
    return float(np.corrcoef(left, right)[0, 1])
