"""Words ↔ ids.

A vocabulary has a side. The source's reads: a word has one id, whatever its case. The target's writes: an id is one way of writing,
and a mark that hangs on its neighbours is another id than one that stands free, so that ids alone say how a translation is put
together. A sentence's first word has the id it would have within a sentence, and is made upper-case in writing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, NamedTuple

import numpy as np

from zoo.errors import UsageError
from zoo.text import pairs
from zoo.text.tokens import MARK_SET, first_word, glued, words_of

PADDING, UNKNOWN, BEGIN, END = range(4)
SPECIAL = 4
"""How many ids are no words."""

Side = Literal["source", "target"]
Kind = Literal["word", "bpe"]
Texts = Sequence[str] | np.ndarray


class Encoded(NamedTuple):
    """Source sentences as a translator reads them.

    Args:
        ids: int64 [batch, length]; each row ends with END, then PADDING.
        lengths: int64 [batch], END counted, so at least 1.
        words: object (str) [batch, length], as they stood in the text, of each piece the whole word; "" at END and PADDING.
    """

    ids: np.ndarray
    lengths: np.ndarray
    words: np.ndarray


@dataclass(frozen=True)
class Vocabulary:
    """Words and their ids; made by `fit`, kept as bytes.

    Args:
        side: "source" or "target".
        kind: "word" or "bpe".
        surfaces: how each id is written; the four special ones as "".
        left: of each id, whether it hangs on the token before.
        right: of each id, whether it hangs on the token after: a mark of a target, or a piece of a word that goes on.
        forms: of a source: every way of writing → id. Of "bpe": every letter and mark → id, on both sides.
        sentence_case: of a target: a sentence's first word begins with a capital letter.
        merges: of "bpe": left piece, right piece, what they become; the first is done first.
        names: of a target of "bpe": words that have a capital letter wherever they stand.
    """

    side: Side
    kind: Kind
    surfaces: tuple[str, ...]
    left: tuple[bool, ...]
    right: tuple[bool, ...]
    forms: dict[str, int] = field(default_factory=dict)
    sentence_case: bool = False
    merges: tuple[pairs.Merge, ...] = ()
    names: frozenset[str] = frozenset()

    def __len__(self) -> int:
        """How many ids there are, the four special ones among them."""
        return len(self.surfaces)

    @cached_property
    def capitals(self) -> tuple[str, ...]:
        """How each id is written at the start of a sentence."""
        return tuple(capital(surface) for surface in self.surfaces) if self.sentence_case else self.surfaces

    @cached_property
    def exact(self) -> dict[tuple[str, bool, bool], int]:
        """Surface, whether it hangs on the token before and on the one after → id."""
        places = zip(self.surfaces, self.left, self.right, strict=True)
        return {place: number for number, place in enumerate(places) if number >= SPECIAL}

    @cached_property
    def finals(self) -> dict[int, int]:
        """Of "bpe": id of a letter that goes on → id of the same letter at a word's end."""
        numbers = sorted(set(self.forms.values())) if self.kind == "bpe" else []
        return {number: self.exact[self.surfaces[number], False, False] for number in numbers if self.goes_on(number)}

    @cached_property
    def _usual(self) -> dict[str, int]:
        """Lower-case surface → the most frequent id that is written so but for case and hanging; ids go by frequency."""
        usual: dict[str, int] = {}
        for number, surface in enumerate(self.surfaces[SPECIAL:], SPECIAL):
            usual.setdefault(surface.lower(), number)
        return usual

    @cached_property
    def pieces(self) -> pairs.Pieces:
        """Of "bpe": words → ids of pieces."""
        return pairs.Pieces(self.forms, self.finals, self.merges, UNKNOWN)

    def is_word(self, number: int) -> bool:
        """Whether id `number` is written and no mark."""
        return number >= SPECIAL and self.surfaces[number] not in MARK_SET

    def goes_on(self, number: int) -> bool:
        """Whether id `number` is a piece that others of its word follow."""
        return self.is_word(number) and self.right[number]

    @classmethod
    def fit(
        cls, sentences: Iterable[str], *, side: Side, kind: Kind = "word", least: int = 2, largest: int | None = None
    ) -> Vocabulary:
        """The vocabulary of training sentences.

        Args:
            sentences: texts of one language.
            side: "source" for what is read, "target" for what is written.
            kind: "word", or "bpe" for byte-pair encoding.
            least: words (of "bpe": letters, marks and pairs) that occur fewer times are left out.
            largest: number of ids, the four special ones among them; the rarest words beyond it are left out. By default 30,000, of
                "bpe" 8,000.

        Raises:
            UsageError: a side, a kind or a number that makes no sense.
        """
        from zoo.text.fitting import fit

        return fit(sentences, side=side, kind=kind, least=least, largest=largest)

    def to_bytes(self) -> np.ndarray:
        """uint8 [bytes]: all of it, to be kept among a module's weights."""
        from zoo.text.stored import to_bytes

        return to_bytes(self)

    @classmethod
    def from_bytes(cls, stored: np.ndarray | bytes) -> Vocabulary:
        """The vocabulary that `to_bytes` wrote.

        Raises:
            IntegrityError: the bytes are damaged, or something else.
        """
        from zoo.text.stored import from_bytes

        return from_bytes(stored)

    def encode(self, texts: Texts, *, longest: int | None = None) -> Encoded:
        """Source texts [batch] → ids, lengths, words; a lone surrogate counts as U+FFFD.

        Args:
            texts: of any length.
            longest: rows are cut after so many ids, as the graph never does; a row that was cut has no END.

        Raises:
            UsageError: this is a target's vocabulary.
        """
        self._must_be("source")
        forms = self.forms
        if self.kind == "bpe":
            rows = [[(word, number) for word in words_of(text) for number in self.pieces.of(word)] for text in texts]
        else:
            rows = [[(word, forms.get(word, UNKNOWN)) for word in words_of(text)] for text in texts]
        rows = [[*row, ("", END)][:longest] for row in rows]
        lengths = np.array([len(row) for row in rows], np.int64)
        ids = np.full((len(rows), int(lengths.max(initial=1))), PADDING, np.int64)
        words = np.full(ids.shape, "", object)
        for place, row in enumerate(rows):
            words[place, : len(row)], ids[place, : len(row)] = zip(*row, strict=True)
        return Encoded(ids, lengths, words)

    def encode_target(self, texts: Texts, *, longest: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Target texts [batch] → ids int64 [batch, length], lengths int64 [batch]; a row ends with END, which counts, and PADDING.

        Raises:
            UsageError: this is a source's vocabulary.
        """
        self._must_be("target")
        rows = [self._row(text)[:longest] for text in texts]
        lengths = np.array([len(row) for row in rows], np.int64)
        ids = np.full((len(rows), int(lengths.max(initial=1))), PADDING, np.int64)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = row
        return ids, lengths

    def _row(self, text: str) -> list[int]:
        """Ids of one target text, END at the end."""
        tokens = glued(text)
        first = first_word(token for token, _, _ in tokens) if self.sentence_case else -1
        row: list[int] = []
        for place, (token, left, right) in enumerate(tokens):
            if self.kind == "bpe" and token not in MARK_SET:
                row.extend(self._cut(token, initial=place == first))
            else:
                row.append(self._word(token, left, right, initial=place == first))
        row.append(END)
        return row

    def _cut(self, token: str, *, initial: bool) -> tuple[int, ...]:
        """Ids of the pieces of a word; a sentence's first one without its capital letter, unless it is a name."""
        if initial and token not in self.names and UNKNOWN not in (ids := self.pieces.of(uncapital(token))):
            return ids
        return self.pieces.of(token)

    def _word(self, token: str, left: bool, right: bool, *, initial: bool) -> int:
        """Id of a word or mark; the usual one of its kind where it is not known just so."""
        usual = self._usual.get(token.lower(), UNKNOWN)
        if initial and usual != UNKNOWN and self.capitals[usual] == token:
            return usual
        return self.exact.get((token, left, right), usual)

    def decode(self, tokens: np.ndarray, copied: np.ndarray, words: np.ndarray) -> np.ndarray:
        """Ids of a translation → object (str) [batch].

        Args:
            tokens: int64 [batch, time]; END and what follows it is not read, PADDING and BEGIN write nothing.
            copied: int64 [batch, time], from 0 to length − 1: where a token is UNKNOWN, the place of the word that stands for it.
            words: str [batch, length], of the source.

        Raises:
            UsageError: this is a source's vocabulary.
        """
        self._must_be("target")
        texts = np.empty(len(tokens), object)
        for row, ids in enumerate(np.asarray(tokens).tolist()):
            texts[row] = self._written(ids, np.asarray(copied[row]).tolist(), words[row])
        return texts

    def _written(self, ids: list[int], copied: list[int], words: np.ndarray) -> str:
        """One translation."""
        written: list[str] = []
        started, hangs = False, True
        for place, number in enumerate(ids):
            if number == END:
                break
            word = number == UNKNOWN or self.is_word(number)
            if number == UNKNOWN:
                surface = str(words[copied[place]])
            else:
                surface = (self.capitals if word and not started else self.surfaces)[number]
            if surface:
                if written and not hangs and not self.left[number]:
                    written.append(" ")
                written.append(surface)
                started |= word
            hangs = self.right[number]
        return "".join(written)

    def _must_be(self, side: Side) -> None:
        if self.side != side:
            raise UsageError(f"This vocabulary is of a {self.side}; it should be of a {side}.")


def capital(surface: str) -> str:
    """`surface` with its first letter upper-case; unchanged where that is not one letter (ß)."""
    first = surface[:1].upper()
    return first + surface[1:] if len(first) == 1 else surface


def uncapital(surface: str) -> str:
    """`surface` with its first letter lower-case; unchanged where `capital` would not give it back."""
    lower = surface[:1].lower() + surface[1:]
    return lower if capital(lower) == surface else surface
