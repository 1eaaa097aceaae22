"""The trials of a study: which there are, in a fixed order, and what each changes."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from zoo.errors import UsageError
from zoo.ledger.records import lasting
from zoo.ledger.sources import source_hash
from zoo.registry import Registry
from zoo.spec import ModelSpec, Recipe, Spec, replaced, to_plain
from zoo.study import CASE, Axis, StudySpec
from zoo.training.overrides import configured, of_config, override

MOST = 20_000
"""Trials that a study may have: more is a slip of the hand."""
LATER = {"augment_share": 1.0}
"""Fields that recipes got after the first studies were begun, with the value that leaves all as it was: a study still goes on."""
CHECKED = 200
"""Corners of a sampled space that are tried out beforehand."""

Label = bool | int | float | str
"""What a value is called: itself where it is a number or a word, else its label or its JSON."""


@dataclass(frozen=True)
class Point:
    """A trial before it is trained.

    Args:
        index: its place among all, from 0.
        parameters: name → label, of the grid and the case; a sampled field has none yet.
    """

    index: int
    parameters: Mapping[str, Label]


class Plan:
    """A study whose every field is known to exist and to take what it is given.

    Args:
        spec: of the study.
        model: that it varies.

    Raises:
        UnknownName: a path leads nowhere; with near matches.
        UsageError: a value does not fit its field, an axis has a value twice, or there are too many trials.
    """

    def __init__(self, spec: StudySpec, model: ModelSpec) -> None:
        if model.recipe is None:
            raise UsageError(f"{model.id} has nothing to learn: a study of it has nothing to vary.", hint="zoo list")
        self.spec, self.model = spec, model
        self.recipe: Recipe = model.recipe
        self.tables = {path: _labelled(path, axis) for path, axis in spec.axes.items()}
        if spec.cases:
            self.tables[CASE] = {label: label for label in spec.cases}
        self.choices = {path: _labelled(path, Axis(values=span.choices)) for path, span in spec.space.items() if span.choices}
        if self.size > MOST:
            raise UsageError(f"{spec.name} would have {self.size:,} trials; at most {MOST:,} make sense.")
        self._check()

    @property
    def size(self) -> int:
        """Number of trials."""
        return math.prod(len(table) for table in self.tables.values()) * (self.spec.trials if self.spec.space else 1)

    @property
    def names(self) -> list[str]:
        """Of the parameters, in order."""
        return [*self.tables, *self.spec.space]

    def points(self) -> list[Point]:
        """All trials: the last axis moves fastest; with sampling, the whole grid once, then again."""
        grid = [dict(zip(self.tables, labels, strict=True)) for labels in itertools.product(*self.tables.values())]
        times = self.spec.trials if self.spec.space else 1
        return [Point(index, labels) for index, labels in enumerate(grid * times)]

    def changes(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """What a trial with these labels and samples changes: path → value."""
        changes = dict(self.spec.fixed)
        for name, label in parameters.items():
            if name == CASE:
                changes |= self.spec.cases[str(label)]
            else:
                table = self.tables.get(name) or self.choices.get(name)
                changes[name] = table[label] if table else label
        return changes

    def resolved(self, parameters: Mapping[str, Any], seed: int) -> tuple[Recipe, Spec]:
        """Recipe and network of a trial.

        Raises:
            UsageError: a field does not take its value.
        """
        shape, changes = of_config(self.changes(parameters))
        return override(self.recipe, {**changes, "seed": seed}), configured(self.model.config, shape)

    @cached_property
    def fingerprint(self) -> str:
        """Hash of all that decides the figures; not of how many are sampled, nor of words and pictures."""
        spec = self.spec
        axes = {path: [list(table), list(table.values())] for path, table in self.tables.items()}
        what = [
            self.model.id,
            self.model.dataset,
            lasting(self.recipe, LATER),
            to_plain(self.model.config),
            spec.fixed,
            axes,
            spec.cases,
            to_plain(spec.space),
            [spec.sampler, spec.sampler_seed] if spec.space else [],
            spec.seeds,
            [spec.metric, spec.split, spec.higher_is_better],
        ]
        return hashlib.sha256(msgspec.json.encode(what)).hexdigest()

    @cached_property
    def source(self) -> str:
        """Hash of the plugin's files that decide the figures, as they were when this was first asked."""
        return source_hash(self.model, *([self.spec.batch] if self.spec.batch else []))

    def tried(self) -> list[dict[str, Any]]:
        """The parameters that are tried out beforehand: of every trial, or, of a sampled space, of its corners."""
        ends = [
            list(self.choices[path]) if path in self.choices else [span.low, span.high] for path, span in self.spec.space.items()
        ]
        grid = [point.parameters for point in self.points()[: self.size // max(self.spec.trials, 1)]]
        corners = [
            dict(zip(self.spec.space, corner, strict=True)) for corner in itertools.islice(itertools.product(*ends), CHECKED)
        ]
        return [{**labels, **corner} for labels in grid for corner in corners[: 1 if len(grid) > CHECKED else None]]

    def _check(self) -> None:
        """Refuse values that do not fit their fields."""
        for parameters in self.tried():
            recipe, _ = self.resolved(parameters, self.spec.seeds[0])
            if self.spec.split == "validation" and not recipe.validation:
                raise UsageError(
                    f"{self.spec.name} is measured on validation examples, and its recipe holds out none; "
                    "give fixed = { validation = 10000 } or --set validation=10000."
                )


def _labelled(path: str, axis: Axis) -> dict[Label, Any]:
    """Label → value, in order.

    Raises:
        UsageError: two are the same.
    """
    labels: Sequence[Label] = axis.labels or [_label(value) for value in axis.values]
    table = dict(zip(labels, axis.values, strict=True))
    if len(table) != len(labels):  # 1, 1.0 and true are one key, too
        twice = next(label for place, label in enumerate(labels) if label in labels[:place])
        raise UsageError(f"{path} takes {twice} twice; each value of an axis is trained once.")
    return table


def _label(value: Any) -> Label:
    if isinstance(value, bool | int | float | str):
        return value
    return msgspec.json.encode(value).decode()


def plan(spec: StudySpec, registry: Registry, changes: Mapping[str, Any] | None = None) -> Plan:
    """The plan of a study, with `changes` to what is fixed (`--set`).

    Raises:
        UsageError: a change is of what the study itself varies, or as `Plan`.
    """
    for path in changes or {}:
        if path in spec.grid or path in spec.space or any(path in case for case in spec.cases.values()):
            raise UsageError(f"{path} is what {spec.name} varies; it cannot be set.", hint=f"the same without --set {path}=…")
    fixed = {**spec.fixed, **(changes or {})}
    if "steps" in (changes or {}):
        fixed.pop("epochs", None)
    elif "epochs" in (changes or {}):
        fixed.pop("steps", None)
    return Plan(replaced(spec, fixed=fixed), registry.model(spec.model))
