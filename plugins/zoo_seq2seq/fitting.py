"""What the data decide of a translator."""

from __future__ import annotations

from collections.abc import Mapping

from zoo.data.dataset import Split
from zoo.spec import replaced
from zoo.training.translation import vocabularies
from zoo_seq2seq import Config


def fit(config: Config, splits: Mapping[str, Split]) -> Config:
    """The config with the sizes of the vocabularies of the training split."""
    reads, writes = vocabularies(config, splits["train"])
    return replaced(
        config,
        source_ids=len(reads),
        target_ids=len(writes),
        source_bytes=len(reads.to_bytes()),
        target_bytes=len(writes.to_bytes()),
    )
