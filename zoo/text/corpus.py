"""A corpus: any amount of text, read once into a memory map of word ids.

Words are runs of Unicode letters and digits with the marks that belong to them (accents, vowel signs), lower-cased. Ids go by
frequency, so a vocabulary of the N commonest words is the ids below N, and one map serves every minimum count. Memory follows the
vocabulary, not the text.
"""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import itertools
import json
import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zoo.errors import DataError
from zoo.files import replacing_folder

END = -1
"""In the place of a word where a line ends; lines without words have none."""
REPLACED, STRANGE = "\N{REPLACEMENT CHARACTER}", 0.02
"""What stands for bytes that are no UTF-8, and the share of the letters from which on it is another encoding."""
FORM = 2
"""Of the map; another form is another file."""
BLOCK = 1 << 22
"""Ids that are put into their final order at once."""
PIECE = 1 << 16
"""Letters at the end of a chunk of the text in which white space is looked for, to cut it there and not within a word."""
TOKENS, WORDS = "tokens.i32", "words.json"


class Corpus(NamedTuple):
    """Text as ids.

    Args:
        tokens: int32 [n], memory map of which a change would be seen by this process alone; `END` where a line ends.
        words: all different words, by falling frequency, then by when they came first.
        counts: int64 [words].
        strange: places that are no UTF-8.
    """

    tokens: np.ndarray
    words: list[str]
    counts: np.ndarray
    strange: int


def read_corpus(chunks: Callable[[], Iterable[bytes]], folder: Path, key: str) -> Corpus:
    """The corpus of a text, made now or taken from the cache, where it is whole.

    Args:
        chunks: begins to read the text, UTF-8; called where it is not in the cache.
        folder: of cached corpora.
        key: of the text: its hash.

    Raises:
        DataError: the text holds no word, or a NUL, which no text does, or is in another encoding.
    """
    home = folder / hashlib.sha256(f"{FORM} {key}".encode()).hexdigest()[:32]
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):  # not there, or damaged
        return _read(home)
    home.parent.mkdir(parents=True, exist_ok=True)
    with replacing_folder(home) as beside:
        _write(chunks(), beside)
    return _read(home)


@cache
def word_pattern() -> re.Pattern[str]:
    """A word, or a line's end: letters and digits, each with the marks that follow it (Unicode's categories Mn and Mc)."""
    marks = "".join(letter for letter in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(letter) in ("Mn", "Mc"))
    return re.compile(rf"[^\W_]+(?:[{marks}]+[^\W_]*)*|\n")


def _read(folder: Path) -> Corpus:
    known = json.loads((folder / WORDS).read_text(encoding="utf-8"))
    words, counts = known["words"], np.array(known["counts"], np.int64)
    tokens = np.memmap(folder / TOKENS, np.int32, "c")
    if (len(tokens), len(counts)) != (known["tokens"], len(words)):
        raise ValueError("cut short")
    return Corpus(tokens, words, counts, known["strange"])


def _write(chunks: Iterable[bytes], folder: Path) -> None:
    ids: defaultdict[str, int] = defaultdict(itertools.count().__next__)
    ids["\n"] = end = ids["\n"]  # the first id
    counts = np.zeros(1, np.int64)
    letters = strange = written = 0
    find = word_pattern().findall
    with (folder / TOKENS).open("wb") as out:
        last = end
        for text in _texts(chunks):
            letters, strange = letters + len(text), strange + text.count(REPLACED)
            if letters > PIECE:  # of shorter texts when all has been read
                _check_readable(strange, letters)
            found = np.fromiter(map(ids.__getitem__, find(unicodedata.normalize("NFC", text.lower()))), np.int32)
            if not len(found):
                continue
            # Of line ends in a row, and before the first word, none is kept.
            before = np.concatenate([[last], found[:-1]])
            found = found[(found != end) | (before != end)]
            last = int(found[-1]) if len(found) else last
            new = np.bincount(found, minlength=len(ids))
            new[: len(counts)] += counts
            counts = new
            out.write(found.tobytes())
            written += len(found)
    _check_readable(strange, letters)
    words = list(ids)[1:]
    if not words:
        raise DataError("The text holds no word: no letter and no digit.")
    order = np.argsort(-counts[1:], kind="stable")
    rank = np.empty(len(words) + 1, np.int32)
    rank[0] = END
    rank[order + 1] = np.arange(len(words), dtype=np.int32)
    with (folder / TOKENS).open("r+b") as file:  # in blocks, not by a memory map, whose pages would count as ours
        while len(block := np.fromfile(file, np.int32, BLOCK)):
            file.seek(-block.nbytes, 1)
            file.write(rank[block].tobytes())
    facts = {
        "words": [words[place] for place in order],
        "counts": counts[1:][order].tolist(),
        "tokens": written,
        "strange": strange,
    }
    (folder / WORDS).write_text(json.dumps(facts, ensure_ascii=False), encoding="utf-8")


def _check_readable(strange: int, letters: int) -> None:
    if strange > STRANGE * letters:
        raise DataError("The text is no UTF-8; `iconv -f LATIN1 -t UTF-8` and the like make it so.")


def _texts(chunks: Iterable[bytes]) -> Iterator[str]:
    """The text in pieces that end between words; bytes that are no UTF-8 part words.

    Raises:
        DataError: a NUL.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
    held = ""
    for chunk in chunks:
        if b"\0" in chunk:
            raise DataError("The text holds a NUL byte: it is no text, or UTF-16; it should be UTF-8.")
        text = held + decoder.decode(chunk)
        cut = max(text.rfind("\n", -PIECE), text.rfind(" ", -PIECE)) + 1 or len(text)
        yield text[:cut]
        held = text[cut:]
    yield held + decoder.decode(b"", final=True)
