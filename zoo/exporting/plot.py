"""From the name of a run or a model to its pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zoo.errors import DataError, IncompleteError, UnknownName, UsageError, ZooError
from zoo.exporting.source import source_of
from zoo.files import write_atomic
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.report.plot import Plot
from zoo.report.sheet import FORMATS
from zoo.report.style import THEMES
from zoo.spec import ModelSpec
from zoo.training.history import history
from zoo.training.run import Run, find_run, list_runs
from zoo.views.gather import gather, views_of
from zoo.views.subject import Subject

GIVEN = Path("plots")
"""Where the pictures of models with given weights go, as they have no run."""


@dataclass(frozen=True)
class Drawn:
    """One picture on disk.

    Args:
        view: its name.
        path: its file.
        plot: what it was drawn from.
    """

    view: str
    path: Path
    plot: Plot


@dataclass(frozen=True)
class Plotted:
    """What `zoo plot` made.

    Args:
        id: of the model.
        run: its folder; `None` for given weights.
        output: folder of the pictures.
        pictures: in the order of the views.
        left_out: views that do not apply, and why.
    """

    id: str
    run: Path | None
    output: Path
    pictures: tuple[Drawn, ...]
    left_out: dict[str, str]

    def facts(self) -> dict[str, Any]:
        """As JSON: the files, and the figures that they show."""
        return {
            "id": self.id,
            "run": str(self.run) if self.run else None,
            "output": str(self.output),
            "files": [{"view": one.view, "path": str(one.path), "shows": one.plot.shows} for one in self.pictures],
            "figures": {one.view: one.plot.facts() for one in self.pictures},
            "left_out": self.left_out,
        }


def plot(
    target: str,
    *,
    runs: Path,
    output: Path | None,
    only: Sequence[str],
    theme: str,
    form: str,
    progress: Progress,
    registry: Registry,
) -> Plotted:
    """Draw the views that apply to `target` and write them.

    Args:
        target: a run's folder, `id/n`, an id or an architecture (its newest finished run, else its newest), or a model with given
            weights.
        runs: folder of runs.
        output: folder of the pictures; `None` for `plots` in the run, or `plots/<id>` for given weights.
        only: names of views; none given, all that apply.
        theme: `"light"` or `"dark"`.
        form: `"png"`, `"svg"` or `"pdf"`.
        progress: who is told.
        registry: of models and data.

    Raises:
        UnknownName: there is no such run, model, view, theme or format.
        UsageError: it was never trained, or a view that `only` names does not apply, or none does.
        IncompleteError: there is none, as the run's history, its recipe or its weights are missing.
        IntegrityError: the run is damaged.
        OSError: the pictures cannot be written.
    """
    for kind, name, known in (("theme", theme, THEMES), ("format of pictures", form, FORMATS)):
        if name not in known:
            raise UnknownName(kind, name, known, hint="zoo plot --help")
    found = find_target(target, runs, registry)
    views_of(registry.model(found.state.base) if isinstance(found, Run) else found, only)  # before anything is loaded
    subject = _subject(found, runs, registry, progress)
    gathered = gather(subject, only)
    for name in only:
        if name in gathered.left_out:
            raise _none(f"There is no picture {name} of {subject.id}", (gathered.left_out[name],), subject)
    if not gathered.plots:
        raise _none(f"There is nothing to draw of {subject.id}", gathered.left_out.values(), subject)
    folder = output or (found.path / "plots" if isinstance(found, Run) else GIVEN / subject.id)
    files: dict[str, bytes] = {}
    with progress.bar(f"{subject.id}: drawing", len(gathered.plots), unit="pictures") as advance:
        for name, one in gathered.plots.items():
            files[name] = one.draw(THEMES[theme]).encode(form)
            advance(1, detail=name)
    drawn = tuple(Drawn(name, folder / f"{name}.{form}", one) for name, one in gathered.plots.items())
    for picture in drawn:  # only when all are drawn: a failure leaves the old ones
        write_atomic(picture.path, files[picture.view])
    return Plotted(subject.id, found.path if isinstance(found, Run) else None, folder, drawn, gathered.left_out)


def find_target(target: str, runs: Path, registry: Registry) -> Run | ModelSpec:
    """The run that `target` means, or the model whose weights are given.

    Raises:
        UnknownName: it means nothing; with near matches among runs and models.
        UsageError: it is a model that has no run under `runs`, or another folder.
    """
    if any((folder / "run.json").is_file() for folder in (Path(target), runs / target)):
        return find_run(target, runs)
    spec: ModelSpec | None = None
    with contextlib.suppress(UnknownName):  # the name of a model trained on own data is in no registry
        spec = registry.model(target)
    if spec is not None and spec.recipe is None:
        return spec
    there = list_runs(runs)
    ours = [run for run in there if run.state.id == (spec.id if spec else target)]
    if ours:
        finished = [run for run in ours if run.state.status == "finished"]
        return (finished or ours)[-1]
    if spec is not None:
        raise UsageError(f"There is no run of {spec.id} under {runs}, so there is nothing to draw.", hint=f"zoo train {spec.id}")
    if Path(target).is_dir():
        raise UsageError(f"{target} is a folder, but none of a run: it has no run.json.", hint="zoo runs")
    names = [*(run.name for run in there), *(run.state.id for run in there), *registry.models]
    raise UnknownName("run or model", target, dict.fromkeys(names), hint="zoo runs")


def _subject(found: Run | ModelSpec, runs: Path, registry: Registry, progress: Progress) -> Subject:
    """What is to be looked at: of a run that is not finished, or whose data are gone, its history alone."""
    if not isinstance(found, Run):
        return source_of(found.id, None, runs, registry, progress).seen
    state = found.state
    if state.status == "finished":
        try:
            return source_of(None, found.path, runs, registry, progress).seen
        except DataError as error:
            why = str(error).rstrip(".")
    else:
        how = "was stopped" if found.abandoned() else f"is {state.status}"
        why = f"the run {found.path} {how} at step {state.step:,} of {state.total:,}"
    progress.note(f"warning: {why}; its curves are all that can be drawn")
    spec = registry.model(state.base)
    lines, gap = history(found, spec)
    if gap:
        progress.note(f"warning: {gap}")
    return Subject(state.id, spec, None, None, lines, missing=why, gap=gap)


def _none(what: str, reasons: Iterable[str], subject: Subject) -> ZooError:
    """Why there is no picture: none was asked for that applies, or the history is gone."""
    said = f"{what}: {'; '.join(dict.fromkeys(reasons))}."
    if subject.gap and subject.gap in said:
        return IncompleteError(said, hint=f"zoo train {subject.spec.id}")
    return UsageError(said)
