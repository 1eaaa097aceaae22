"""What there is to export: a finished run, or a model whose weights are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from zoo.data.dataset import Dataset
from zoo.data.load import load_dataset
from zoo.errors import UnknownName, UsageError
from zoo.exporting.declared import declared_graph
from zoo.exporting.given import configured
from zoo.exporting.precision import rounded
from zoo.exporting.products import twin_of
from zoo.exporting.stale import weights_of
from zoo.exporting.static import in_bytes
from zoo.exporting.trained import Trained
from zoo.graph import Graph
from zoo.paths import mirror
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.runtime.manifest import STATIC
from zoo.spec import ModelSpec, to_plain
from zoo.training.build import build_module, make_task, spec_of
from zoo.training.device import describe
from zoo.training.history import history
from zoo.training.options import tagged_id
from zoo.training.parent import trained_module
from zoo.training.run import Run, find_run, list_runs, newest_finished, now
from zoo.training.train import data_of

if TYPE_CHECKING:
    from torch import nn

    from zoo.runtime.manifest import Manifest


def find_finished(model: str | None, run: str | Path | None, runs: Path) -> Run:
    """The run that is meant: `run`, or the newest finished one of `model`.

    Raises:
        UnknownName: there is no such run.
        UsageError: it is not finished, or there is none.
    """
    if run is not None:
        found = find_run(run, runs)
        if model is not None and found.state.id != model:
            raise UsageError(f"The run {found.path} is of {found.state.id}, not of {model}.")
        found.require_finished()
        return found
    assert model is not None
    newest = newest_finished(model, runs)
    if newest is None:
        ids = [finished.state.id for finished in list_runs(runs) if finished.state.status == "finished"]
        raise UnknownName(f"finished run under {runs} of the model", model, set(ids), hint=f"zoo train {model}")
    return newest


def outdated(runs: Path, output: Path) -> list[Path]:
    """The newest finished run of every id whose artifact in `output` is not of that run's weights."""
    newest = {run.state.id: run for run in list_runs(runs) if run.state.status == "finished"}
    return [run.path for artifact, run in newest.items() if weights_of(output / artifact) != run.state.weights]


def load_module(model: str, run: str | Path | None, runs: Path, registry: Registry) -> nn.Module:
    """See `zoo.load`."""
    if run is None and model in registry.models and registry.model(model).recipe is None:
        spec = registry.model(model)
        return build_module(spec, to_plain(spec.config)).eval()
    return trained_module(find_finished(model, run, runs), registry)


def source_of(
    model: str | None,
    run: str | Path | None,
    runs: Path,
    registry: Registry,
    progress: Progress,
    *,
    changes: Mapping[str, Any] | None = None,
    name: str | None = None,
) -> Trained:
    """Everything an export needs, of a run or of given weights.

    Args:
        model: its id; `None` for that of the run.
        run: a certain run; `None` for the newest finished one.
        runs: folder of runs.
        registry: of models and data.
        progress: who is told.
        changes: to the config of given weights.
        name: tag under which given weights are exported.

    Raises:
        UsageError: `changes` or `name` for a trained model, or some that the model does not take.
        DataError: the data the run was trained on are no longer the same.
    """
    if run is None and model in registry.models and registry.model(model).recipe is None:
        return _given(registry.model(model), changes or {}, name, registry, progress)
    if changes or name is not None:
        raise UsageError(
            f"--set and --name are for models with given weights; {model or run} is trained, and exported as it is.",
            hint=f"zoo train {model or 'MODEL'} --set KEY=VALUE",
        )
    found = find_finished(model, run, runs)
    state, spec = found.state, spec_of(found, registry)
    module = trained_module(found, registry)
    dataset = data_of(found, registry, progress)
    recipe = found.recipe
    task = make_task(spec, recipe, dataset)
    progress.note(f"{state.id}: from {found.path}")
    lines, gap = history(found, spec)
    if gap:
        progress.note(f"warning: {gap}")
    facts: dict[str, Any] = {
        "path": found.name,  # under whatever folder of runs: an artifact names no folder of the machine that made it
        "weights_sha256": state.weights,
        "seconds": state.seconds,
        "device": str(found.environment["device"]["name"]),
        "precision": state.precision,
    }
    return Trained(
        id=state.id,
        spec=spec,
        module=module,
        dataset=_without_folders(replace(dataset, origin=state.data.origin), own=state.data.own is not None),
        recipe=recipe,
        metrics=state.metrics,
        run=facts,
        history=lines,
        judge=task.judge,
        task=task,
        machine=describe(torch.device("cpu")),
        created=now(),
        gap=gap,
    )


def _without_folders(dataset: Dataset, *, own: bool) -> Dataset:
    """The data set with an origin that names no folder of this machine: an artifact is made to be given away."""
    origin = "own data" if own else dataset.origin.replace(f"mirror {mirror()}", "mirror")
    return replace(dataset, origin=origin)


def _given(spec: ModelSpec, changes: Mapping[str, Any], name: str | None, registry: Registry, progress: Progress) -> Trained:
    """A model with nothing to learn, evaluated now."""
    trained_id = spec.id if name is None else tagged_id(spec, name, registry)
    spec, splits = configured(spec, changes)
    dataset = load_dataset(registry.dataset(spec.dataset), own=None, name=None, progress=progress)
    if splits is not None:
        dataset = replace(dataset, splits=splits)
    module = build_module(spec, to_plain(spec.config)).eval()
    task = make_task(spec, None, dataset)
    progress.note(f"{trained_id}: weights are given, nothing to train")
    return Trained(
        id=trained_id,
        spec=spec,
        module=module,
        dataset=_without_folders(dataset, own=False),
        recipe=None,
        metrics=task.evaluate(module, task.resident(dataset.splits["test"], torch.device("cpu"))),
        run=None,
        history=(),
        judge=task.judge,
        task=task,
        machine=describe(torch.device("cpu")),
        created=now(),
    )


def load_graph(manifest: Manifest, runs: Sequence[Path], registry: Registry) -> Graph:
    """The declared graph of an artifact's model: see `zoo.api.load_exported`. That of `"int8-static"` needs its training data."""
    spec = registry.model(manifest.base)
    if manifest.run is None:
        if spec.recipe is not None:
            raise UsageError(f"{manifest.id} does not say which run it came from, so PyTorch has no weights for it.")
        spec, _ = configured(spec, manifest.config or {})
        module = rounded(build_module(spec, to_plain(spec.config)).eval(), manifest.precision)
    else:
        run = run_of(manifest, runs)
        spec, module = spec_of(run, registry), rounded(trained_module(run, registry), manifest.precision)
        if manifest.precision == STATIC:
            dataset = data_of(run, registry, Progress())
            module = in_bytes(module, spec, make_task(spec, run.recipe, dataset), dataset, Progress())
    picture = registry.dataset(spec.dataset).picture
    graph = declared_graph(spec, manifest.variant, module, classes=manifest.classes, picture=picture, examples={})
    return twin_of(graph, manifest.precision)


def run_of(manifest: Manifest, runs: Sequence[Path]) -> Run:
    """The run an artifact came from, in the first of the folders `runs` that has it with the same weights."""
    assert manifest.run is not None
    for root in runs:
        path = root / manifest.run.path
        if (path / "run.json").is_file():
            run = Run.open(path)
            if run.state.weights == manifest.run.weights_sha256:
                return run
    where = " or ".join(dict.fromkeys(str(root) for root in runs))
    raise UsageError(
        f"The run {manifest.run.path} that {manifest.id} came from is not in {where}, so PyTorch has no weights for it; --runs "
        "names the folder of runs."
    )
