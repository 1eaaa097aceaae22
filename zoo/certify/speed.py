"""How fast a file is beside the same network in float32."""

from __future__ import annotations

from zoo.spec import Spec


class Speed(Spec):
    """Of one batch size; both files answered in turn.

    Args:
        batch: examples in a call.
        ratio: float32's time ÷ this file's: above 1, this file is faster.
        low: lower end of the ratio's 95 % interval.
        high: upper end.
        noise: why nothing is concluded from it; empty where the machine was quiet.
    """

    batch: int
    ratio: float
    low: float
    high: float
    noise: tuple[str, ...] = ()

    def below(self, least: float) -> bool:
        """Whether the file is surely slower than `least` times float32."""
        return not self.noise and self.high < least

    def __str__(self) -> str:
        """Such as `1.62× at batch 1`."""
        doubt = " (too noisy to conclude)" if self.noise else ""
        return f"{self.ratio:.2f}× at batch {self.batch}{doubt}"
