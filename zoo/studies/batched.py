"""Many trials as one computation, where a study's plugin has a function for it."""

from __future__ import annotations

import hashlib
import socket
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from zoo.data.dataset import Dataset
from zoo.data.load import load_dataset
from zoo.errors import PluginError
from zoo.plugins import resolve
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.studies.board import Claimed, Result
from zoo.studies.evaluate import value_of, versions
from zoo.studies.points import Plan
from zoo.study import Batch
from zoo.training.device import pick_device
from zoo.training.train import hold_out


@dataclass
class Together:
    """Computes trials together on this machine.

    Args:
        plan: whose they are; its study has a `batch`.
        device: as `zoo train --device` takes it.
        registry: of the data.
        progress: who is told.
    """

    plan: Plan
    device: str
    registry: Registry
    progress: Progress

    @cached_property
    def dataset(self) -> Dataset:
        """Read once."""
        spec = self.registry.dataset(self.plan.model.dataset)
        return load_dataset(spec, own=None, name=None, progress=self.progress)

    def __call__(self, claimed: Sequence[Claimed]) -> list[Result]:
        """What comes of the trials, in their order.

        Raises:
            CannotBatch: they are not of the kind that can be computed together.
            PluginError: the function does not give what it should.
        """
        spec = self.plan.spec
        assert spec.batch is not None
        seeds = spec.seeds
        resolved = [self.plan.resolved(one.parameters, seed) for one in claimed for seed in seeds]
        recipes = [recipe for recipe, _ in resolved]
        train, (_, held_out) = hold_out(self.dataset, recipes[0])
        if spec.split == "test":
            held_out = dict(self.dataset.splits["test"])
        began = time.perf_counter()
        found = resolve(spec.batch, owner=spec.name)(
            Batch(
                model=self.plan.model,
                configs=[config for _, config in resolved],
                recipes=recipes,
                train=train,
                held_out=held_out,
                device=self.device,
                progress=self.progress,
            )
        )
        seconds = time.perf_counter() - began
        if len(found) != len(resolved):
            raise PluginError(f"{spec.batch} gave {len(found)} results for {len(resolved)} trainings of {spec.name}.")
        results = []
        for place in range(len(claimed)):
            metrics = tuple(dict(figures) for figures in found[place * len(seeds) : (place + 1) * len(seeds)])
            values = tuple(value_of(self.plan, figures) for figures in metrics)
            results.append(
                Result(
                    value=statistics.fmean(values),
                    values=values,
                    metrics=metrics,
                    seconds=round(seconds / len(claimed), 4),
                    recipe_sha256=hashlib.sha256(msgspec.json.encode(recipes[place * len(seeds)])).hexdigest(),
                    data_sha256=self.dataset.sha256,
                    device=str(pick_device(self.device)),
                    precision="fp32",
                    host=socket.gethostname(),
                    versions=versions(),
                    source=self.plan.source,
                )
            )
        return results
