"""What the data decide of word vectors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zoo.data.dataset import Split
from zoo.errors import DataError, UsageError
from zoo.spec import replaced
from zoo.training.words import spell
from zoo_word2vec import Config

FEWEST = 4
"""Words of an analogy."""


def fit(config: Config, splits: Mapping[str, Split]) -> Config:
    """The config with the size of the vocabulary.

    Raises:
        DataError: fewer than four words occur often enough: there is no analogy.
        UsageError: the size was given, or subsampling leaves nothing of the text.
    """
    import torch

    from zoo_word2vec.positions import kept

    if config.words is not None or config.letters is not None:
        raise UsageError("config.words and config.letters follow from the text; --set config.most=N takes the N commonest words.")
    words, counts = splits["test"]["word"], splits["test"]["count"]
    found = min(int((counts >= config.least).sum()), config.most)
    if found < FEWEST:
        often = f" (the commonest is {words[0]!r}: {int(counts[0]):,})" if len(words) else ""
        raise DataError(
            f"Vectors are learned of {FEWEST} different words at least, each of which occurs {config.least:,} times or more; "
            f"of this text's {len(words):,} there are {found}{often}. "
            + ("A longer text is needed." if len(words) < FEWEST else "Give a longer text, or --set config.least=1.")
        )
    chosen = torch.from_numpy(np.array(counts[:found], np.int64))
    if float((chosen * kept(chosen, config.sample)).sum()) < FEWEST:
        raise UsageError(f"config.sample={config.sample:g} leaves nothing of the text; 0 keeps every word, 1e-3 is usual.")
    return replaced(config, words=found, letters=len(spell(words[:found])))
