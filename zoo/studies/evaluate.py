"""One trial: its trainings, and what is measured of them."""

from __future__ import annotations

import platform
import shutil
import socket
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from zoo.data.dataset import Dataset
from zoo.data.load import load_dataset
from zoo.errors import IncompleteError, IntegrityError, TrainingError, UnknownName, ZooError
from zoo.plugin_sources import DISTRIBUTION
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.studies.board import Claimed, Result
from zoo.studies.points import Plan
from zoo.training.build import build_module, make_task
from zoo.training.checkpoint import load_tensors
from zoo.training.device import pick_device
from zoo.training.options import Options
from zoo.training.run import Run, list_runs
from zoo.training.train import hold_out, resume, train

PACKAGES = (DISTRIBUTION, "torch", "numpy", "optuna")


@dataclass(frozen=True)
class Evaluator:
    """Trains trials on this machine.

    Args:
        plan: whose they are.
        folder: that takes the runs, a folder for each trial.
        device: as `zoo train --device` takes it.
        registry: of the models.
    """

    plan: Plan
    folder: Path
    device: str
    registry: Registry

    def __call__(self, claimed: Claimed, progress: Progress) -> Result:
        """Train a trial once with each seed; what an earlier worker finished here is kept, what it began is continued.

        Raises:
            TrainingError: a training diverged.
            ZooError: it cannot be trained at all.
            KeyboardInterrupt: asked to stop; the training can be continued.
        """
        source = self.plan.source  # as they are before the first training reads them
        runs = [self._run(claimed, seed, progress) for seed in self.plan.spec.seeds]
        metrics, curves = zip(*(self._measured(run, progress) for run in runs), strict=True)
        values = tuple(value_of(self.plan, figures) for figures in metrics)
        state = runs[0].state
        for run in runs:  # whoever wants to go on with one trains it anew; a hundred trials must not fill the disk
            shutil.rmtree(run.path / "checkpoints", ignore_errors=True)
        return Result(
            value=statistics.fmean(values),
            values=values,
            metrics=metrics,
            curves=curves if all(curves) else (),
            seconds=round(sum(run.state.seconds for run in runs), 3),
            recipe_sha256=state.recipe_sha256 or "",
            weights=tuple(run.state.weights or "" for run in runs),
            data_sha256=state.data.sha256,
            device=state.device,
            precision=state.precision,
            host=socket.gethostname(),
            versions=versions(),
            runs=tuple(str(run.path.relative_to(self.folder.parent)) for run in runs),
            source=source,
        )

    def _run(self, claimed: Claimed, seed: int, progress: Progress) -> Run:
        """The finished run of one seed."""
        root = self.folder / f"{claimed.index:04d}"
        for run in reversed(list_runs(root)):
            if _seed(run) != seed:
                continue
            if run.state.status == "finished":
                return run
            try:
                return resume(run, self.registry, progress)
            except TrainingError:
                raise
            except ZooError as error:
                progress.note(f"{run.path} cannot be continued and is trained anew: {error}")
        options = Options(device=self.device, changes={**self.plan.changes(claimed.parameters), "seed": seed}, output=root)
        return train(self.plan.model, options, self.registry, progress)

    def _measured(self, run: Run, progress: Progress) -> tuple[dict[str, float], tuple[float, ...]]:
        """All metrics on the study's split, of the weights that were kept; and the study's metric after each epoch."""
        spec = self.plan.spec
        prefix = f"{spec.split}_"
        lines = [
            {name.removeprefix(prefix): value for name, value in line.items() if name.startswith(prefix)} for line in run.epochs()
        ]
        curve = tuple(line[spec.metric] for line in lines if spec.metric in line)
        if spec.split == "test":
            return dict(run.state.metrics), curve
        if not curve:  # solved as a whole: nothing was measured on the way
            return self._evaluated(run, progress), ()
        if run.recipe.keep == "last":
            return lines[-1], curve
        best, task = lines[0], make_task(self.plan.model, run.recipe, self._dataset(progress))
        for line in lines[1:]:
            best = line if task.better(line[task.metric], best[task.metric]) else best
        return best, curve

    def _evaluated(self, run: Run, progress: Progress) -> dict[str, float]:
        """What the kept weights reach on the validation examples."""
        device, dataset = pick_device(run.state.device), self._dataset(progress)
        _, (_, split) = hold_out(dataset, run.recipe)
        module = build_module(self.plan.model, run.state.config).to(device)
        module.load_state_dict(load_tensors(run.weights)[0])
        task = make_task(self.plan.model, run.recipe, dataset)
        return task.evaluate(module, task.resident(split, device))

    def _dataset(self, progress: Progress) -> Dataset:
        return load_dataset(self.registry.dataset(self.plan.model.dataset), own=None, name=None, progress=progress)


def value_of(plan: Plan, metrics: Mapping[str, float]) -> float:
    """The study's metric.

    Raises:
        UnknownName: the task has none of that name.
    """
    if plan.spec.metric not in metrics:
        raise UnknownName(f"metric of {plan.model.id}", plan.spec.metric, metrics)
    return metrics[plan.spec.metric]


def versions() -> dict[str, str | None]:
    """Of the packages that figures depend on, and of Python."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found


def _seed(run: Run) -> int | None:
    """Of a run's recipe; none where that is damaged or gone."""
    try:
        return run.recipe.seed
    except (IncompleteError, IntegrityError, OSError):
        return None
