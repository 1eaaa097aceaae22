"""`zoo bench`: a table, JSON, a file; PyTorch only when it is asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import zoo.api
from tests.artifacts import facts, write_manifest
from tests.commands import Zoo
from zoo.benchmark.bench import Peer
from zoo.runtime.manifest import Manifest

QUICK = ("--seconds", "0.01", "--batch", "1", "--batch", "3")


def test_table_and_machine(zoo_: Zoo) -> None:
    result = zoo_("bench", "cnn.fast", *QUICK)
    assert result.code == 0, result.err
    header, first, second, machine = result.out.splitlines()
    assert header.split() == ["batch", "p50", "ms", "p90", "ms", "p99", "ms", "examples/s"]
    assert (first.split()[0], second.split()[0]) == ("1", "3")
    assert machine.startswith("cnn.fast, ")
    assert "onnxruntime" in machine
    assert "on cpu, onnxruntime's choice of threads" in machine
    assert "cnn.fast from exported/cnn.fast" in result.err


def test_json_and_file_say_the_same(zoo_: Zoo) -> None:
    result = zoo_("bench", "cnn.fast", *QUICK, "--threads", 1, "--json", "-q", "--output", "out/bench.json")
    assert (result.code, result.err) == (0, "")
    report = json.loads(result.out)
    assert report == json.loads(Path("out/bench.json").read_text())
    assert [row["batch"] for row in report["rows"]] == [1, 3]
    assert (report["threads"], report["provider"], report["id"]) == (1, "cpu", "cnn.fast")


def test_busy_machine_is_told(zoo_: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    import zoo.benchmark.machine

    monkeypatch.setattr(zoo.benchmark.machine, "_busy", lambda: 0.6)
    assert "warning: other processes took 60% of the cores" in zoo_("bench", "cnn.fast", *QUICK).err


def test_peers_get_columns(zoo_: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    from tests.artifacts import expected_probabilities

    peer = Peer("eager", lambda feeds: [expected_probabilities(feeds["image"]).astype(np.float32)])
    monkeypatch.setattr(zoo.api, "load_exported", lambda *_: None)
    monkeypatch.setattr(zoo.api, "_peers", lambda *_: ((peer,), 2))
    result = zoo_("bench", "cnn.fast", *QUICK, "--against", "eager")
    assert "eager ÷ ours" in result.out.splitlines()[0]
    assert "threads: 2" in result.out


def test_original_comes_from_the_run(zoo_: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.benchmark.test_bench import torch_module

    asked = []

    def load_exported(manifest: Manifest, runs: object) -> object:
        asked.append((manifest.base, manifest.run.path, manifest.variant))
        return torch_module()

    monkeypatch.setattr(zoo.api, "load_exported", load_exported)
    result = zoo_("bench", "cnn.fast", *QUICK, "--threads", 1, "--against", "eager,eager", "--json")
    assert result.code == 0, result.err
    assert list(json.loads(result.out)["rows"][0]["against"]) == ["eager"]
    assert asked == [("cnn.fast", "runs/cnn.fast/1", "classifier")]


def test_artifact_without_a_run_has_no_original(zoo_: Zoo, here: Path) -> None:
    write_manifest(here / "exported" / "cnn.fast", facts(), run=None)
    result = zoo_("bench", "cnn.fast", "--against", "eager", "--threads", 1)
    assert result.code == 2
    assert "does not say which run it came from" in result.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["cnn.fats"], 2, "did you mean cnn.fast?"),
        (["cnn.fast", "--against", "eager,compiled"], 2, "did you mean compile?"),
        (["cnn.fast", "--batch", "0"], 2, "--batch"),
        (["cnn.fast", "--seconds", "0"], 2, "--seconds"),
        (["cnn.fast", "--threads", "0"], 2, "--threads"),
        (["cnn.fast", "--provider", "cuda"], 1, "has no provider 'cuda'"),
        (["cnn.fast", "--output", "."], 2, "is a directory"),
    ],
    ids=str,
)
def test_calls_that_are_wrong(zoo_: Zoo, arguments: list[str], code: int, said: str) -> None:
    result = zoo_("bench", *arguments)
    assert (result.code, result.out) == (code, "")
    assert said in result.err


SCRIPT = """
import sys
from zoo.cli.main import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
heavy = {"torch", "onnx", "PIL", "matplotlib"} & set(sys.modules)
assert not heavy, heavy
"""


def test_never_imports_torch_without_peers(here: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, "bench", "cnn.fast", *QUICK],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or str(here) for path in sys.path)},
    )
    assert result.returncode == 0, result.stderr
