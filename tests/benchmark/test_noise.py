"""When nothing is concluded: a control that is not itself, others at work, a hypervisor that gives time away."""

from __future__ import annotations

import math

import pytest

from zoo.benchmark.noise import Ticks, Watch, judged, read_ticks
from zoo.benchmark.values import Interval

TRUE = Interval(value=1.0, low=0.99, high=1.01)


def ticks(idle: int, *, stolen: int = 0, total: int, own: float) -> Ticks:
    return Ticks(idle=idle, stolen=stolen, total=total, own=own, per_second=100)


def shares(*pairs: tuple[Ticks | None, Ticks | None]) -> tuple[float | None, float | None]:
    """What a watch says that saw these before and after."""
    stream = iter([one for pair in pairs for one in pair])
    watch = Watch(lambda: next(stream))
    for _ in pairs:
        with watch:
            pass
    return watch.shares()


def test_what_is_neither_ours_nor_idle_is_others() -> None:
    before = ticks(1000, total=5000, own=3.0)
    assert shares((before, ticks(1100, total=5200, own=4.0))) == (0.0, 0.0)  # 100 idle and 100 ours of 200
    assert shares((before, ticks(1000, total=5200, own=4.0))) == (0.5, 0.0)
    assert shares((before, ticks(1050, stolen=20, total=5200, own=4.0))) == (0.15, 0.1)


def test_several_looks_add_up() -> None:
    quiet = (ticks(0, total=0, own=0), ticks(100, total=200, own=1.0))
    loud = (ticks(0, total=0, own=0), ticks(0, total=200, own=1.0))
    assert shares(quiet, loud) == (0.25, 0.0)


def test_too_short_to_tell_or_not_told() -> None:
    assert shares((ticks(0, total=0, own=0), ticks(10, total=40, own=0.1))) == (None, None)
    assert shares((None, None)) == (None, None)


def test_rounding_gives_no_share_below_nothing() -> None:
    assert shares((ticks(0, total=0, own=0), ticks(100, total=200, own=1.2))) == (0.0, 0.0)


def test_this_system() -> None:
    found = read_ticks()
    if found is not None:
        assert 0 <= found.idle + found.stolen <= found.total
    watch = Watch()
    with watch:
        math.factorial(20_000)
    assert all(share is None or 0 <= share <= 1 for share in watch.shares())


@pytest.mark.parametrize(
    ("control", "others", "stolen", "reason"),
    [
        (Interval(value=1.05, low=1.03, high=1.07), 0.0, 0.0, "came out 1.03 to 1.07 times as slow as itself"),
        (Interval(value=0.9, low=0.86, high=0.95), None, None, "came out 0.86 to 0.95 times"),
        (Interval(value=1.0, low=0.93, high=1.09), 0.0, 0.0, "told from itself to 16% only"),
        (TRUE, 0.45, 0.0, "other processes took 45% of the cores"),
        (TRUE, 0.0, 0.08, "the hypervisor gave 8% of the cores' time to other machines"),
    ],
)
def test_reasons_not_to_conclude(control: Interval, others: float | None, stolen: float | None, reason: str) -> None:
    (found,) = judged(control, others, stolen).reasons
    assert reason in found


@pytest.mark.parametrize("control", [TRUE, Interval(value=1.03, low=1.015, high=1.05)])
@pytest.mark.parametrize("share", [None, 0.04])
def test_quiet_enough(control: Interval, share: float | None) -> None:
    """A control that misses 1 by less than two percent is what one interval of twenty does."""
    assert judged(control, share, share).reasons == ()
