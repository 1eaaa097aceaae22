"""What a study is: many trainings of one model, laid out beforehand or sampled, and the one picture they make."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from zoo.errors import ZooError
from zoo.progress import Progress
from zoo.spec import ModelSpec, Recipe, Spec

if TYPE_CHECKING:
    import numpy as np

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
CASE = "case"
"""Name of the parameter that says which of `cases` a trial is of."""
ENDS_LOWER = ("loss", "error", "divergence")


class Axis(Spec):
    """One direction of a grid.

    Args:
        values: what the field is set to, one after the other.
        labels: what the values are called on axes and in tables, one each: numbers or words; the values themselves where none are
            given.
        title: of the axis; the field's name where none is given.
        log: base of a logarithmic axis.
    """

    values: tuple[Any, ...]
    labels: tuple[float | str, ...] = ()
    title: str = ""
    log: Literal[2, 10] | None = None

    def __post_init__(self) -> None:
        if not self.values:
            raise ValueError("an axis needs values")
        if self.labels and len(self.labels) != len(self.values):
            raise ValueError(f"an axis has one label for each value, not {len(self.labels)} for {len(self.values)}")


class Range(Spec):
    """Where a sampled field may lie: from `low` to `high`, both included, or one of `choices`.

    Args:
        low: smallest value; where both ends are whole numbers, so are the samples.
        high: largest value.
        log: whether the logarithm is what is spread evenly.
        choices: instead of the ends: what it may be.
    """

    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    choices: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        ends = self.low is not None and self.high is not None
        if ends == bool(self.choices) or (self.low is None) != (self.high is None):
            raise ValueError("a range has low and high, or choices")
        if self.low is None or self.high is None:
            if self.log:
                raise ValueError("log has no meaning for choices")
            return
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(f"low must be below high, not {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic range begins above 0, not at {self.low}")


class StudySpec(Spec):
    """A named study.

    Every point of the grid is trained for every case, and with `space`, `trials` times with sampled values. Paths are what
    `zoo train --set` takes: `lr`, `optimiser`, `config.layers.0.units`.

    Args:
        name: lower-case words joined by hyphens.
        model: id of the model whose recipe and network are varied.
        summary: one line.
        source: course or paper whose curve this is.
        fixed: path → value, the same for all trials.
        grid: path → the values it takes, or an `Axis`; every combination is trained.
        cases: label → paths and values that go together; each is a line of the plot.
        space: path → where it is sampled.
        sampler: `"tpe"`, tree-structured Parzen estimator (Bergstra et al. 2011), which learns from the trials before;
            `"random"`.
        trials: sampled for each point of the grid.
        sampler_seed: of the sampler.
        seeds: of the trainings; each trial trains once with each, and its value is the mean.
        metric: of the task.
        split: on which it is measured. `"test"` only for a published curve, which `source` names: by it nothing is chosen.
        better: which way the metric gets better; told by its name where it is not given.
        plot: `"line"`, the metric over the first axis, a line for each further one and each case; `"curves"`, the metric over
            epochs, a line for each trial; `"contour"`, `"heat"`, over two axes; `"scatter"`, over each sampled field; `"auto"`,
            what fits.
        expectation: what is to be seen on it, from the source.
        batch: `"module:function"`, `(Batch) -> Sequence[Mapping[str, float]]`: computes many trials at once.
        together: how many of them, at most.
    """

    name: str
    model: str
    summary: str = ""
    source: str = ""
    fixed: dict[str, Any] = msgspec.field(default_factory=dict)
    grid: dict[str, tuple[Any, ...] | Axis] = msgspec.field(default_factory=dict)
    cases: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    space: dict[str, Range] = msgspec.field(default_factory=dict)
    sampler: Literal["tpe", "random"] = "tpe"
    trials: int = 0
    sampler_seed: int = 0
    seeds: tuple[int, ...] = (0,)
    metric: str = "accuracy"
    split: Literal["validation", "test"] = "validation"
    better: Literal["higher", "lower"] | None = None
    plot: Literal["auto", "line", "curves", "contour", "heat", "scatter"] = "auto"
    expectation: str = ""
    batch: str | None = None
    together: int = 100

    def __post_init__(self) -> None:
        if not NAME.match(self.name):
            raise ValueError(f"name {self.name!r} must be lower-case letters and digits joined by hyphens")
        for path, axis in self.grid.items():
            if not axis:
                raise ValueError(f"the axis {path} needs values")
        if not (self.grid or self.cases or self.space):
            raise ValueError("a study varies something: grid, cases or space")
        if bool(self.space) != (self.trials > 0):
            raise ValueError("trials says how many times space is sampled: give both or neither")
        if not self.seeds or len(set(self.seeds)) != len(self.seeds) or min(self.seeds) < 0:
            raise ValueError(f"seeds are different numbers from 0 on, not {list(self.seeds)}")
        if self.together < 1:
            raise ValueError(f"together must be at least 1, not {self.together}")
        if self.split == "test" and self.space:
            raise ValueError('a sampled search chooses by what it measures, so it measures split = "validation", never "test"')
        if self.split == "test" and not self.source:
            raise ValueError('split = "test" is for a published curve, which source names; else measure on "validation"')
        twice = [
            path for path in (*self.grid, *self.space) if (path in self.grid) + (path in self.space) + (path in self.fixed) > 1
        ]
        if twice:
            raise ValueError(f"{twice[0]} is set twice: in two of fixed, grid and space")
        if CASE in self.grid or CASE in self.space:
            raise ValueError(f"{CASE} is what zoo calls the choice among cases; it is no field")
        if any("seed" in paths for paths in (self.fixed, self.grid, self.space, *self.cases.values())):
            raise ValueError("the seeds of the trainings stand under seeds")

    @property
    def axes(self) -> dict[str, Axis]:
        """The grid, each direction as an `Axis`."""
        return {path: axis if isinstance(axis, Axis) else Axis(values=axis) for path, axis in self.grid.items()}

    @property
    def higher_is_better(self) -> bool:
        """Which way the metric gets better."""
        if self.better:
            return self.better == "higher"
        return not self.metric.endswith(ENDS_LOWER)


@dataclass(frozen=True)
class Batch:
    """Several trainings of one model on the same data, to be computed together by a study's `batch`.

    Args:
        model: whose they are.
        configs: of the network, one for each training.
        recipes: one for each training.
        train: the training split: raw arrays.
        held_out: the split on which they are measured.
        device: as `--device` takes it.
        progress: who is told.
    """

    model: ModelSpec
    configs: Sequence[Spec]
    recipes: Sequence[Recipe]
    train: Mapping[str, np.ndarray]
    held_out: Mapping[str, np.ndarray]
    device: str = "auto"
    progress: Progress = field(default_factory=Progress)


class CannotBatch(ZooError):
    """These trainings cannot be computed together; each is then trained by itself."""
