"""The exported translators: a sentence in, its translation out, the search inside."""

from __future__ import annotations

from zoo.exporting.translation import SentenceFront, SentenceHead
from zoo.graph import Assets, Graph
from zoo.training.translation import vocabularies_of
from zoo_seq2seq.model import Translator
from zoo_seq2seq.search import Search

WIDTH = 5
PENALTY = 1.0


def greedy(module: Translator, assets: Assets) -> Graph:
    """The most probable word at each step."""
    return _graph(module, Search(module), assets)


def beam(module: Translator, assets: Assets) -> Graph:
    """Five translations side by side, compared by log-probability over length."""
    return _graph(module, Search(module, width=WIDTH, penalty=PENALTY), assets)


def _graph(module: Translator, search: Search, assets: Assets) -> Graph:
    reads, writes = vocabularies_of(module)
    module.encoder.freeze()
    from zoo_seq2seq.sentences import sentences

    text = assets.inputs[0].name
    return Graph(
        search,
        ("tokens", "copied", "score"),
        heads=(SentenceHead(writes),),
        fronts=(SentenceFront(reads, text),),
        examples={text: sentences(reads)},
        audited={text: assets.examples["source"]} if assets.examples else {},
    )
