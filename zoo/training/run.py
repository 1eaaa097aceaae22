"""A run's folder, `runs/<id>/<n>/`.

It holds `run.json`, `recipe.toml`, `env.json`, `metrics.jsonl`, `checkpoints/` and `weights.safetensors`.
"""

from __future__ import annotations

import contextlib
import os
import socket
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

import msgspec
import tomli_w

from zoo.errors import IntegrityError, UnknownName, UsageError
from zoo.files import write_atomic
from zoo.spec import Picture, Recipe, Spec, replaced, to_plain

Status = Literal["running", "finished", "interrupted", "failed"]


class RunData(Spec):
    """The data a run was trained on: `own` is the folder of a person's own data."""

    id: str
    sha256: str
    origin: str
    licence: str
    own: str | None = None


class RunState(Spec):
    """What `run.json` says.

    Args:
        id: `architecture.tag`; with own data, the tag given by `--name`.
        base: id of the model whose recipe and network these are.
        owner: distribution of the plugin, with its version.
        status: `"running"` also of a process that was killed.
        config: the network's.
        classes: names of the labels.
        device: `"cpu"`, `"cuda"`, …
        precision: `"fp32"` or `"bf16"`, as it was computed.
        step: steps done.
        total: steps to do.
        seconds: of training, evaluation left out.
        metrics: on the test split, with the weights that are kept.
        weights: hash of the weights that are kept.
        error: why it failed.
        pid: of the process that trains it, on `host`.
    """

    id: str
    base: str
    owner: str
    status: Status
    created: str
    config: dict[str, Any]
    classes: tuple[str, ...]
    picture: Picture | None
    data: RunData
    device: str
    precision: str
    deterministic: bool = False
    compiled: bool = False
    checkpoint_every: int | None = None
    step: int = 0
    total: int = 0
    seconds: float = 0.0
    metrics: dict[str, float] = msgspec.field(default_factory=dict)
    weights: str | None = None
    error: str | None = None
    pid: int = 0
    host: str = ""


class Run:
    """One training run on disk.

    Args:
        path: its folder.
        state: what `run.json` says.
    """

    def __init__(self, path: Path, state: RunState) -> None:
        self.path, self.state = path, state

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r}, {self.state.status})"

    @classmethod
    def create(cls, root: Path, state: RunState, recipe: Recipe, environment: dict[str, Any]) -> Run:
        """A new folder `root/<id>/<n>` with the first free number.

        Raises:
            OSError: it cannot be made.
        """
        parent = root / state.id
        parent.mkdir(parents=True, exist_ok=True)
        number = max((int(path.name) for path in parent.iterdir() if path.name.isdigit()), default=0)
        while True:  # another process may take a number at the same moment
            number += 1
            try:
                (parent / str(number)).mkdir()
                break
            except FileExistsError:
                continue
        run = cls(parent / str(number), state)
        write_atomic(run.path / "recipe.toml", tomli_w.dumps(_without_none(to_plain(recipe))))
        write_atomic(run.path / "env.json", msgspec.json.format(msgspec.json.encode(environment), indent=2) + b"\n")
        run.claim()
        return run

    def claim(self) -> None:
        """Write that this process trains it."""
        self.update(status="running", error=None, pid=os.getpid(), host=socket.gethostname())

    @classmethod
    def open(cls, path: Path) -> Run:
        """The run in folder `path`.

        Raises:
            IntegrityError: its `run.json` is not one.
            FileNotFoundError: there is none.
        """
        file = path / "run.json"
        try:
            return cls(path, msgspec.json.decode(file.read_bytes(), type=RunState))
        except msgspec.MsgspecError as error:
            raise IntegrityError(f"{file} is no run's state: {error}.") from error

    @property
    def number(self) -> int:
        return int(self.path.name)

    @property
    def name(self) -> str:
        """`id/n`."""
        return f"{self.state.id}/{self.path.name}"

    @property
    def weights(self) -> Path:
        return self.path / "weights.safetensors"

    @property
    def metrics_file(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def recipe(self) -> Recipe:
        """Read anew from `recipe.toml`.

        Raises:
            IntegrityError: it is not one.
        """
        file = self.path / "recipe.toml"
        try:
            return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), Recipe)
        except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise IntegrityError(f"{file} is no recipe: {error}.") from error

    def update(self, **changes: Any) -> None:
        """Change fields of the state and write it."""
        self.state = replaced(self.state, **changes)
        write_atomic(self.path / "run.json", msgspec.json.format(msgspec.json.encode(self.state), indent=2) + b"\n")

    def checkpoints(self) -> list[Path]:
        """Checkpoints, newest first; names hold the step."""
        return sorted((self.path / "checkpoints").glob("step-*.safetensors"), reverse=True)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Own the run for the time of a training. The system gives it up when the process ends, however that happens.

        Raises:
            UsageError: another process holds it.
        """
        with (self.path / ".lock").open("w") as stream:
            if not _lock(stream):
                raise UsageError(f"The run {self.path} is being written by process {self.state.pid} on {self.state.host}.")
            yield

    def abandoned(self) -> bool:
        """Whether it says that it runs while no process holds it: it was killed."""
        if self.state.status != "running":
            return False
        with (self.path / ".lock").open("w") as stream:
            return _lock(stream)

    def epochs(self) -> list[dict[str, Any]]:
        """The epoch lines of `metrics.jsonl`."""
        return [line for line in self.lines() if line.get("kind") == "epoch"]

    def lines(self) -> Iterator[dict[str, Any]]:
        """The lines of `metrics.jsonl`; a last one that was cut short by a crash is left out."""
        if not self.metrics_file.exists():
            return
        with self.metrics_file.open("rb") as stream:
            for line in stream:
                try:
                    yield msgspec.json.decode(line)
                except msgspec.DecodeError:
                    return


def _lock(stream: IO[str]) -> bool:
    """Whether this process could take the lock on an open file; it is given up when the file is closed."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system: nobody is kept out
        return True
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def list_runs(root: Path, problems: list[str] | None = None) -> list[Run]:
    """All runs under `root`, by id and number.

    Args:
        root: folder of runs; one that is not there has none.
        problems: takes a sentence for each run whose state is damaged; such a run is passed over, so that it blocks no other.
    """
    runs = []
    for file in root.glob("*/*/run.json"):
        try:
            if file.parent.name.isdigit():
                runs.append(Run.open(file.parent))
        except (IntegrityError, OSError) as error:
            if problems is not None:
                problems.append(str(error))
    return sorted(runs, key=lambda run: (run.state.id, run.number))


def find_run(name: str | Path, root: Path) -> Run:
    """The run that `name` means: a folder, `id/n`, or an id, which means its newest run.

    Raises:
        UnknownName: there is none; with near matches.
    """
    for path in (Path(name), root / name):
        if (path / "run.json").is_file():
            return Run.open(path)
    runs = list_runs(root)
    ours = [run for run in runs if run.state.id == str(name)]
    if ours:
        return ours[-1]
    known = [*(run.name for run in runs), *dict.fromkeys(run.state.id for run in runs)]
    raise UnknownName(f"run under {root}", str(name), known, hint="zoo runs")


def newest_finished(id: str, root: Path) -> Run | None:  # noqa: A002
    """The newest finished run of `id`."""
    return next((run for run in reversed(list_runs(root)) if run.state.id == id and run.state.status == "finished"), None)


def _without_none(value: Any) -> Any:
    """TOML has no null: a field that is `None` is left out, and its default is `None`."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_none(item) for item in value]
    return value
