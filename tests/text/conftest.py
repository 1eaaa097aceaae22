from __future__ import annotations

import pytest

from zoo.text import Vocabulary

SENTENCES = (
    "Zwei junge weiße Männer sind im Freien.",
    "Zwei Frauen, die „junge“ Hunde führen, sind im Park!",
    "Der Mann (mit dem T-Shirt) führt zwei Hunde.",
    "L'homme et l'été: d'un œil à l'autre.",
    "Это – весёлые люди; они в парке (в 12:30).",
    "Zażółć gęślą jaźń, zażółć!",
    "Die Tafel misst 2 x 3 Meter, nicht 4 x 5.",
    '"Here," he said, "are 1,000 dogs."',
)


@pytest.fixture(scope="session")
def source() -> Vocabulary:
    return Vocabulary.fit(SENTENCES, side="source", least=1)


@pytest.fixture(scope="session")
def target() -> Vocabulary:
    return Vocabulary.fit(SENTENCES, side="target", least=1)


@pytest.fixture(scope="session")
def source_pieces() -> Vocabulary:
    return Vocabulary.fit(SENTENCES, side="source", kind="bpe", largest=200)


@pytest.fixture(scope="session")
def target_pieces() -> Vocabulary:
    return Vocabulary.fit(SENTENCES, side="target", kind="bpe", least=1, largest=200)
