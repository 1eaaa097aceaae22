"""How many threads are fastest, found while they work."""

from __future__ import annotations

import contextlib
import math
import statistics
import time
from collections.abc import Iterator

import torch

LOOKED, KEPT = 8, 1000
"""Steps that each number of threads is tried for, and steps that the faster is then kept for."""
FAR = 5
"""Times as slow as one thread: then a second look is not needed."""


class Pace:
    """One thread, or all that torch has: whichever is faster now.

    torch divides every operation among its threads, and they wait for each other at its end. An operation of tens of microseconds
    gains by that where each thread has a core of its own, and loses several times over where another program wants that core. What
    is computed is the same: each row is one thread's, and is added up in one order.

    Args:
        threads: that torch has.
    """

    def __init__(self, threads: int) -> None:
        self.choices = (1, threads) if threads > 1 else (1,)
        self.best = threads
        self._begin()

    def _begin(self) -> None:
        """Look anew: all choices in turn, so that what changes meanwhile changes for all."""
        self.ahead = [choice for _ in range(LOOKED) for choice in self.choices][::-1]
        self.taken: dict[int, list[float]] = {choice: [] for choice in self.choices}
        self.kept = 0

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """One step."""
        before, choice = torch.get_num_threads(), self.ahead.pop() if self.ahead else self.best
        looking = choice in self.taken
        torch.set_num_threads(choice)
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            torch.set_num_threads(before)
        if looking:
            self._look(choice, took)
        else:
            self.kept += 1
            if self.kept == KEPT:
                self._begin()

    def _look(self, choice: int, took: float) -> None:
        """A step that was looked at; after the last one the best is chosen."""
        self.taken[choice].append(took)
        if took > FAR * max(self.taken[1]):  # threads that wait in vain do so for a quarter of a second
            self.ahead.clear()
        if not self.ahead:
            self.best = min(self.choices, key=lambda choice: statistics.median(self.taken[choice] or [math.inf]))
            self.taken = {}
