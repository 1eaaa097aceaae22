"""`zoo serve`: what it takes, and what it says where that is not right."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.commands import Zoo
from tests.serve.conftest import EXPORTED
from zoo.cli.serve import _places
from zoo.serve.server import listen


@pytest.fixture
def zoo_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Zoo:
    """The command line, in a folder with one artifact in `exported` and an empty cache."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "home"))
    shutil.copytree(EXPORTED / "boolean.xor", tmp_path / "exported" / "boolean.xor")
    return Zoo(monkeypatch, capfd)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["boolean.xr"], 2, "did you mean boolean.xor?"),
        (["home"], 2, "There is no artifact in exported or"),
        (["empty"], 2, "The folder empty holds no artifact."),
        (["cnn*"], 2, "that matches 'cnn*'"),
        (["--host", "no.such.host.invalid"], 2, "Cannot listen on port 8000 of 'no.such.host.invalid': Name or service not known"),
        (["--host", "a..b"], 2, "Cannot listen on port 8000 of 'a..b'"),
        (["--host", ""], 2, "Cannot listen on port 8000 of ''"),
        (
            ["exported", "other/boolean.xor"],
            2,
            "exported/boolean.xor and other/boolean.xor are both boolean.xor; serve one of them.",
        ),
        (["exported", "other"], 2, "exported/boolean.xor and other/boolean.xor are both boolean.xor"),
        (["--port", "70000"], 2, "70000"),
        (["--provider", "gpu"], 2, "gpu"),
    ],
)
def test_mistakes_are_told_in_a_sentence(zoo_, arguments, code, said):
    Path("empty").mkdir()
    shutil.copytree("exported", "other")
    result = zoo_("serve", *arguments)
    assert (result.code, result.out) == (code, "")
    assert said in result.err
    assert "Traceback" not in result.err


def test_a_port_that_is_taken(zoo_):
    with listen("127.0.0.1", 0) as bound:
        result = zoo_("serve", "--port", bound.getsockname()[1])
    assert result.code == 2
    assert "Address already in use" in result.err
    assert "zoo serve --port 0" in result.err


def test_nothing_but_damage(zoo_):
    Path("exported/boolean.xor/model.onnx").write_bytes(b"x")
    result = zoo_("serve")
    assert result.code == 4
    assert "was changed or damaged" in result.err


def test_a_missing_extra_is_named(zoo_, monkeypatch):
    monkeypatch.setitem(sys.modules, "starlette.applications", None)
    monkeypatch.delitem(sys.modules, "zoo.serve.app", raising=False)
    monkeypatch.delitem(sys.modules, "zoo.serve.server", raising=False)
    result = zoo_("serve")
    assert result.code == 2
    assert result.err == "error: zoo serve needs starlette, which is not installed. Try: pip install 'onnx-zoo[serve]'\n"


def test_what_is_meant(zoo_):
    assert list(_places((), None)) == ["boolean.xor"]
    assert list(_places(("boolean.xor", "exported", "exported/boolean.xor", "bool*"), None)) == ["boolean.xor"]
    assert list(_places((str(EXPORTED),), None)) == sorted(path.name for path in EXPORTED.iterdir() if path.is_dir())
