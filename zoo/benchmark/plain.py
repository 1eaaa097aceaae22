"""What bounds a model and what would help, in plain words: the machinery; the sentences are in `zoo.benchmark.rules`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from zoo.benchmark.explanation import Explanation, Trial
from zoo.benchmark.values import Interval

if TYPE_CHECKING:
    from zoo.benchmark.report import Row

Found = Mapping[str, str]
"""What fills the gaps of a sentence."""


@dataclass(frozen=True)
class Evidence:
    """What a conclusion may be drawn from: measured numbers, and what the artifact says that it is.

    Args:
        explanations: by batch size, the smallest first.
        rows: of the report: load times, peers.
        variant: of the export, such as `beam`.
        precision: that large weights are stored in.
    """

    explanations: tuple[Explanation, ...]
    rows: tuple[Row, ...] = ()
    variant: str = ""
    precision: str = "fp32"

    @property
    def first(self) -> Explanation:
        """Of the smallest batch."""
        return self.explanations[0]

    @property
    def last(self) -> Explanation:
        """Of the largest batch."""
        return self.explanations[-1]

    def quiet(self) -> list[Explanation]:
        """Those whose trials may be concluded from."""
        return [one for one in self.explanations if not one.noise.reasons]

    def trials(self, name: str) -> list[tuple[Explanation, Trial]]:
        """The trial of that name wherever it may be concluded from."""
        return [(one, trial) for one in self.quiet() if (trial := one.trial(name)) is not None]


class Find(Protocol):
    """Evidence → what fills the gaps of the sentence, or `None` where there is nothing to say."""

    def __call__(self, evidence: Evidence, /) -> Found | None: ...


@dataclass(frozen=True)
class Rule:
    """A sentence, and when it holds.

    Args:
        name: of the rule.
        say: the sentence, with gaps.
        find: when, and what is in the gaps.
    """

    name: str
    say: str
    find: Find


def conclusions(evidence: Evidence, rules: Sequence[Rule]) -> tuple[str, ...]:
    """The sentences of all rules that hold, in their order."""
    return tuple(rule.say.format(**found) for rule in rules if (found := rule.find(evidence)) is not None)


def percent(share: float) -> str:
    """A share in words."""
    return f"{100 * share:.0f} %"


def milliseconds(value: float) -> str:
    """A time to two or three figures."""
    return f"{value:.2g} ms" if value < 1 else f"{value:.3g} ms" if value < 1000 else f"{value / 1000:.3g} s"


def span(ratio: Interval) -> str:
    """A ratio with its interval."""
    return f"{ratio.value:.2f} ({ratio.low:.2f}–{ratio.high:.2f})"


def listed(explanations: Sequence[Explanation]) -> str:
    """Batch sizes in words."""
    sizes = [str(one.batch) for one in explanations]
    return " and ".join([", ".join(sizes[:-1]), sizes[-1]] if len(sizes) > 1 else sizes)
