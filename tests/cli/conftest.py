"""A working folder with two artifacts, and the command line to ask them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.artifacts import write_artifact
from tests.commands import Zoo


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with `exported/cnn.fast` and `exported/camera.hand`; the cache is `home`, and empty."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "home"))
    write_artifact(tmp_path / "exported")
    write_artifact(tmp_path / "exported", "camera.hand", camera=True)
    return tmp_path


@pytest.fixture
def zoo_(here: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Zoo:
    """`zoo_("predict", "cnn.fast", …)`, called in `here`."""
    return Zoo(monkeypatch, capfd)
