"""What a translator makes of sentences that may be given away, as those of its data often may not, and where it looks meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from zoo.report.attention import Attention, Looked
from zoo.report.translations import Translations
from zoo.text import END, PADDING, UNKNOWN, Vocabulary
from zoo.text.vocabulary import Encoded
from zoo.training.translation import vocabularies_of
from zoo.views.subject import LeftOut, Subject, numbers

LISTED = 12
"""Sentences that are listed with their translations."""
LOOKED = 3
"""Those of which it is shown where they are looked at."""
SHORTEST, LONGEST = 5, 14
"""Ids of these, their end counted."""
CUT = 24
"""Ids of a translation that are shown."""


class _Read(NamedTuple):
    """Sentences and what became of them."""

    texts: np.ndarray
    references: np.ndarray | None
    reads: Vocabulary
    writes: Vocabulary
    encoded: Encoded


def translations(subject: Subject) -> Translations:
    """The first of a translator's own sentences, their greedy translations, and the same sentences as a person wrote them."""
    read = _read(subject)
    tokens, copied, score = _translated(subject, read)
    written = read.writes.decode(tokens, copied, read.encoded.words)
    references = read.references
    return Translations(
        id=subject.id,
        sources=tuple(map(str, read.texts[:LISTED])),
        translations=tuple(map(str, written[:LISTED])),
        references=None if references is None else tuple(map(str, references[:LISTED])),
        scores=score[:LISTED],
    )


def attention(subject: Subject) -> Attention:
    """The weights of the attention in the greedy translations of the first sentences that are neither short nor long."""
    read = _read(subject)
    ids, lengths, words = read.encoded
    if subject.translator.look(torch.from_numpy(ids[:1]), torch.from_numpy(lengths[:1]), torch.from_numpy(ids[:1, :1])) is None:
        raise LeftOut("it has no attention: the whole sentence goes through one vector")
    chosen = np.flatnonzero((lengths >= SHORTEST) & (lengths <= LONGEST))[:LOOKED]
    if not len(chosen):
        raise LeftOut(f"none of its sentences has {SHORTEST} to {LONGEST} ids")
    tokens, copied, _ = _translated(subject, read)
    found = []
    for place in chosen:
        length, time = int(lengths[place]), int((tokens[place] != PADDING).sum())
        one = (torch.from_numpy(array[place : place + 1, :size]) for array, size in ((ids, length), (tokens, time)))
        source, target = one
        with torch.inference_mode():
            weights = subject.translator.look(source, torch.from_numpy(lengths[place : place + 1]), target)
        assert weights is not None
        found.append(
            Looked(
                read=_sources(read.reads, ids[place, :length], words[place]),
                written=_targets(read.writes, tokens[place, :time], copied[place], words[place])[:CUT],
                weights=numbers(weights[0])[:CUT],  # [written, read]
                cut=time > CUT,
            )
        )
    return Attention(id=subject.id, sentences=tuple(found))


def _read(subject: Subject) -> _Read:
    network = subject.translator
    texts, references = network.sentences()
    reads, writes = vocabularies_of(network)
    return _Read(texts, references, reads, writes, reads.encode(texts))


def _translated(subject: Subject, read: _Read) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tokens and copied places, int64 [sentences, time], and scores, float64 [sentences]."""
    network: Any = subject.translator
    with torch.inference_mode():
        tokens, copied, score = network.translate(torch.from_numpy(read.encoded.ids), torch.from_numpy(read.encoded.lengths))
    return tokens.numpy(), copied.numpy(), numbers(score)


def _sources(vocabulary: Vocabulary, ids: np.ndarray, words: np.ndarray) -> tuple[str, ...]:
    """Names of what is read: a word as it stands, of one that is cut its pieces; the end as nothing."""
    whole = vocabulary.kind == "word"
    return tuple(
        str(word) if number == UNKNOWN or (whole and number != END) else _piece(vocabulary, number)
        for number, word in zip(ids.tolist(), words, strict=False)
    )


def _targets(vocabulary: Vocabulary, ids: np.ndarray, copied: np.ndarray, words: np.ndarray) -> tuple[str, ...]:
    """Names of what is written; a copied word in brackets of its own."""
    started, names = False, []
    for number, place in zip(ids.tolist(), copied.tolist(), strict=False):
        if number == UNKNOWN:
            names.append(f"‹{words[place]}›")
        elif vocabulary.is_word(number) and not started:
            names.append(_piece(vocabulary, number, vocabulary.capitals))
        else:
            names.append(_piece(vocabulary, number))
        started |= number == UNKNOWN or vocabulary.is_word(number)
    return tuple(names)


def _piece(vocabulary: Vocabulary, number: int, surfaces: Sequence[str] = ()) -> str:
    """How an id is written, with a hyphen where it is cut from what follows."""
    return (surfaces or vocabulary.surfaces)[number] + "-" * vocabulary.goes_on(number)
