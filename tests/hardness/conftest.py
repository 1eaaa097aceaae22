"""Real runs and artifacts to damage, and the command line in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.commands import Zoo
from tools.hardness.subjects import make

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the stopped run, the finished run and the artifact of `camera.trained`."""
    folder = tmp_path_factory.mktemp("subjects")
    make(folder, ("camera",))
    return folder


@pytest.fixture
def zoo_(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Zoo:
    """`zoo_("export", …)`: the command line, called in this process."""
    return Zoo(monkeypatch, capfd)


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """`start("export", …)`: the command line, started in a folder of the test's own."""

    return partial(started, tmp_path)


def started(folder: Path, *arguments: object, **variables: object) -> subprocess.Popen[str]:
    """The command line, started in a process of its own in `folder`, with more environment variables."""
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    command = [sys.executable, "-m", "zoo", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=folder, env=environment, text=True, **pipes)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command that was started."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err
