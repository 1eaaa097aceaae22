"""What reports are made of: numbers with their bounds, an interval, noise."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from zoo.spec import Spec

Positive = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1)]
Bytes = Annotated[int, Meta(ge=0)]


class Interval(Spec):
    """A median over all rounds, and its bootstrap interval."""

    value: Positive
    low: Positive
    high: Positive

    @property
    def width(self) -> float:
        """Of the interval, as a share of the value."""
        return (self.high - self.low) / self.value


class Noise(Spec):
    """How far the machine could be trusted while a row was measured.

    Args:
        control: ours entered a second time under another name, ÷ ours; the truth is 1.
        others: share of the cores' time that other processes took meanwhile; `None` where the system does not tell.
        stolen: share that the hypervisor gave to other machines; likewise.
        reasons: why nothing is concluded from this row; none, and it may be.
    """

    control: Interval
    others: Share | None
    stolen: Share | None
    reasons: tuple[str, ...]


def threads_text(threads: int | None) -> str:
    """A number of threads in words."""
    return "all threads" if threads is None else f"{threads} thread{'' if threads == 1 else 's'}"
