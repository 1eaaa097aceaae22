"""How long a call takes: contestants in turn, round by round, so that a change of the machine's speed meets all of them."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Mapping, Sequence

import numpy as np

Call = Callable[[], object]
Clock = Callable[[], float]

PASSES = 10
"""Times that all conditions are gone through. A minute later, and in another session, the same code has another speed: a figure
from one stretch of time would pass the mood of that stretch for its own precision."""
SHORTEST = 0.04
"""Seconds of timed calls that a contestant should have in a pass; in shorter ones most of the time would go into warming up."""
TURN = 0.004
"""Seconds of timed calls that a contestant has in a round. Many short rounds say more in the same time than few long ones, since
a machine's bad moments last for tens of milliseconds."""
MOST_ROUNDS = 100
"""In a pass."""
FEWEST_PASSES = 3
"""Of models that take long to load or to run; intervals of so few are wide, and rightly so."""
SETTLE = 0.2
"""Untimed calls at the start of a turn, as a share of the timed: whoever ran before has left spinning threads and full caches."""
UNSETTLED = 0.1
"""Seconds of a call that settles by itself: what its predecessor left behind is gone after milliseconds."""
WARMUP_CALLS = 2
WARMUP_SECONDS = 0.02
LONG_ENOUGH = 100
"""Calls from which on a 99th percentile is more than the slowest of them."""


def sample(call: Call, calls: int, clock: Clock = time.perf_counter) -> list[float]:
    """Seconds of each of so many calls, one after the other; no garbage is collected meanwhile."""
    times: list[float] = []
    collecting = gc.isenabled()
    gc.disable()
    try:
        for _ in range(calls):
            start = clock()
            call()
            times.append(clock() - start)
    finally:
        if collecting:
            gc.enable()
    return times


def typical(call: Call, clock: Clock = time.perf_counter) -> float:
    """Seconds of a call once it is warm: caches are filled, memory is claimed, code is compiled."""
    sample(call, WARMUP_CALLS, clock)
    times: list[float] = []
    end = clock() + WARMUP_SECONDS
    while not times or clock() < end:
        times += sample(call, 1, clock)
    return float(np.median(times[len(times) // 2 :]))


def passes_for(once: float, seconds: float) -> int:
    """How many passes, where opening a session and warming it up take so long and each contestant has so many seconds in all."""
    worthwhile = min(10 * seconds / max(once, 1e-9), seconds / SHORTEST)
    return max(FEWEST_PASSES, min(PASSES, int(worthwhile + 0.5)))


class Race:
    """Contestants under one condition, timed in rounds in which each has a turn, pass after pass.

    The order is drawn anew for each round: in a fixed one everybody would always run after the same other, and a contestant
    after one that leaves the caches full of its own would lose by that alone. A turn has the same number of calls in every
    round, so that each round says equally much.

    Args:
        seconds: of timed calls for each contestant in all passes, about.
        passes: how many there will be.
        clock: seconds.

    Attributes:
        times: name → pass → round → seconds of each call.
    """

    def __init__(self, *, seconds: float, passes: int, clock: Clock = time.perf_counter) -> None:
        self.clock = clock
        self.share = seconds / passes
        self.rounds = 0
        self.turns: dict[str, int] = {}
        self.settling: dict[str, int] = {}
        self.times: dict[str, list[list[list[float]]]] = {}
        self.chance = random.Random(0)

    def go(self, contestants: Mapping[str, Call]) -> None:
        """One pass: warm everyone up, then the rounds; the names are the same in each pass, the calls may be others."""
        usual = {name: typical(call, self.clock) for name, call in contestants.items()}
        if not self.turns:
            self._plan(usual)
        for name in contestants:
            self.times.setdefault(name, []).append([])
        order = list(contestants)
        for _ in range(self.rounds):
            self.chance.shuffle(order)
            for name in order:
                call = contestants[name]
                for _ in range(self.settling[name]):
                    call()
                self.times[name][-1].append(sample(call, self.turns[name], self.clock))

    def _plan(self, usual: Mapping[str, float]) -> None:
        """Rounds of a pass and calls of a turn; few rounds where the slowest could not make a call in each in twice its time."""
        slowest = max(usual.values())
        longest = max(TURN, slowest / 2)
        self.rounds = max(1, min(MOST_ROUNDS, round(self.share / longest)))
        self.turns = {name: max(1, round(self.share / self.rounds / max(one, 1e-9))) for name, one in usual.items()}
        self.settling = {name: 0 if one > UNSETTLED else max(1, round(SETTLE * self.turns[name])) for name, one in usual.items()}


def medians(passes: Sequence[Sequence[Sequence[float]]]) -> list[list[float]]:
    """The median of each round, by pass."""
    return [[float(np.median(round_)) for round_ in rounds] for rounds in passes]
