"""Whether the machine was quiet enough to conclude anything: a control in the race, and an eye on who else computes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoo.benchmark.report import Row
from zoo.benchmark.values import Interval, Noise

BIAS = 0.02
"""The control's interval may miss 1 by so much: with 95 % intervals one of 20 misses it by a little on the quietest machine."""
SPREAD = 0.10
"""Width of the control's interval, as a share: of a machine that cannot tell a model from itself to 10 % nothing is concluded."""
OTHERS = 0.20
"""Share of the cores' time that other processes may take."""
STOLEN = 0.05
"""Share of it that a hypervisor may give to other machines; less than others may take, for nothing here sees what they do."""
FEWEST_TICKS = 50
"""Half a second of one core. The system counts in hundredths of a second; over less than this a share is rounding."""

ADVICE = "close other programs, measure for longer (--seconds), or measure on a machine of your own"


@dataclass(frozen=True)
class Ticks:
    """Time of this process's cores since the system started, in ticks, and of this process, in seconds."""

    idle: int
    stolen: int
    total: int
    own: float
    per_second: int


class Watch:
    """Looks at the cores while something is measured: `with watch:` as often as it is, then `shares`.

    Args:
        read: the ticks so far; `None` where the system does not tell.
    """

    def __init__(self, read: Callable[[], Ticks | None] | None = None) -> None:
        self.read = read or read_ticks
        self.before: Ticks | None = None
        self.total = self.others = self.stolen = 0.0

    def __enter__(self) -> None:
        self.before = self.read()

    def __exit__(self, *_: object) -> None:
        before, after = self.before, self.read()
        if before is None or after is None:
            return
        total, stolen = after.total - before.total, after.stolen - before.stolen
        self.total += total
        self.stolen += stolen
        self.others += total - stolen - (after.idle - before.idle) - (after.own - before.own) * after.per_second

    def shares(self) -> tuple[float | None, float | None]:
        """Shares of the cores' time that other processes, and other machines under the same hypervisor, took meanwhile."""
        if self.total < FEWEST_TICKS:
            return None, None
        return _share(self.others / self.total), _share(self.stolen / self.total)


def _share(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 3)


def read_ticks() -> Ticks | None:
    """What `/proc/stat` says of the cores that this process may use."""
    try:
        ours = {f"cpu{core}" for core in os.sched_getaffinity(0)}
        lines = [line.split() for line in Path("/proc/stat").read_text(encoding="utf-8").splitlines()]
        # user, nice, system, idle, iowait, irq, softirq, steal; guests' time, which follows, is in the user's already.
        cores = [[int(word) for word in line[1:9]] for line in lines if line and line[0] in ours]
        return Ticks(
            idle=sum(core[3] + core[4] for core in cores),
            stolen=sum(core[7] for core in cores),
            total=sum(map(sum, cores)),
            own=time.process_time(),
            per_second=os.sysconf("SC_CLK_TCK"),
        )
    except (OSError, AttributeError, ValueError, IndexError):  # another system than Linux, or one that hides it
        return None


def judged(control: Interval, others: float | None, stolen: float | None) -> Noise:
    """The noise of a row, and what of it forbids to conclude.

    Args:
        control: ours ÷ ours, which should be 1.
        others: share of the cores' time that other processes took.
        stolen: share that the hypervisor took.
    """
    reasons = []
    if control.low > 1 + BIAS or control.high < 1 - BIAS:
        reasons.append(f"the same model entered twice came out {control.low:.2f} to {control.high:.2f} times as slow as itself")
    elif control.width > SPREAD:
        reasons.append(f"the same model entered twice could be told from itself to {control.width:.0%} only")
    if others is not None and others > OTHERS:
        reasons.append(f"other processes took {others:.0%} of the cores")
    if stolen is not None and stolen > STOLEN:
        reasons.append(f"the hypervisor gave {stolen:.0%} of the cores' time to other machines")
    return Noise(control=control, others=others, stolen=stolen, reasons=tuple(reasons))


def reason(rows: Sequence[Row]) -> str | None:
    """Why nothing is concluded from some of the rows, by the first of these; `None` where all are fit."""
    noisy = [row for row in rows if row.noise.reasons]
    if not noisy:
        return None
    more = f" ({len(noisy)} of {len(rows)} conditions)" if len(rows) > 1 else ""
    return f"At {noisy[0].condition}, {' and '.join(noisy[0].noise.reasons)}{more}; {ADVICE}."
