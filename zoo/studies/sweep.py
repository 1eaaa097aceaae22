"""A study from its name to its table and picture."""

from __future__ import annotations

import contextlib
import os
import queue
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.errors import TrainingError, UsageError, ZooError
from zoo.machine import cores, require_one_process
from zoo.progress import Advance, Progress
from zoo.registry import Registry
from zoo.registry import registry as default_registry
from zoo.spec import replaced
from zoo.studies.board import Board, Counts
from zoo.studies.file import read_study
from zoo.studies.points import Plan, plan
from zoo.studies.record import Record, is_sealed, record_of, require_same, seal, write_record
from zoo.studies.work import News, work
from zoo.study import StudySpec

if TYPE_CHECKING:
    from zoo.data.dataset import Dataset
    from zoo.studies.worker import Hired

STUDIES = Path("studies")
SILENT = Progress()
PATIENCE = 30.0
"""Seconds that a worker has to end its step and save, once asked to stop."""
POLL = 2.0
"""Seconds between two looks at trials that others train."""


@dataclass(frozen=True)
class Swept:
    """What a study came to.

    Args:
        record: all its trials.
        folder: where `study.json`, `table.md` and the plot lie.
        plot: its picture; `None` where fewer than two trials have a figure.
        seconds: that this call took.
        trained: trials that this call trained.
    """

    record: Record
    folder: Path
    plot: Path | None
    seconds: float
    trained: int


def find_study(name: str, registry: Registry) -> StudySpec:
    """The study of that name, or the one that a TOML file describes.

    Raises:
        UnknownName: there is none.
        UsageError: the file is none.
    """
    if name.endswith(".toml") or (os.sep in name and Path(name).is_file()):
        batches = [owned.spec.batch for owned in registry.studies.values() if owned.spec.batch]
        return read_study(Path(name), batches)
    return registry.study(name)


def sweep(
    study: str | StudySpec,
    *,
    storage: str | None = None,
    jobs: int = 1,
    trials: int | None = None,
    seeds: int | None = None,
    changes: Mapping[str, Any] | None = None,
    device: str = "auto",
    output: str | Path | None = None,
    theme: str = "light",
    format: str = "png",  # noqa: A002
    progress: Progress = SILENT,
    registry: Registry | None = None,
    third_party: bool = True,
) -> Swept:
    """Train every trial of a study once, whatever was done of it before, and write its table and picture.

    Args:
        study: name, TOML file, or the study itself.
        storage: database that holds the list of trials, `sqlite:///FILE` or `postgresql://…`; by default `study.db` in the folder.
        jobs: workers on this machine, each a process with cores ÷ jobs threads.
        trials: of a sampled search, in place of the study's.
        seeds: how many, from the study's first on, in place of the study's.
        changes: path → value, for all trials (`--set`).
        device: as `zoo train --device` takes it.
        output: folder; by default `studies/<name>`.
        theme: of the picture.
        format: of the picture.
        progress: who is told.
        registry: of another set of plugins; only with one job.
        third_party: whether workers load plugins of other distributions.

    Raises:
        ZooError: the study cannot be trained.
        KeyboardInterrupt: asked to stop; the same call goes on.
    """
    require_one_process("sweep", "zoo sweep --jobs {size} …, or zoo sweep --storage postgresql://… on each machine")
    began = time.monotonic()
    registry = registry or default_registry(third_party=third_party)
    spec = find_study(study, registry) if isinstance(study, str) else study
    laid = plan(_sized(spec, trials, seeds), registry, changes)
    folder = Path(output) if output is not None else STUDIES / spec.name
    dataset = None if is_sealed(folder, laid) else _ready(laid, device, registry, progress)
    seal(folder, laid)
    address = storage or f"sqlite:///{folder / 'study.db'}"
    board = Board(laid, address)
    try:
        before = board.counts()
        if before.done:
            progress.note(f"{spec.name}: {before.done:,} of {laid.size:,} trials are done already")
        if before.done < laid.size:  # of a finished study nothing is asked: its picture can be drawn anew wherever it is
            dataset = dataset or _ready(laid, device, registry, progress)
            require_same(laid, board.trials(), dataset.sha256, folder)
        with progress.bar(spec.name, laid.size, unit="trials", done=before.done) as advance:
            crew = _Crew(laid, board, address, folder, device, jobs, registry, third_party, progress, advance, before.done)
            with contextlib.ExitStack() as stack:
                stack.callback(_tell_how_to_go_on, board, laid, progress)
                crew.work()
                stack.pop_all()
        record = record_of(laid, board.trials())
    finally:
        board.close()
    plot = write_record(folder, record, laid, theme, format)
    return Swept(record, folder, plot, time.monotonic() - began, crew.trained)


def _ready(plan: Plan, device: str, registry: Registry, progress: Progress) -> Dataset:
    """`ready`, which imports torch: no study that is finished needs it."""
    from zoo.studies.ready import ready

    return ready(plan, device, registry, progress)


def _sized(spec: StudySpec, trials: int | None, seeds: int | None) -> StudySpec:
    """The study with other numbers of trials and seeds."""
    if trials is not None and not spec.space:
        raise UsageError(
            f"{spec.name} is a grid: every one of its points is trained, and --trials has no meaning for it.",
            hint="the same without --trials",
        )
    if trials is not None:
        spec = replaced(spec, trials=trials)
    if seeds is not None:
        spec = replaced(spec, seeds=tuple(range(spec.seeds[0], spec.seeds[0] + seeds)))
    return spec


def _tell_how_to_go_on(board: Board, laid: Plan, progress: Progress) -> None:
    """Where the study stands, when it is left before its end."""
    with contextlib.suppress(ZooError):
        counts = board.counts()
        progress.note(f"{laid.spec.name}: {counts.done:,} of {laid.size:,} trials are done; the same command goes on with the rest")


@dataclass
class _Crew:
    """The workers on this machine.

    Args: as `sweep` has them; `advance` moves the study's bar, on which `on_bar` trials are.
    """

    plan: Plan
    board: Board
    address: str
    folder: Path
    device: str
    jobs: int
    registry: Registry
    third_party: bool
    progress: Progress
    advance: Advance
    on_bar: int
    trained: int = 0
    mishap: str = ""

    def work(self) -> None:
        """Work until every trial is done, by us or by others.

        Raises:
            TrainingError: all workers died, and nothing came of it.
        """
        waits = False
        while (counts := self._counts()).done < self.plan.size:
            if not counts.waiting:
                if not waits:
                    self.progress.note(f"waiting for {counts.running:,} trials of other workers")
                waits = True
                time.sleep(POLL)
                continue
            self.mishap = ""
            if self.jobs == 1:
                work(self.plan, self.board, self.folder, self.device, self.registry, self._hear)
            else:
                self._hire(min(self.jobs, counts.waiting))
            if self.mishap and self._counts().done == counts.done:
                raise TrainingError(self.mishap)

    def _counts(self) -> Counts:
        """How far the study is; what others did goes on our bar, too."""
        counts = self.board.counts()
        self.advance(counts.done - self.on_bar)
        self.on_bar = counts.done
        return counts

    def _hear(self, news: News) -> None:
        """Move the bar; say what is worth a line."""
        if news.note:
            self.progress.note(news.note)
        self.trained += news.done
        self.on_bar += news.done
        self.advance(news.done, detail=news.detail)

    def _hire(self, number: int) -> None:
        """Let processes work until none has anything left to do."""
        from zoo.studies.worker import INTERRUPTED, Hired, Orders

        orders = Orders(
            study=self.plan.spec,
            storage=self.address,
            output=str(self.folder),
            device=self.device,
            threads=threads(self.jobs),
            third_party=self.third_party,
        )
        heard: queue.SimpleQueue[News] = queue.SimpleQueue()
        workers: list[Hired] = []
        with _stopped(workers):
            for _ in range(number):
                workers.append(Hired(orders, heard.put))
            while True:
                running = [worker for worker in workers if worker.wait(0) is None]
                with contextlib.suppress(queue.Empty):
                    while True:
                        self._hear(heard.get(timeout=0.2 if running else 0.0))
                if not running:
                    break
                if failed := next((worker for worker in workers if worker not in running and worker.error), None):
                    raise _as_error(failed)
        for worker in workers:
            code = worker.wait()
            if worker.error:
                raise _as_error(worker)
            if code == INTERRUPTED:
                raise KeyboardInterrupt
            if code:
                how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
                self.mishap = f"A worker of {self.plan.spec.name} {how}; its trial waits for another."
                self.progress.note(f"warning: {self.mishap}")


def threads(jobs: int) -> int:
    """Threads of each of so many workers: those that this process may use, shared out."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    ours = min(int(given), cores()) if given.isdecimal() and int(given) else cores()
    return max(1, ours // jobs)


def _as_error(worker: Hired) -> ZooError:
    """What a worker said last, with its exit code."""
    error = ZooError(worker.error)
    error.exit_code = worker.code
    return error


@contextlib.contextmanager
def _stopped(workers: list[Hired]) -> Iterator[None]:
    """However it ends, the workers are asked to stop and waited for; a second Ctrl-C ends them at once."""
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        deadline = time.monotonic() + PATIENCE
        try:
            for worker in workers:
                worker.wait(max(0.0, deadline - time.monotonic()))
        finally:
            for worker in workers:
                if worker.wait(0) is None:
                    worker.kill()
                    worker.wait()
