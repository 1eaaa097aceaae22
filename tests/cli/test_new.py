"""`zoo new`: what it makes works as it is, and what it cannot make it refuses in one sentence."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import Zoo
from zoo.cli.new import KINDS


@pytest.fixture
def zoo_(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Zoo:
    monkeypatch.chdir(tmp_path)
    return Zoo(monkeypatch, capfd)


def beside(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Zoo with a folder of plugins, in a process of its own: imported modules stay."""
    command = [sys.executable, "-m", "zoo", f"--plugins-dir={folder}", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=folder.parent, env=environment)


@pytest.mark.parametrize("task", KINDS)
def test_a_new_plugin_is_loaded_and_its_data_can_be_had(zoo_, tmp_path, mnist, task):
    name = f"my{task}"
    made = zoo_("new", name, "--task", task, "--json")
    assert made.code == 0
    facts = json.loads(made.out)
    assert facts["model"] == f"{name}.first"
    assert sorted(facts["files"]) == sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert not any("$" in path.read_text() for path in tmp_path.rglob("*.py"))
    folder = tmp_path / facts["folder"]
    shown = beside(folder, "show", name, "--json")
    assert shown.stderr == ""
    spec = json.loads(shown.stdout)
    assert spec["owner"] == f"folder {folder}"
    data = beside(folder, "data", "show", spec["dataset"])
    assert data.returncode == 0, data.stderr
    for module in folder.glob(f"zoo_{name}/*.py"):
        compile(module.read_text(), module, "exec")


def test_a_new_plugin_goes_the_whole_way(zoo_, tmp_path):
    assert zoo_("new", "mine", "--task", "tabular", "-q").out == "zoo-mine\n"
    result = beside(tmp_path / "zoo-mine", "run", "mine", "--json")
    assert result.returncode == 0, result.stderr
    facts = json.loads(result.stdout)
    assert facts["metrics"]["accuracy"] > 0.9
    assert facts["verified"]
    manifest = json.loads((tmp_path / "exported/mine.first/zoo.json").read_text())
    assert manifest["summary"] == KINDS["tabular"].summary  # what the data decide is no change
    asked = beside(tmp_path / "zoo-mine", "predict", "mine", "5.1,3.5,1.4,0.2", "7.7 2.6 6.9 2.3", "-q")
    assert asked.stdout.split() == ["setosa", "virginica"]
    assert "5.1,3.5 has shape [2]; it should be [4]" in beside(tmp_path / "zoo-mine", "predict", "mine", "5.1,3.5").stderr


@pytest.mark.slow
@pytest.mark.parametrize("task", KINDS)
def test_the_tests_of_a_new_plugin_pass(zoo_, tmp_path, mnist, task):
    name = f"my{task}"
    zoo_("new", name, "--task", task, "-q")
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider", f"zoo-{name}"]
    environment = {**os.environ, "ZOO_PLUGINS_DIR": str(tmp_path / f"zoo-{name}")}
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("My-Net", "The name 'My-Net' should be lower-case letters and digits, a letter first. Try: zoo new mynet"),
        ("3d", "The name '3d' should be lower-case letters and digits, a letter first. Try: zoo new d"),
        ("../up", "The name '../up' should be lower-case letters and digits, a letter first. Try: zoo new up"),
        ("", "The name '' should be lower-case letters and digits, a letter first."),
        ("class", "The name 'class' is a keyword of Python. Try: zoo new classnet"),
        ("cnn", "The name 'cnn' is taken by onnx-zoo"),
        ("mnist", "The name 'mnist' is taken by onnx-zoo"),
    ],
)
def test_a_name_that_cannot_be(zoo_, tmp_path, name, said):
    result = zoo_("new", name)
    assert result.code == 2
    assert result.err.startswith(f"error: {said}")
    assert result.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_name_near_one_that_is_there_is_told_of(zoo_):
    assert zoo_("new", "cnns", "-q").err == "note: cnns is easily mistaken for cnn, which is there already\n"


def test_nothing_is_overwritten(zoo_, tmp_path):
    (tmp_path / "zoo-mine").mkdir()
    result = zoo_("new", "mine")
    assert (result.code, result.err) == (
        2,
        "error: zoo-mine exists already, and nothing in it is overwritten. Try: zoo new mine --output DIR\n",
    )
    assert zoo_("new", "mine", "--output", "other/place", "-q").out == "other/place\n"
    assert (tmp_path / "other/place/pyproject.toml").is_file()


def test_hints_can_be_pasted(zoo_):
    said = zoo_("new", "mine", "--output", "my plugins/a'b").out
    pasted = [shlex.split(line.removeprefix("next:")) for line in said.splitlines()[-3:]]
    assert pasted == [["pip", "install", "-e", "my plugins/a'b[test]"], ["zoo", "run", "mine"], ["pytest", "my plugins/a'b"]]


def test_a_link_that_leads_nowhere_is_not_followed(zoo_, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    result = zoo_("new", "mine", "--output", "link")
    assert result.code == 2
    assert result.err.startswith("error: link exists already, and nothing in it is overwritten.")
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_a_failure_leaves_nothing(zoo_, tmp_path, monkeypatch):
    write, written = Path.write_bytes, []

    def full(path: Path, content: bytes) -> int:
        if len(written) == 2:
            raise OSError(28, "No space left on device", str(path))
        written.append(path)
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    result = zoo_("new", "mine")
    assert result.code == 1
    assert result.err.startswith("error: No space left on device: zoo-mine/")
    assert len(written) == 2
    assert not list(tmp_path.iterdir())
