"""Position after position: loops over single words, compiled by numba for one thread.

To import this module is to have numba (`pip install 'onnx-zoo[words]'`). What is compiled is kept on disk, where there is a place
for it, so that only the first run waits.

Rows of a table are named by the table and a number, not cut out of it: numba counts who refers to a piece of an array, and that
would take longer than what is done with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

from zoo_word2vec.fetch import fetch

F = TypeVar("F", bound=Callable[..., object])
Ints = NDArray[np.int32]
Floats = NDArray[np.float32]

FREE = {"reassoc", "contract", "nsz", "arcp"}
"""What the compiler may do with sums so that they use vector registers; NaN and infinity stay what they are, or a run that diverges
would go unnoticed."""
LOOKED = 64
"""Positions of a batch whose loss is computed, for the curve."""
AHEAD = 2
"""Positions: how far ahead rows are asked for."""
LINE = 16
"""Numbers of a cache line."""


def _helper(function: F) -> F:
    """Becomes part of what calls it: the compiler then knows which arrays are the caller's own, and that they do not overlap."""
    return cast(F, njit(inline="always", fastmath=FREE, error_model="numpy")(function))


def _compiled(function: F) -> F:
    """Compiled when first called, without Python's lock."""
    try:
        return cast(F, njit(nogil=True, fastmath=FREE, error_model="numpy", cache=True)(function))
    except RuntimeError:  # no folder that numba may write to
        return cast(F, njit(nogil=True, fastmath=FREE, error_model="numpy")(function))


@_helper
def _random(state: NDArray[np.uint64]) -> np.uint64:
    """Uniform in 64 bits: xorshift64* (Vigna 2016, arXiv 1402.6246, section 3)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return np.uint64(x * np.uint64(2685821657736338717))


@_helper
def _share(number: np.uint64) -> np.float32:
    """The lowest 24 bits as a number of [0, 1)."""
    return np.float32(number & np.uint64(0xFFFFFF)) * np.float32(2.0**-24)


@_compiled
def draw(
    tokens: Ints, kept: Floats, own: Floats, alias: NDArray[np.int64], window: int, negative: int, seed: int
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """A stretch of text → positions.

    Args:
        tokens: ids, -1 where a line ends, those beyond the vocabulary passed over: int32 [tokens].
        kept: probability that a word is kept, float32 [words].
        own: probability that a place drawn for a noise word stands for itself, float32 [words] (`Alias.keep`).
        alias: what it stands for otherwise, int64 [words] (`Alias.alias`).
        window: most words that a position sees to each side.
        negative: noise words of a position.
        seed: of all that is drawn; not 0.

    Returns:
        Words that are kept, their places among `tokens`, how many words each sees to its left and to its right, all int32
        [positions]; noise words, int32 [positions, negative].
    """
    words, state = len(kept), np.array([seed], np.uint64)
    found, where = np.empty(len(tokens), np.int32), np.empty(len(tokens), np.int32)
    left, right = np.empty(len(tokens), np.int32), np.empty(len(tokens), np.int32)
    count = line = 0
    for place in range(len(tokens) + 1):
        token = tokens[place] if place < len(tokens) else np.int32(-1)
        if token < 0:
            for position in range(line, count):
                reach = int(_random(state) >> np.uint64(33)) % window + 1
                left[position] = min(reach, position - line)
                right[position] = min(reach, count - 1 - position)
            line = count
        elif token < words and _share(_random(state) >> np.uint64(40)) < kept[token]:
            found[count], where[count] = token, place
            count += 1
    noise = np.empty((count, negative), np.int32)
    for position in range(count):
        for other in range(negative):
            number = _random(state)
            place = (int(number >> np.uint64(32)) * words) >> 32
            noise[position, other] = place if _share(number) < own[place] else alias[place]
    return found[:count], where[:count], left[:count], right[:count], noise


@_helper
def _fetch(table: Floats, row: int) -> None:
    """Ask for a row."""
    for number in range(0, table.shape[1], LINE):
        fetch(table, row, number)


@_helper
def _foresee(vectors: Floats, contexts: Floats, words: Ints, noise: Ints, position: int, window: int) -> None:
    """Ask for what a position will need, which those before it did not."""
    _fetch(vectors, words[position + 2 * window])
    _fetch(contexts, words[position + window])
    for other in range(noise.shape[1]):
        _fetch(contexts, noise[position, other])


@_helper
def _see(words: Ints, middle: int, left: int, right: int, seen: Ints) -> int:
    """What a position sees; returns how many words that are."""
    for other in range(left):
        seen[other] = words[middle - left + other]
    for other in range(right):
        seen[left + other] = words[middle + 1 + other]
    return left + right


@_helper
def _aim(words: Ints, middle: int, noise: Ints, position: int, target: Ints) -> None:
    """The word that is looked for, and the noise words."""
    target[0] = words[middle]
    for other in range(noise.shape[1]):
        target[other + 1] = noise[position, other]


@_helper
def _copy(table: Floats, ids: Ints, count: int, rows: Floats) -> None:
    """Rows `ids` of a table."""
    for place in range(count):
        word = ids[place]
        for number in range(table.shape[1]):
            rows[place, number] = table[word, number]


@_helper
def _products(rows: Floats, count: int, others: Floats, products: Floats) -> None:
    """The first `count` rows times all others; three sums at once, or each would wait for its last term."""
    numbers, columns = rows.shape[1], len(others)
    for row in range(count):
        for column in range(0, columns - 2, 3):
            a = b = c = np.float32(0)
            for number in range(numbers):
                value = rows[row, number]
                a += value * others[column, number]
                b += value * others[column + 1, number]
                c += value * others[column + 2, number]
            products[row, column], products[row, column + 1], products[row, column + 2] = a, b, c
        for column in range(columns // 3 * 3, columns):
            a = np.float32(0)
            for number in range(numbers):
                a += rows[row, number] * others[column, number]
            products[row, column] = a


@_helper
def _add(into: Floats, row: int, weights: Floats, chosen: int, rows: Floats, count: int) -> None:
    """Add to a row the first `count` others, weighted by a row of `weights`; three at once, for fewer reads and writes."""
    numbers = into.shape[1]
    for first in range(0, count - 2, 3):
        a, b, c = weights[chosen, first], weights[chosen, first + 1], weights[chosen, first + 2]
        for number in range(numbers):
            into[row, number] += a * rows[first, number] + b * rows[first + 1, number] + c * rows[first + 2, number]
    for last in range(count // 3 * 3, count):
        a = weights[chosen, last]
        for number in range(numbers):
            into[row, number] += a * rows[last, number]


@_helper
def _loss(scores: Floats, row: int) -> float:
    """−log σ(s) of the first score, −log σ(−s) of the others, which are of noise words."""
    loss = 0.0
    for column in range(scores.shape[1]):
        score = scores[row, column] if column else -scores[row, column]
        loss += max(score, np.float32(0)) + math.log1p(math.exp(-abs(score)))
    return loss


@_helper
def _slopes(scores: Floats, row: int, rate: np.float32) -> None:
    """Scores → minus the gradient of the loss by them, times the learning rate."""
    for column in range(scores.shape[1]):
        scores[row, column] = -rate / (np.float32(1) + math.exp(-scores[row, column]))
    scores[row, 0] += rate


@_compiled
def skipgram(
    vectors: Floats, contexts: Floats, words: Ints, left: Ints, right: Ints, noise: Ints, window: int, rate: float
) -> tuple[float, int]:
    """Go through positions, and after each down the gradient: each word that it sees is to tell its word from its noise words.

    Args:
        vectors: of words as they are looked up, float32 [words, numbers]; changed.
        contexts: of words as they are predicted, float32 [words, numbers]; changed.
        words: of the positions, with `window` more before and after them, int32 [positions + 2 · window].
        left: words that each sees to its left, int32 [positions].
        right: to its right.
        noise: int32 [positions, negative].
        window: most words that a position sees to each side.
        rate: of learning.

    Returns:
        The loss of the first `LOOKED` positions, summed over their pairs, and how many pairs these are.
    """
    numbers, targets, step = vectors.shape[1], noise.shape[1] + 1, np.float32(rate)
    seen, target = np.empty(2 * window, np.int32), np.empty(targets, np.int32)
    near, far = np.empty((2 * window, numbers), np.float32), np.empty((targets, numbers), np.float32)
    slopes, turned = np.empty((2 * window, targets), np.float32), np.empty((targets, 2 * window), np.float32)
    loss, pairs = 0.0, 0
    for position in range(len(left)):
        if position + AHEAD < len(noise):
            _foresee(vectors, contexts, words, noise, position + AHEAD, window)
        many = _see(words, position + window, left[position], right[position], seen)
        _aim(words, position + window, noise, position, target)
        _copy(vectors, seen, many, near)
        _copy(contexts, target, targets, far)
        _products(near, many, far, slopes)
        if position < LOOKED:
            pairs += many
            for row in range(many):
                loss += _loss(slopes, row)
        for row in range(many):
            _slopes(slopes, row, step)
            for column in range(targets):
                turned[column, row] = slopes[row, column]
        for row in range(many):
            _add(vectors, seen[row], slopes, row, far, targets)
        for column in range(targets):
            _add(contexts, target[column], turned, column, near, many)
    return loss, pairs


@_compiled
def bag_of_words(
    vectors: Floats, contexts: Floats, words: Ints, left: Ints, right: Ints, noise: Ints, window: int, rate: float
) -> tuple[float, int]:
    """Go through positions, and after each down the gradient: the mean of what it sees is to tell its word from its noise words.

    The gradient of the mean is given to each of its words whole, as word2vec.c has it. Arguments and results are those of
    `skipgram`; a pair is a position.
    """
    numbers, targets, step = vectors.shape[1], noise.shape[1] + 1, np.float32(rate)
    seen, target = np.empty(2 * window, np.int32), np.empty(targets, np.int32)
    mean, back, slopes = np.empty(numbers, np.float32), np.empty(numbers, np.float32), np.empty((1, targets), np.float32)
    loss, pairs = 0.0, 0
    for position in range(len(left)):
        if position + AHEAD < len(noise):
            _foresee(vectors, contexts, words, noise, position + AHEAD, window)
        many = _see(words, position + window, left[position], right[position], seen)
        if many == 0:
            continue
        _aim(words, position + window, noise, position, target)
        _mean(vectors, seen, many, mean)
        _scores(mean, contexts, target, slopes)
        if position < LOOKED:
            pairs += 1
            loss += _loss(slopes, 0)
        _slopes(slopes, 0, step)
        _answer(contexts, target, slopes, mean, back)
        for other in range(many):
            word = seen[other]
            for number in range(numbers):
                vectors[word, number] += back[number]
    return loss, pairs


@_helper
def _mean(vectors: Floats, seen: Ints, many: int, mean: Floats) -> None:
    """Of vectors; three at once."""
    numbers, share = len(mean), np.float32(1) / np.float32(many)
    for number in range(numbers):
        mean[number] = 0
    for first in range(0, many - 2, 3):
        one, two, three = seen[first], seen[first + 1], seen[first + 2]
        for number in range(numbers):
            mean[number] += vectors[one, number] + vectors[two, number] + vectors[three, number]
    for last in range(many // 3 * 3, many):
        one = seen[last]
        for number in range(numbers):
            mean[number] += vectors[one, number]
    for number in range(numbers):
        mean[number] *= share


@_helper
def _scores(mean: Floats, contexts: Floats, target: Ints, scores: Floats) -> None:
    """A vector times rows of a table, as `_products` has it."""
    numbers, targets = len(mean), len(target)
    for first in range(0, targets - 2, 3):
        one, two, three = target[first], target[first + 1], target[first + 2]
        a = b = c = np.float32(0)
        for number in range(numbers):
            value = mean[number]
            a += value * contexts[one, number]
            b += value * contexts[two, number]
            c += value * contexts[three, number]
        scores[0, first], scores[0, first + 1], scores[0, first + 2] = a, b, c
    for last in range(targets // 3 * 3, targets):
        one, a = target[last], np.float32(0)
        for number in range(numbers):
            a += mean[number] * contexts[one, number]
        scores[0, last] = a


@_helper
def _answer(contexts: Floats, target: Ints, slopes: Floats, mean: Floats, back: Floats) -> None:
    """What the mean and the rows that it met do to each other, two at once; a row met again is as the first time left it."""
    numbers, targets = len(mean), len(target)
    for number in range(numbers):
        back[number] = 0
    for first in range(0, targets - 1, 2):
        one, two, a, b = target[first], target[first + 1], slopes[0, first], slopes[0, first + 1]
        if one == two:  # what is written last counts
            a, b = np.float32(0), a + b
        for number in range(numbers):
            value, here, there = mean[number], contexts[one, number], contexts[two, number]
            back[number] += a * here + b * there
            contexts[one, number] = here + a * value
            contexts[two, number] = there + b * value
    for last in range(targets // 2 * 2, targets):
        one, a = target[last], slopes[0, last]
        for number in range(numbers):
            here = contexts[one, number]
            back[number] += a * here
            contexts[one, number] = here + a * mean[number]
