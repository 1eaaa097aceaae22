"""`zoo demo`: the page of artifacts, written or served."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from zoo.web import site


@pytest.fixture(autouse=True)
def _no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is told of here does not depend on the bytes of onnxruntime-web, which tests/web has."""
    monkeypatch.setattr(site, "engine", lambda progress: ("0", {"a.wasm": b"\0asm", "a.mjs": b"export {}"}))


def test_it_is_built(zoo_):
    result = zoo_("demo", "--build", "page")
    assert (result.code, result.err) == (0, "")
    written = [path for path in Path("page").rglob("*") if path.is_file()]
    assert result.out == f"page: {len(written)} files, {sum(path.stat().st_size for path in written) / 1e6:.1f} MB\n"
    assert [model["id"] for model in json.loads(Path("page/models.json").read_bytes())["models"]] == ["camera.hand", "cnn.fast"]


def test_what_was_built_is_told_as_json(zoo_):
    told = json.loads(zoo_("demo", "cnn", "--build", "page", "--json").out)
    assert told["path"] == "page"
    assert told["bytes"] == sum(told["files"].values())
    assert told["files"]["models/cnn.fast/model.onnx"] == Path("exported/cnn.fast/model.onnx").stat().st_size


def test_a_damaged_artifact_is_left_out_unless_it_is_asked_for(zoo_):
    Path("exported/cnn.fast/model.onnx").write_bytes(b"")
    result = zoo_("demo", "--build", "page")
    assert result.code == 0
    assert result.err.startswith("left out: exported/cnn.fast/model.onnx was changed or damaged")
    assert result.err.count("\n") == 1
    result = zoo_("demo", "cnn", "--build", "other")
    assert (result.code, result.err.count("\n")) == (4, 1)
    assert not Path("other").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["no.such"], 2, "error: There is no artifact in exported or "),
        (["--json"], 2, "error: --json tells of the files that --build writes; give both.\n"),
        (["--build", "exported"], 2, "error: exported holds something other than a page, which is not to be lost; give a new"),
        (["--host", "no.such.host.invalid"], 2, "error: The page cannot be served at no.such.host.invalid, port 8600: "),
    ],
)
def test_mistakes(zoo_, arguments, code, said):
    result = zoo_("demo", *arguments)
    assert (result.code, result.out) == (code, "")
    assert result.err.startswith(said)
    assert result.err.count("\n") == 1


def test_nothing_to_show(zoo_, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    result = zoo_("demo")
    assert result.code == 1
    assert result.err == "error: There is no artifact to show. Try: zoo run cnn\n"


SERVE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs, and what they start, ignore it
from zoo.web import site
site.engine = lambda progress: ("0", {"a.wasm": b"", "a.mjs": b""})
from zoo.cli.main import main
import sys
sys.argv = ["zoo", "demo", "cnn", "--port", "0"]
main()
"""


def test_it_is_served_until_ctrl_c(here):
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(url + "models.json", timeout=10) as response:
            assert [model["id"] for model in json.load(response)["models"]] == ["cnn.fast"]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, err) == (0, "Ctrl-C stops it.\nstopped\n")
