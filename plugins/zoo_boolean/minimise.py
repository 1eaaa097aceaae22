"""A truth table → few terms that make it: Quine & McCluskey's method (Quine 1952; McCluskey 1956).

All prime implicants are found, by one table of all 3ⁿ cubes. The choice among them is a set cover: branch and bound (proven to
need the fewest terms, and of those the fewest literals) while that is small, else essential primes and a greedy choice without
superfluous terms. Why not a library: sympy's `SOPform` had no answer after a minute and a half for a random function of ten
variables, need not give the smallest, and sympy's parser hands text to Python.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np

MOST_VARIABLES = 16
"""3¹⁶ cubes are 43 MB."""
LARGEST_SEARCH = 12_000
"""Rows × columns of a cover that is searched for the smallest."""
MOST_NODES = 2_000
"""Of that search; after them the best cover so far is taken. Counted, not timed: the answer is the same on every machine."""
LARGEST_TABLE = 4_000_000
"""Entries of a table of primes × rows; a larger one is not made, and the cover is found row by row."""
ABSENT = 2
"""A variable that a term does not mention; 0 and 1 are what it asks of one that it does."""
TERM = 1 << 20
"""What a term costs, beside 1 for each of its literals."""


@dataclass(frozen=True)
class Cover:
    """A disjunctive normal form.

    Args:
        terms: int8 [terms, variables]: 1 for a variable, 0 for its negation, 2 for none; no term is the constant 0.
        smallest: whether no other has fewer terms, or as many with fewer literals.
    """

    terms: np.ndarray
    smallest: bool


def minimise(table: np.ndarray) -> Cover:
    """Terms whose disjunction is `table`.

    Args:
        table: bool [2ⁿ], 1 ≤ n ≤ 16; the first variable is the highest bit of the row's number.
    """
    variables = len(table).bit_length() - 1
    terms = primes(table)
    free = (terms == ABSENT).sum(1)  # [primes]
    if int((1 << free).sum()) > LARGEST_TABLE:
        return Cover(_row_by_row(table, variables), smallest=False)
    rows = _rows_of(terms)
    counts = np.bincount(np.concatenate(rows), minlength=len(table)) if rows else np.zeros(len(table), int)
    chosen = [number for number, own in enumerate(rows) if (counts[own] == 1).any()]  # nothing else makes one of its rows
    open_rows = table.copy()
    for number in chosen:
        open_rows[rows[number]] = False
    left = [number for number, own in enumerate(rows) if open_rows[own].any()]
    rest, smallest = _chosen(terms, rows, left, open_rows)
    return Cover(terms[sorted(chosen + rest)], smallest)


def primes(table: np.ndarray) -> np.ndarray:
    """All prime implicants: int8 [primes, variables], in the order of their numbers in base 3."""
    variables = len(table).bit_length() - 1
    cubes = _implicants(table)
    prime = cubes.copy()
    for axis in range(variables):
        before = (slice(None),) * axis
        # What stays an implicant without this literal is not prime.
        prime[(*before, slice(0, 2))] &= ~cubes[(*before, slice(2, 3))]
    numbers = np.flatnonzero(prime)
    terms = np.empty((len(numbers), variables), np.int8)
    for axis in reversed(range(variables)):
        numbers, terms[:, axis] = np.divmod(numbers, 3)
    return terms


def _implicants(table: np.ndarray) -> np.ndarray:
    """Which of all cubes lie within the function: bool [3, …, 3], an axis for each variable."""
    variables = len(table).bit_length() - 1
    cubes = table.reshape((2,) * variables)
    for axis in range(variables):
        low, high = np.split(cubes, 2, axis)
        cubes = np.concatenate([cubes, low & high], axis)  # […, 3, …]: 0, 1, absent
    return cubes


def _rows_of(terms: np.ndarray) -> list[np.ndarray]:
    """For each term, the rows of the table that it makes true."""
    variables = terms.shape[1]
    bits = 1 << np.arange(variables)[::-1]
    bases = np.where(terms == 1, bits, 0).sum(1)  # [terms]
    free = terms == ABSENT
    rows: list[np.ndarray] = [np.empty(0, int)] * len(terms)
    for count in np.unique(free.sum(1)):
        members = np.flatnonzero(free.sum(1) == count)
        places = np.nonzero(free[members])[1].reshape(len(members), count)  # [members, count]
        found = bases[members, None]  # [members, 1]
        for place in range(count):
            found = np.concatenate([found, found + bits[places[:, place, None]]], 1)  # [members, 2^(place + 1)]
        for member, own in zip(members, found, strict=True):
            rows[member] = own
    return rows


def _chosen(terms: np.ndarray, rows: list[np.ndarray], left: list[int], open_rows: np.ndarray) -> tuple[list[int], bool]:
    """Of the terms `left`, some that cover `open_rows`; and whether that is proven to be the best choice."""
    greedy = _greedy(terms, rows, left, open_rows)
    wanted = np.flatnonzero(open_rows)
    if not len(wanted):
        return [], True
    if len(left) * len(wanted) > LARGEST_SEARCH:
        return greedy, False
    place = {int(row): number for number, row in enumerate(wanted)}
    masks = [sum(1 << place[row] for row in rows[number].tolist() if row in place) for number in left]
    costs = [TERM + int((terms[number] != ABSENT).sum()) for number in left]
    search = _Search(masks, costs, [left.index(number) for number in greedy])
    return [left[column] for column in search.best], search.finished


def _greedy(terms: np.ndarray, rows: list[np.ndarray], left: list[int], open_rows: np.ndarray) -> list[int]:
    """Always the term that makes most of the open rows true, of equals one of fewest literals; then none that is superfluous."""
    still = open_rows.copy()
    literals = (terms != ABSENT).sum(1)
    waiting = [(-int(still[rows[number]].sum()), int(literals[number]), number) for number in left]
    heapq.heapify(waiting)
    chosen = []
    while waiting and still.any():
        gain, size, number = heapq.heappop(waiting)
        now = -int(still[rows[number]].sum())
        if now == gain:
            chosen.append(number)
            still[rows[number]] = False
        elif now:
            heapq.heappush(waiting, (now, size, number))
    return _needed(chosen, rows, open_rows)


def _needed(chosen: list[int], rows: list[np.ndarray], open_rows: np.ndarray) -> list[int]:
    """The chosen terms less those whose open rows others make true as well."""
    covered = np.zeros(len(open_rows), int)
    for number in chosen:
        covered[rows[number]] += 1
    kept = list(chosen)
    for number in reversed(chosen):
        own = rows[number]
        if (covered[own][open_rows[own]] > 1).all():
            kept.remove(number)
            covered[own] -= 1
    return kept


def _row_by_row(table: np.ndarray, variables: int) -> np.ndarray:
    """A cover where primes are too many for a table: for each row that is still open, the largest implicant around it."""
    cubes = _implicants(table)
    sizes = np.indices((2,) * variables, dtype=np.int8).sum(0).ravel()  # [2ⁿ]: of the cubes around a row, absent variables
    still, found = table.copy(), []
    while still.any():
        row = int(still.argmax())
        digits = [row >> (variables - 1 - axis) & 1 for axis in range(variables)]
        around = cubes[tuple(slice(digit, 3, 2 - digit) for digit in digits)].ravel()  # [2ⁿ]: with and without each literal
        best = int(np.where(around, sizes, -1).argmax())
        term = [ABSENT if best >> (variables - 1 - axis) & 1 else digit for axis, digit in enumerate(digits)]
        found.append(term)
        block = tuple(slice(None) if digit == ABSENT else digit for digit in term)
        still.reshape((2,) * variables)[block] = False
    terms = np.array(found, np.int8)
    return terms[_needed(list(range(len(terms))), _rows_of(terms), table)]


class _Search:
    """The cheapest columns that cover all rows, by branch and bound.

    Args:
        masks: of each column, the rows that it covers, as bits.
        costs: of each column.
        start: columns of a cover that is known.

    Attributes:
        best: columns of the cheapest cover found.
        finished: whether it is the cheapest there is.
    """

    def __init__(self, masks: list[int], costs: list[int], start: list[int]) -> None:
        self.masks, self.costs = masks, costs
        self.best = start
        self.cost = sum(costs[column] for column in start)
        self.nodes = 0
        rows = 0
        for mask in masks:
            rows |= mask
        self.finished = self._visit(rows, list(range(len(masks))), [], 0)

    def _visit(self, rows: int, columns: list[int], chosen: list[int], cost: int) -> bool:
        """Search below a partial choice; whether all of it was looked at."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            return False
        columns = self._undominated(rows, columns)
        covers = self._covers(rows, columns)
        while covers and (single := next((row for row, able in covers.items() if len(able) == 1), None)) is not None:
            (column,) = covers[single]
            chosen, cost = [*chosen, column], cost + self.costs[column]
            rows &= ~self.masks[column]
            columns = self._undominated(rows, columns)
            covers = self._covers(rows, columns)
        if not rows:
            if cost < self.cost:
                self.best, self.cost = chosen, cost
            return True
        if not all(covers.values()) or cost + self._bound(covers) >= self.cost:
            return True  # a row that no column is left for, or nothing cheaper
        hardest = min(covers.values(), key=len)
        done = True
        for column in sorted(hardest, key=lambda one: (-(self.masks[one] & rows).bit_count(), self.costs[one])):
            rest = [other for other in columns if other != column]
            done &= self._visit(rows & ~self.masks[column], rest, [*chosen, column], cost + self.costs[column])
            columns = rest  # covers with this column have been looked at
        return done

    def _undominated(self, rows: int, columns: list[int]) -> list[int]:
        """The columns less those that another does as well at no higher cost."""
        kept: list[int] = []
        for column in sorted(columns, key=lambda one: (-(self.masks[one] & rows).bit_count(), self.costs[one], one)):
            own = self.masks[column] & rows
            if own and not any(not own & ~self.masks[other] and self.costs[other] <= self.costs[column] for other in kept):
                kept.append(column)
        return kept

    def _covers(self, rows: int, columns: list[int]) -> dict[int, list[int]]:
        """Row → the columns that cover it."""
        covers: dict[int, list[int]] = {}
        while rows:
            low = rows & -rows
            covers[low] = [column for column in columns if self.masks[column] & low]
            rows ^= low
        return covers

    def _bound(self, covers: dict[int, list[int]]) -> int:
        """A cost that no cover goes below: rows that share no column each need one of their own."""
        bound, used = 0, set[int]()
        for able in sorted(covers.values(), key=len):
            if used.isdisjoint(able):
                bound += min(self.costs[column] for column in able)
                used.update(able)
        return bound
