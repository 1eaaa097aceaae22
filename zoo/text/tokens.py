"""Text → words and marks."""

from __future__ import annotations

import re
from collections.abc import Iterable

from zoo.text.marks import MARKS, OPENING, SPACES

_SPACE = re.compile(f"[{re.escape(SPACES)}]+")
_WORD = re.compile(f"[{re.escape(MARKS)}]|[^{re.escape(MARKS + SPACES)}]+")
_SPACED = re.compile(f"( ?)([{re.escape(MARKS)}]|[^{re.escape(MARKS)} ]+)")
_SURROGATE = re.compile("[\ud800-\udfff]")
MARK_SET = frozenset(MARKS)


def well_formed(text: str) -> str:
    """`text` as a graph can take it: a lone surrogate, which UTF-8 cannot hold and onnxruntime refuses, becomes U+FFFD."""
    return _SURROGATE.sub("\ufffd", text)


def normalise(text: str) -> str:
    """`text` well formed, every run of white space one plain space, none at the ends."""
    return _SPACE.sub(" ", well_formed(text)).strip(" ")


def words_of(text: str) -> list[str]:
    """Words and marks of `text` as they stand in it: `"Don't."` → `["Don", "'", "t", "."]`."""
    return _WORD.findall(well_formed(text))


def glued(text: str) -> list[tuple[str, bool, bool]]:
    """Words and marks, and whether each hangs on the token before it and on the token after it.

    Only marks hang on others. Of a word and a mark that touch it is the mark; of two marks the second, unless the first opens
    something. So a `"` before a word and one after it are different tokens, and the text can be put together again.
    """
    tokens = _SPACED.findall(normalise(text))
    count = len(tokens)
    left, right = [False] * count, [False] * count
    for place in range(1, count):
        space, token = tokens[place]
        if space:
            continue
        before = tokens[place - 1][1]
        if before in MARK_SET and (token not in MARK_SET or before in OPENING):
            right[place - 1] = True
        else:
            left[place] = True
    return [(token, left[place], right[place]) for place, (_, token) in enumerate(tokens)]


def first_word(tokens: Iterable[str]) -> int:
    """Where the first token stands that is no mark; −1 if there is none."""
    return next((place for place, token in enumerate(tokens) if token not in MARK_SET), -1)
