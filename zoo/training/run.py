"""A run's folder, `runs/<id>/<n>/`.

It holds `run.json`, `recipe.toml`, `env.json`, `metrics.jsonl`, `checkpoints/` and `weights.safetensors`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import socket
import time
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import tomli_w

from zoo.errors import IncompleteError, IntegrityError, UnknownName, UsageError, typed
from zoo.files import remove_leftovers, write_atomic
from zoo.runtime.artifact import read_plain
from zoo.spec import Recipe, replaced, to_plain
from zoo.training.record import LIMIT, RunData, RunState, parse_line, read_state, write_state

__all__ = ["Run", "RunData", "RunState", "find_run", "list_runs", "newest_finished", "now"]


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
        number = max((int(path.name) for path in parent.iterdir() if _is_number(path.name)), default=0)
        while True:  # another process may take a number at the same moment
            number += 1
            try:
                (parent / str(number)).mkdir()
                break
            except FileExistsError:
                continue
        written = tomli_w.dumps(_without_none(to_plain(recipe))).encode()
        run = cls(parent / str(number), replaced(state, recipe_sha256=hashlib.sha256(written).hexdigest()))
        try:
            write_atomic(run.path / "recipe.toml", written)
            write_atomic(run.path / "env.json", msgspec.json.format(msgspec.json.encode(environment), indent=2) + b"\n")
            run.claim()
        except BaseException:
            shutil.rmtree(run.path, ignore_errors=True)  # a folder without a state would be no run, and in the way of one
            raise
        return run

    def claim(self) -> None:
        """Write that this process trains it."""
        self.update(status="running", error=None, pid=os.getpid(), host=socket.gethostname())

    @classmethod
    def open(cls, path: Path) -> Run:
        """The run in folder `path`.

        Raises:
            IntegrityError: its `run.json` is not one, or was changed or damaged.
            FileNotFoundError: there is none.
        """
        return cls(path, read_state(path / "run.json"))

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
            IntegrityError: it is not one, or not the one that the run began with.
            IncompleteError: it is not there.
        """
        file = self.path / "recipe.toml"
        try:
            content = read_plain(file, limit=LIMIT)
        except FileNotFoundError:
            raise self.lacks(file, "the recipe that it was begun with") from None
        if self.state.recipe_sha256 not in (None, hashlib.sha256(content).hexdigest()):
            raise IntegrityError(f"{file} was changed or damaged: a run is continued only by the recipe it began with.")
        try:
            return msgspec.convert(tomllib.loads(content.decode()), Recipe)
        except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise IntegrityError(f"{file} is no recipe: {error}.") from error

    @property
    def environment(self) -> dict[str, Any]:
        """What it was computed with: `env.json`.

        Raises:
            IntegrityError: it does not say.
        """
        file = self.path / "env.json"
        try:
            found: dict[str, Any] = msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
            str(found["python"]), dict(found["packages"]), str(found["device"]["name"])
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
            raise IntegrityError(f"{file} does not say what the run was computed on: {error!r}.") from error
        return found

    def require_finished(self) -> None:
        """Refuse a run without weights to use.

        Raises:
            UsageError: it is not finished.
        """
        if self.state.status != "finished":
            raise UsageError(
                f"The run {self.path} is {self.state.status}, not finished.", hint=typed("zoo", "train", "--resume", self.path)
            )

    def lacks(self, file: Path, meaning: str) -> IncompleteError:
        """What is raised where `file` of its folder is not there; `meaning` says what it held."""
        name = file.relative_to(self.path)
        said = f"The run {self.path} lacks {name}, {meaning}; put it back from a copy, or train anew."
        return IncompleteError(said, hint=f"zoo train {self.state.base}")

    def update(self, **changes: Any) -> None:
        """Change fields of the state and write it.

        Raises:
            NonFiniteError: a metric is NaN or infinite; then nothing is changed.
        """
        state = replaced(self.state, **changes)
        write_state(self.path / "run.json", state)
        self.state = state

    def checkpoint(self, step: int) -> Path:
        """Where that after `step` is; names sort as steps do."""
        return self.path / "checkpoints" / f"step-{step:09d}.safetensors"

    def checkpoints(self) -> list[Path]:
        """Checkpoints, newest first; names hold the step."""
        return sorted((self.path / "checkpoints").glob("step-*.safetensors"), reverse=True)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Own the run for the time of a training. The system gives it up when the process ends, however that happens.

        Raises:
            UsageError: another process holds it.
        """
        handle = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            for _ in range(20):
                if _lock(handle):
                    break
                time.sleep(0.02)  # whoever asks whether it was abandoned holds it for a moment, too
            else:
                raise UsageError(f"The run {self.path} is being written by process {self.state.pid} on {self.state.host}.")
            for folder in (self.path, self.path / "checkpoints"):
                remove_leftovers(folder)
            yield
        finally:
            os.close(handle)

    def abandoned(self) -> bool:
        """Whether it says that it runs while no process holds it: it was killed."""
        if self.state.status != "running":
            return False
        try:
            handle = os.open(self.path / ".lock", os.O_RDONLY)
        except FileNotFoundError:
            return True
        except OSError:  # it cannot be told, and a list of runs must not end here
            return False
        try:
            return _lock(handle)
        finally:
            os.close(handle)

    def epochs(self) -> list[dict[str, Any]]:
        """The epoch lines of `metrics.jsonl`."""
        return [line for line in self.lines() if line.get("kind") == "epoch"]

    def lines(self) -> Iterator[dict[str, Any]]:
        """The lines of `metrics.jsonl`, up to one that is cut short or damaged."""
        if not self.metrics_file.is_file():
            return
        with self.metrics_file.open("rb") as stream:
            for raw in stream:
                line = parse_line(raw)
                if line is None:
                    return
                yield line


def _is_number(name: str) -> bool:
    """Whether a run's folder may bear this name."""
    return name.isascii() and name.isdigit()


def _lock(handle: int) -> bool:
    """Whether this process could take the lock on an open file; it is given up when the file is closed."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system: nobody is kept out
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
            if _is_number(file.parent.name):
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
