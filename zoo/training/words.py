"""Word vectors: what every way of learning them has in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor


@runtime_checkable
class WordVectors(Protocol):
    """What the tasks ask of a module.

    Attributes:
        vectors: of the words as they are looked up, float32 [words, numbers]; the commonest word first.
        contexts: of the words as they are predicted, float32 [words, numbers].
        spelled: the words in the order of their rows, UTF-8, a line feed between two, uint8 [bytes].
        counts: how often each occurs in the text, int64 [words].
    """

    vectors: Tensor
    contexts: Tensor
    spelled: Tensor
    counts: Tensor


def spell(words: Iterable[str]) -> bytes:
    """Words as `WordVectors.spelled` holds them."""
    return "\n".join(words).encode()


def read(spelled: bytes) -> list[str]:
    """The words that `spell` wrote."""
    return spelled.decode().split("\n")


def words_of(module: WordVectors) -> list[str]:
    """The words of a module, in the order of its rows."""
    return read(module.spelled.cpu().numpy().tobytes())
