"""How many threads are fastest, found while they work."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator

import torch

LOOKED, KEPT = 12, 600
"""Steps that each number of threads is tried for, and steps that the faster is then kept for."""


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
        self.taken: dict[int, list[float]] = {choice: [] for choice in self.choices}
        self.steps, self.best = 0, threads

    @contextlib.contextmanager
    def __call__(self) -> Iterator[None]:
        """One step."""
        place, trial = self.steps % (KEPT + LOOKED * len(self.choices)), LOOKED * len(self.choices)
        self.steps += 1
        # In turn, so that what changes meanwhile changes for both.
        choice = self.choices[place % len(self.choices)] if place < trial else self.best
        before = torch.get_num_threads()
        torch.set_num_threads(choice)
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            torch.set_num_threads(before)
        if place < trial:
            self.taken[choice].append(took)
        if place == trial - 1:
            self.best = min(self.choices, key=lambda choice: statistics.median(self.taken[choice]))
            self.taken = {choice: [] for choice in self.choices}
