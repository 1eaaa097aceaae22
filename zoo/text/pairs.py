"""Byte-pair encoding (Sennrich, Haddow and Birch 2016): words in pieces, made from letters by merges learned from counts.

A piece that others of its word follow hangs on them, so that `ing` within a word and `ing` at its end are two pieces. Pieces are
merged by number, not by name, for a graph has no other way.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from zoo.text.tokens import MARK_SET

Merge = tuple[int, int, int]
"""Left piece, right piece, what they become."""
MEMORY = 200_000
"""How many words' pieces are remembered."""


class Pieces:
    """Words → ids of pieces.

    Args:
        letters: letter or mark → id; of a letter, that of the piece which hangs on the next.
        finals: id of a letter that hangs on the next → id of the letter at a word's end.
        merges: the first is done first.
        unknown: id of a word with a letter that is not known, as a whole.
    """

    def __init__(self, letters: Mapping[str, int], finals: Mapping[int, int], merges: Sequence[Merge], unknown: int) -> None:
        self._letters = letters
        self._finals = finals
        self._ranks = {(left, right): (rank, made) for rank, (left, right, made) in enumerate(merges)}
        self._unknown = unknown
        self._memory: dict[str, tuple[int, ...]] = {}

    def of(self, word: str) -> tuple[int, ...]:
        """Ids of the pieces of `word`, or the one of the unknown."""
        found = self._memory.get(word)
        if found is None:
            if len(self._memory) >= MEMORY:
                self._memory.clear()
            found = self._memory[word] = self._cut(word)
        return found

    def _cut(self, word: str) -> tuple[int, ...]:
        ids = [self._letters.get(letter, self._unknown) for letter in word]
        if self._unknown in ids:
            return (self._unknown,)
        ids[-1] = self._finals.get(ids[-1], ids[-1])
        while True:
            merges = [(*self._ranks[pair], place) for place, pair in enumerate(pairwise(ids)) if pair in self._ranks]
            if not merges:
                return tuple(ids)
            _, made, place = min(merges, key=lambda merge: (merge[0], merge[2]))
            ids[place : place + 2] = [made]


def learn(
    words: Counter[str], letters: Mapping[str, int], finals: Mapping[int, int], *, first: int, most: int, least: int
) -> list[Merge]:
    """Merges for counted words, the most frequent pair first.

    Args:
        words: how often each occurs; marks and words with other letters are passed over.
        letters: letter → id of the piece that hangs on the next.
        finals: that id → the id at a word's end.
        first: id of the first new piece; those after it count up.
        most: how many new pieces there may be.
        least: a pair that occurs fewer times is not merged.
    """
    sequences, counts = [], []
    for word, count in sorted(words.items()):
        if word not in MARK_SET and all(letter in letters for letter in word):
            ids = [letters[letter] for letter in word]
            sequences.append([*ids[:-1], finals[ids[-1]]])
            counts.append(count)
    pairs: Counter[tuple[int, int]] = Counter()
    where: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    for number, sequence in enumerate(sequences):
        for pair in pairwise(sequence):
            pairs[pair] += counts[number]
            where[pair].add(number)
    surfaces = {ids: letter for letter, ids in letters.items()}
    made_of: dict[tuple[str, bool], int] = {}
    names = {number: (letter, False) for number, letter in surfaces.items()}
    names |= {finals[number]: (letter, True) for number, letter in surfaces.items()}
    heap = [(-count, pair) for pair, count in pairs.items()]
    heapq.heapify(heap)
    merges: list[Merge] = []
    while heap and len(made_of) < most:
        negative, pair = heapq.heappop(heap)
        if pairs[pair] != -negative:  # an older count; the newer one is in the heap too
            continue
        if -negative < least:
            break
        (left, _), (right, final) = names[pair[0]], names[pair[1]]
        made = made_of.setdefault((left + right, final), first + len(made_of))
        names[made] = left + right, final
        merges.append((*pair, made))
        changed = _replace(pair, made, sequences, counts, pairs, where)
        for other in changed:
            if pairs[other] > 0:
                heapq.heappush(heap, (-pairs[other], other))
    return merges


def _replace(
    pair: tuple[int, int],
    made: int,
    sequences: list[list[int]],
    counts: Sequence[int],
    pairs: Counter[tuple[int, int]],
    where: defaultdict[tuple[int, int], set[int]],
) -> list[tuple[int, int]]:
    """Merge `pair` in every word that has it; which pairs' counts changed."""
    first, second = pair
    changed: set[tuple[int, int]] = set()
    for number in where.pop(pair):
        old, count = sequences[number], counts[number]
        new: list[int] = []
        fresh: list[bool] = []
        for piece in old:
            if piece == second and new and new[-1] == first and not fresh[-1]:
                new[-1], fresh[-1] = made, True
            else:
                new.append(piece)
                fresh.append(False)
        if len(new) == len(old):  # a merge since then took the pair away
            continue
        sequences[number] = new
        for place in range(len(new) - 1):
            if fresh[place] or fresh[place + 1]:
                was = second if fresh[place] else new[place], first if fresh[place + 1] else new[place + 1]
                now = new[place], new[place + 1]
                pairs[was] -= count
                pairs[now] += count
                where[now].add(number)
                changed.update((was, now))
    pairs[pair] = 0
    return sorted(changed - {pair})
