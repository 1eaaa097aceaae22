"""A plugin of another distribution, about neither pictures nor text: core knows no data set and no task by name."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "tools" / "examples" / "zoo-forecast"


def zoo(*arguments: str, folder: Path, plugins: Path | None = PLUGIN) -> subprocess.CompletedProcess[str]:
    inside = [f"--plugins-dir={plugins}"] if plugins else []
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "zoo", *inside, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=200, cwd=folder, env=environment)


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the LSTM went the whole way, after few steps."""
    folder = tmp_path_factory.mktemp("outside")
    result = zoo("run", "forecast.lstm", "--steps", "60", "--set", "config.hidden=16", "--json", folder=folder)
    assert result.returncode == 0, result.stderr
    (folder / "run.json").write_text(result.stdout)
    return folder


def test_it_is_listed_with_its_baseline(tmp_path):
    listed = json.loads(zoo("list", "forecast", "--json", folder=tmp_path).stdout)
    assert [row["id"] for row in listed] == ["forecast.gru", "forecast.lstm"]
    assert {row["owner"] for row in listed} == {f"folder {PLUGIN}"}
    assert "tide" in zoo("data", "list", "-q", folder=tmp_path).stdout.split()
    assert zoo("list", "forecast", folder=tmp_path, plugins=None).returncode == 2


def test_it_is_trained_exported_certified_and_measured(way):
    facts = json.loads((way / "run.json").read_text())
    assert facts["metrics"].keys() == {"loss", "mae", "rmse", "mase"}
    assert facts["metrics"]["mase"] == pytest.approx(facts["metrics"]["mae"] / 0.1632, rel=1e-3)
    assert facts["metrics"]["mae"] < 0.9, "60 steps are better than the last height"
    assert facts["verified"]
    assert facts["certificate"]["audit"]["examples"] == 2089
    assert facts["bench"]["rows"]


def test_its_picture_is_drawn_and_stands_in_the_card(way):
    drawn = json.loads(zoo("plot", "forecast.lstm", "--only", "forecast", "--theme", "dark", "--json", folder=way).stdout)
    assert [one["view"] for one in drawn["files"]] == ["forecast"]
    hours = drawn["figures"]["forecast"]["mae_by_hour"]
    assert len(hours) == 24
    assert np.mean(hours) == pytest.approx(json.loads((way / "run.json").read_text())["metrics"]["mae"], rel=1e-4)
    card = (way / "exported" / "forecast.lstm" / "README.md").read_text()
    assert "![Forecast: mean error" in card


def test_its_artifact_is_asked_without_the_plugin(way):
    np.save(way / "hours.npy", np.zeros((2, 72), np.float32))
    result = zoo("predict", "exported/forecast.lstm", "hours.npy", "--json", folder=way, plugins=None)
    assert result.returncode == 0, result.stderr
    assert [len(answer["forecast"]) for answer in json.loads(result.stdout)["answers"]] == [24, 24]
    flat = zoo("predict", "exported/forecast.lstm", "0," * 72, "-q", folder=way, plugins=None)
    assert len(flat.stdout.split()) == 24
    assert zoo("verify", "exported/forecast.lstm", folder=way, plugins=None).returncode == 0


def test_a_recipe_that_its_task_cannot_follow_is_refused(tmp_path):
    result = zoo("train", "forecast", "--set", "loss=cross-entropy", folder=tmp_path)
    assert result.returncode == 2
    assert "forecast.gru is a forecaster; its loss is a plain squared-error" in result.stderr
    assert not list(tmp_path.iterdir())


def test_core_does_not_know_it():
    words = re.compile(r"tide|zoo_forecast|forecast")
    assert not [path for path in (ROOT / "zoo").rglob("*.py") if words.search(path.read_text().lower())]
