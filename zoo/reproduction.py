"""Several seeds of a model beside its published figures, recorded as they are made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.api import RUNS, SILENT, resume, train
from zoo.data.load import load_dataset
from zoo.ledger.entry import Entry
from zoo.ledger.records import Key, Record, SeedRecord, key_of
from zoo.machine import require_one_process
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.registry import registry as default_registry
from zoo.spec import ModelSpec

if TYPE_CHECKING:
    from zoo.training.run import Run

RECORDS = Path("records")


def reproduce(
    model: str,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    device: str = "auto",
    runs: str | Path = RUNS,
    records: str | Path = RECORDS,
    again: bool = False,
    progress: Progress = SILENT,
    registry: Registry | None = None,
) -> Record:
    """Train a model with several seeds and hold each published figure against them.

    A seed that is recorded of the same recipe, data and plugin files is not trained again; a run of it that was interrupted is
    resumed, one that is finished is taken. The record is written after each seed; several processes may add to one.

    Args:
        model: id or architecture.
        seeds: to train; ignored where there is nothing to learn.
        device: see `zoo.train`.
        runs: folder of runs.
        records: folder of records, `<id>.json` each.
        again: forget what is recorded, and train anew (but not the model that this one begins with).
        progress: who is told.
        registry: of another set of plugins.

    Raises:
        IntegrityError: the record is damaged.
        TrainingError: another process has made the record anew, by another recipe.
        UsageError: `torchrun` started several processes.
        ZooError: what training raises.
    """
    registry, folder, root = registry or default_registry(), Path(records), Path(runs)
    spec = registry.model(model)
    require_alone([spec])
    data = load_dataset(registry.dataset(spec.dataset), own=None, name=None, progress=progress)
    key = key_of(spec, registry, data.sha256)
    entry = Entry(folder, spec, key, again=again)
    if entry.forgotten:
        progress.note(f"{spec.id}: made anew: {entry.why}")
    for seed in seeds if spec.recipe else (None,):
        if entry.read().having(seed):
            progress.note(f"{spec.id} {_named(seed)}is recorded")
        elif seed is None:
            entry.write(_given(spec, registry, progress))
        else:
            entry.write(_trained(spec, seed, key, device, root, again, progress, registry))
    return entry.write()  # where no seed was missing, a reference may still be new


def require_alone(specs: Sequence[ModelSpec]) -> None:
    """Refuse `zoo reproduce` of these models where `torchrun` started several processes.

    Raises:
        UsageError: there are several.
    """
    learning = [spec.id for spec in specs if spec.recipe]
    require_one_process("reproduce", f"torchrun --nproc-per-node {{size}} -m zoo train {learning[0]}" if learning else None)


def _named(seed: int | None) -> str:
    return "" if seed is None else f"seed {seed} "


def _trained(
    spec: ModelSpec, seed: int, key: Key, device: str, runs: Path, again: bool, progress: Progress, registry: Registry
) -> SeedRecord:
    """One seed: from a run that is there, or a new one."""
    found = None if again else _begun(spec, seed, key, runs, registry)
    if found is None:
        run = train(spec.id, recipe={"seed": seed}, device=device, output=runs, progress=progress, registry=registry)
    elif found.state.status == "finished":
        progress.note(f"{spec.id} seed {seed}: taken from {found.path}")
        run = found
    else:
        run = resume(found.path, progress=progress, registry=registry)
    environment = run.environment
    return SeedRecord(
        seed=seed,
        metrics=run.state.metrics,
        seconds=run.state.seconds,
        device=str(environment["device"]["name"]),
        precision=run.state.precision,
        weights=run.state.weights,
        created=run.state.created,
        versions={"python": environment["python"], **environment["packages"]},
    )


def _begun(spec: ModelSpec, seed: int, key: Key, runs: Path, registry: Registry) -> Run | None:
    """The newest run of this very recipe, finished or to be resumed."""
    from zoo.training.own import own_runs

    for run in own_runs(spec, runs, registry, seed=seed, unfinished=True):
        if (run.state.data.sha256, run.state.source) == (key.data, key.source):
            return run
    return None


def _given(spec: ModelSpec, registry: Registry, progress: Progress) -> SeedRecord:
    """A model with nothing to learn, evaluated now."""
    from zoo.exporting.source import source_of
    from zoo.training.device import pick_device
    from zoo.training.environment import environment

    given, where = source_of(spec.id, None, RUNS, registry, progress), environment(pick_device("cpu"))
    return SeedRecord(
        seed=None,
        metrics=dict(given.metrics),
        seconds=0.0,
        device=str(where["device"]["name"]),
        precision="fp32",
        weights=None,
        created=given.created,
        versions={"python": where["python"], **where["packages"]},
    )
