"""What the data decide of word vectors."""

from __future__ import annotations

from collections.abc import Mapping

from zoo.data.dataset import Split
from zoo.errors import DataError
from zoo.spec import replaced
from zoo.training.words import spell
from zoo_word2vec import Config


def fit(config: Config, splits: Mapping[str, Split]) -> Config:
    """The config with the size of the vocabulary.

    Raises:
        DataError: fewer than four words occur often enough: there is no analogy.
    """
    words, counts = splits["test"]["word"], splits["test"]["count"]
    found = min(int((counts >= config.least).sum()), config.most)
    if found < 4:
        often = f"{words[0]!r}, {int(counts[0]):,} times" if len(words) else "none"
        raise DataError(
            f"Of {len(words):,} words {found or 'none'} occur{'s' * (found < 2)} at least {config.least} times (the commonest is "
            f"{often}), and vectors are learned of four at least; give a longer text, or --set config.least=1."
        )
    return replaced(config, words=found, letters=len(spell(words[:found])))
