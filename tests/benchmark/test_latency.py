"""Turns of a race: who, how often, in which order; on a clock that only the contestants move."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest

from zoo.benchmark.latency import FEWEST_PASSES, MOST_ROUNDS, PASSES, TURN, Race, medians, passes_for, sample, typical


class Clock:
    """A clock that stands still until a call takes time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []

    def __call__(self) -> float:
        return self.now

    def takes(self, name: str, seconds: float) -> Callable[[], None]:
        def call() -> None:
            self.now += seconds
            self.calls.append(name)

        return call


def test_sample_times_each_call() -> None:
    clock = Clock()
    assert sample(clock.takes("a", 0.25), 3, clock) == [0.25] * 3


def test_garbage_is_not_collected_within_and_afterwards_again() -> None:
    seen = []
    sample(lambda: seen.append(gc.isenabled()), 2)
    assert seen == [False, False]
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        sample(lambda: 1 // 0, 1)
    assert gc.isenabled()


def test_typical_is_of_warm_calls() -> None:
    clock, number = Clock(), iter(range(1000))

    def call() -> None:
        clock.now += 0.5 if next(number) < 2 else 0.001

    assert typical(call, clock) == pytest.approx(0.001)


def test_race_gives_everyone_the_same_turns() -> None:
    clock = Clock()
    race = Race(seconds=0.1, passes=2, clock=clock)
    contestants = {"a": clock.takes("a", 0.0001), "b": clock.takes("b", 0.0002)}
    for _ in range(2):
        race.go(contestants)
    rounds = round(0.1 / 2 / TURN)
    assert {name: len(passes) for name, passes in race.times.items()} == {"a": 2, "b": 2}
    for name, seconds in (("a", 0.0001), ("b", 0.0002)):
        for passes in race.times[name]:
            assert len(passes) == rounds
            for times in passes:
                assert len(times) == pytest.approx(0.1 / 2 / rounds / seconds, abs=1)
                assert times == pytest.approx([seconds] * len(times))
    assert medians(race.times["b"]) == [pytest.approx([0.0002] * rounds)] * 2


def test_more_time_means_more_rounds_and_no_longer_ones() -> None:
    """A long turn would meet a bad moment of the machine alone."""
    clock = Clock()
    for seconds, rounds in ((0.04, 10), (0.2, 50), (60.0, MOST_ROUNDS)):
        race = Race(seconds=seconds, passes=1, clock=clock)
        race.go({"a": clock.takes("a", 0.001)})
        assert len(race.times["a"][0]) == rounds


def test_order_is_drawn_anew() -> None:
    """Nobody always runs after the same other."""
    clock = Clock()
    race = Race(seconds=1.0, passes=20, clock=clock)
    contestants = {name: clock.takes(name, 0.02) for name in "abc"}
    for _ in range(20):
        race.go(contestants)
    turns = [name for name, before in zip(clock.calls, ["", *clock.calls], strict=False) if name != before]
    followed = Counter(pairwise(turns))
    assert {pair for pair, count in followed.items() if count >= 5} == {(a, b) for a in "abc" for b in "abc" if a != b}


def test_slow_calls_get_fewer_rounds_of_one_call() -> None:
    clock = Clock()
    race = Race(seconds=0.5, passes=5, clock=clock)
    race.go({"slow": clock.takes("slow", 1.0), "quick": clock.takes("quick", 0.01)})
    assert [len(times) for times in race.times["slow"][0]] == [1]
    assert [len(times) for times in race.times["quick"][0]] == [10]
    assert clock.calls.count("slow") == 4  # three to warm up, none to settle: it takes longer than what it would wait for


def test_fewer_passes_where_each_takes_long() -> None:
    assert passes_for(0.01, 0.5) == PASSES
    assert passes_for(1.0, 0.5) == 5
    assert passes_for(0.01, 0.2) == 5
    assert passes_for(0.01, 0.001) == FEWEST_PASSES
    assert passes_for(60.0, 0.5) == FEWEST_PASSES
