"""A disk that fails: one clear sentence, what was there before is whole, and the same command works afterwards."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.commands import Zoo
from tools.hardness.disk import TRAIN, Commands, attempt
from tools.hardness.faults import ERRORS, leftovers
from zoo.training.run import Run

NUMBERS = list(ERRORS.values())


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Iterator[Commands]:
    """The commands that write; data come from the session's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(home))
        patch.setenv("ZOO_MIRROR", str(home / "data"))
        yield Commands(tmp_path_factory.mktemp("disk").resolve())


@pytest.fixture(autouse=True)
def _mirror(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_MIRROR", str(home / "data"))
    monkeypatch.setenv("ZOO_OFFLINE", "1")


@pytest.mark.parametrize("name", ["train", "resume", "predict"])
def test_each_writing_call_may_fail(name, commands):
    """Every second call of a command, each with one of three errors in turn."""
    for at in itertools.count(2, 2):
        faults, _, problems = attempt(commands, name, at, NUMBERS[at % 3])
        assert problems == [], (at, faults.calls[at - 1])
        if len(faults.calls) < at:
            break
    assert at > 5


def test_a_disk_that_stays_full(commands):
    for at in range(1, 100, 9):
        _, outcome, problems = attempt(commands, "train", at, NUMBERS[0], lasting=True)
        assert (outcome, problems) == ("refused", []), at


@pytest.mark.parametrize(("name", "at"), [("export", 27), ("data", 4), ("data", 12)])
def test_a_failure_leaves_what_was_there(name, at, commands, mnist):
    """An artifact, a file in the cache."""
    faults, outcome, problems = attempt(commands, name, at, NUMBERS[0])
    assert (outcome, problems) == ("refused", []), faults.calls[at - 1]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("name", ["train", "resume", "export", "bench", "predict", "data"])
@pytest.mark.parametrize("lasting", [False, True])
def test_every_call_and_every_error(name, number, lasting, commands, mnist):
    for at in itertools.count(1, 4 if name == "data" else 1):
        faults, _, problems = attempt(commands, name, at, number, lasting=lasting)
        assert problems == [], (at, faults.calls[at - 1])
        if len(faults.calls) < at:
            break


# --- With a real system -----------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB in memory, where this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "zoo-test", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a tmpfs")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_real_disk_that_is_full(small_disk, zoo_: Zoo, commands):
    """A run fills the disk; with more room it goes on to the weights of one that never met the end of it."""
    runs, filler = small_disk / "runs", small_disk / "filler"
    filler.write_bytes(bytes(36 * 1024))
    result = zoo_(*TRAIN, "--output", runs, "-q")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith(f"error: No space left on device: {runs}/camera.trained/1/")
    assert leftovers(small_disk) == []
    filler.unlink()
    assert zoo_("train", "--resume", runs / "camera.trained" / "1", "-q").code == 0
    assert Run.open(runs / "camera.trained" / "1").state.weights == commands.weights


def test_a_real_limit_to_the_size_of_a_file(subjects, zoo_: Zoo, tmp_path):
    """`ulimit -f`: the system itself cuts a write short."""
    resource = pytest.importorskip("resource")
    (stopped,), (finished,) = ((subjects / kind / "camera.trained").iterdir() for kind in ("stopped", "finished"))
    run = shutil.copytree(stopped, tmp_path / "run")
    before = {path.name: path.read_bytes() for path in (run / "checkpoints").iterdir()}
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))
    try:
        result = zoo_("train", "--resume", run)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert result.code == 1
    assert result.err.splitlines()[-1].startswith(f"error: File too large: {run}/checkpoints/step-")
    assert {path.name: path.read_bytes() for path in (run / "checkpoints").iterdir()} == before
    assert leftovers(tmp_path) == []
    assert zoo_("train", "--resume", run, "-q").code == 0
    assert Run.open(run).state.weights == Run.open(finished).state.weights


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Path]:
    """A folder that takes no new file: by its mode, or, for root, whom no mode stops, by the attribute `immutable`."""
    folder = tmp_path / "locked"
    folder.mkdir()
    (folder / "camera.hand").mkdir()
    (folder / "camera.hand" / "old").write_text("old")
    root = os.geteuid() == 0
    if root and (
        shutil.which("chattr") is None or subprocess.run(["chattr", "+i", folder], capture_output=True, check=False).returncode
    ):
        pytest.skip("nothing here stops root from writing")
    if not root:
        folder.chmod(0o555)
    yield folder
    if root:
        subprocess.run(["chattr", "-i", folder], check=True)
    folder.chmod(0o755)


@pytest.mark.parametrize(
    "arguments",
    [
        (*TRAIN, "--output", "locked"),
        ("export", "camera.hand", "--output", "locked"),
        ("data", "fetch", "mnist"),
        ("bench", "artifact", "--batch", "1", "--seconds", "0.01", "--output", "locked/report.json"),
        ("predict", "artifact", "x.npy", "--prepared", "locked/seen.png"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_folder_that_may_not_be_written_to(arguments, locked, zoo_: Zoo, subjects, tmp_path, monkeypatch, mnist):
    monkeypatch.chdir(tmp_path)
    (artifact,) = (subjects / "exported").iterdir()
    (tmp_path / "artifact").symlink_to(artifact)
    np.save("x.npy", np.ones((2, 2), np.float32))
    if arguments[0] == "data":
        monkeypatch.setenv("ZOO_HOME", str(locked))
    result = zoo_(*arguments)
    last = result.err.splitlines()[-1]
    assert result.code == 1
    assert last.startswith(("error: Permission denied: ", "error: Operation not permitted: "))
    assert "locked" in last
    assert ".part" not in last
    assert sorted(path.name for path in locked.rglob("*")) == ["camera.hand", "old"]


def test_runs_are_listed_where_nothing_may_be_written(locked, zoo_: Zoo, subjects, tmp_path):
    """Whether a run that says it is running was killed cannot be asked by writing there."""
    (stopped,) = (subjects / "stopped" / "camera.trained").iterdir()
    run = Run.open(shutil.copytree(stopped, tmp_path / "runs" / "camera.trained" / "1"))
    run.update(status="running")
    (run.path / ".lock").unlink()
    mode = run.path.stat().st_mode
    run.path.chmod(0o555)
    try:
        result = zoo_("runs", "--runs", tmp_path / "runs")
    finally:
        run.path.chmod(mode)
    assert (result.code, result.err) == (0, "")
    assert "stopped" in result.out
    assert not (run.path / ".lock").exists()
