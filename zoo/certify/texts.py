"""Text to certify on: sentences of one's own in all sizes, and hostile ones from a generator."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from zoo.data.dataset import texts

HOSTILE = 48
"""Hostile sentences in the golden case; fewer than its largest batch of real ones."""
ODD = 7
"""Words of a sentence of odd length."""
LONG = 200
"""Words of a long hostile sentence."""
KEPT = 30
"""The same in the golden case: whoever replays a certificate waits for it, at every level."""
LETTERS = (
    ("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    ("äöüßéèêçñøåæœ", "ÄÖÜÉÈÊÇÑØÅÆŒ"),
    ("ąćęłńóśźżčďěňřšťůžő", "ĄĆĘŁŃÓŚŹŻČĎĚŇŘŠŤŮŽŐ"),
    ("абвгдежзийклмнопрстуфхцчшщъыьэюяё", "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЁ"),
    ("αβγδεζηθικλμνξοπρστυφχψω", "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ"),
)
"""Small and capital letters of some alphabets."""
STRANGE = (
    "かなカナ漢字語",
    "한국말글",
    "אבגדהוז",
    "ابجدهوز",
    "กขฃคฅ",
    "𝔞𝔟𝔠𝒳𝟙",
    "ꙮᚠᛇᛟ",
    "e\u0301a\u0308o\u0327",
    "İıſŉ",
    "\u200b\u200d\ufeff",
)
"""Letters that few vocabularies know: of other scripts, beyond the basic plane, with marks of their own, without width."""
RIGHT_TO_LEFT = ("שלום", "עולם", "مرحبا", "العالم", "\u202bאבג\u202c")
EMOJI = ("🙂", "👩\u200d🚀", "🇵🇱", "👍🏽", "❤️", "🦜")
MARKS = ".,;:!?…-–—'\"„“”«»()[]{}<>/\\|@#$%&*+=_~^`§°€№"
SPACES = (" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u2009", "\u3000", "\v")
DIGITS = "0123456789"


def hostile(count: int, known: Sequence[str] = (), seed: int = 0, longest: int | None = None) -> np.ndarray:
    """Sentences that no corpus has: objects `str` [count]; the same ones for the same arguments, all kinds in turn.

    Args:
        count: how many.
        known: words that the model may know, mixed with strange ones.
        seed: of the choice.
        longest: words of the longest; `None` for `LONG`.
    """
    longest = longest or LONG
    generator = np.random.default_rng(seed)
    words = _Words(generator, known or ("a", "of", "the", "and", "in"))
    kinds: tuple[Callable[[], str], ...] = (
        lambda: "",
        lambda: words.some(SPACES, 1, 6, ""),
        lambda: words.many(words.unknown, 1, 8),
        lambda: words.many(words.known, longest, longest),
        lambda: words.some(tuple(MARKS), 1, 12, ""),
        lambda: words.many(words.mixed, 2, 10),
        lambda: words.some(EMOJI, 1, 6, words.pick(("", " "))),
        lambda: words.many(words.known, 2, 8, words.pick(SPACES)),
        lambda: words.some(RIGHT_TO_LEFT, 1, 6, " "),
        lambda: words.unknown(longest, 5 * longest),
        lambda: words.many(words.number, 1, 5),
        lambda: words.pick(SPACES) + words.many(words.known, 1, 5) + words.pick(SPACES),
        lambda: words.many(words.marked, 1, 8),
        lambda: words.many(words.strange, 1, 6),
        lambda: words.known() * 20,
        lambda: words.many(words.mixed, longest, longest + 1),
    )
    return texts(kinds[place % len(kinds)]() for place in range(count))


class _Words:
    """Words of several kinds.

    Args:
        generator: of the choice.
        known: words that the model may know.
    """

    def __init__(self, generator: np.random.Generator, known: Sequence[str]) -> None:
        self.generator = generator
        self.words = known

    def pick(self, items: Sequence[str]) -> str:
        return items[int(self.generator.integers(len(items)))]

    def some(self, items: Sequence[str], least: int, most: int, glue: str) -> str:
        return glue.join(self.pick(items) for _ in range(int(self.generator.integers(least, most + 1))))

    def many(self, word: Callable[[], str], least: int, most: int, glue: str = " ") -> str:
        return glue.join(word() for _ in range(int(self.generator.integers(least, most + 1))))

    def known(self) -> str:
        word = self.pick(self.words)
        return self.pick((word, word, word.upper(), word.capitalize(), word.lower()))

    def unknown(self, least: int = 2, most: int = 14) -> str:
        small, capital = LETTERS[int(self.generator.integers(len(LETTERS)))]
        return self.pick(("", self.pick(capital))) + self.some(small, least, most, "")

    def strange(self) -> str:
        return self.some(self.pick(STRANGE), 1, 6, "")

    def number(self) -> str:
        return self.some(DIGITS, 1, 9, self.pick(("", ".", ",", "-")))

    def marked(self) -> str:
        return self.pick(MARKS) + self.known() + self.pick(MARKS)

    def mixed(self) -> str:
        kinds = (self.known, self.unknown, self.strange, self.number, self.marked)
        return kinds[int(self.generator.integers(len(kinds)))]()


def words_of(sentences: np.ndarray) -> list[str]:
    """The different words of sentences, as spaces part them."""
    return list(dict.fromkeys(word for sentence in sentences for word in str(sentence).split()))


def text_cases(own: np.ndarray, audited: np.ndarray, sizes: Sequence[int], generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Case → sentences, objects `str` [batch]: every batch size, every length, and hostile ones.

    Args:
        own: sentences that may be kept.
        audited: the test split, of which only the greatest number of words is taken.
        sizes: of a batch.
        generator: of the choice.
    """
    order = generator.permutation(len(own))
    cases = {f"batch-{size}": own[order[np.arange(size) % len(own)]] for size in sizes}
    stream = [word for sentence in own for word in str(sentence).split()] or ["a"]
    longest = max((len(str(sentence).split()) for sentence in audited), default=1)
    for name, length in (("empty", 0), ("one", 1), ("odd", ODD), ("longest", longest)):
        start = int(generator.integers(len(stream)))
        sentence = " ".join(stream[(start + place) % len(stream)] for place in range(length))
        cases[f"words-{name}"] = texts(["", sentence] if name == "odd" else [sentence] * (1 if name == "one" else 2))
    cases["hostile"] = hostile(HOSTILE, words_of(own), longest=min(LONG, KEPT))
    return cases
