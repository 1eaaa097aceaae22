"""`zoo bench`: a table, JSON, a file; PyTorch only when it is asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import msgspec
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from tests.artifacts import expected_probabilities, facts, write_manifest
from tests.benchmark.explanations import explanation, slice_of
from tests.benchmark.reports import LOUD, MACHINE, peer, report, row
from tests.commands import Zoo
from zoo.benchmark import latency, noise, profile
from zoo.benchmark.compare import compare
from zoo.benchmark.peers import Peer
from zoo.benchmark.saved import save
from zoo.cli.bench_tables import overheads, show_comparison, show_report
from zoo.cli.explain_tables import show_explanations
from zoo.exporting import peers
from zoo.graph import Graph
from zoo.runtime.manifest import Manifest

QUICK = ("--seconds", "0.01", "--batch", "1", "--batch", "3", "--threads", "1")


@pytest.fixture(autouse=True)
def _few_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "PASSES", 3)
    monkeypatch.setattr(latency, "WARMUP_SECONDS", 0.0)


def test_tables_and_machine(zoo_: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise, "BIAS", 9.0)  # as if the machine were quiet
    monkeypatch.setattr(noise, "SPREAD", 9.0)
    monkeypatch.setattr(noise.Watch, "shares", lambda self: (0.0, 0.0))
    result = zoo_("bench", "cnn.fast", *QUICK[:-1], "1,all")
    assert result.code == 0, result.err
    times, starts, foot = result.out.split("\n\n")
    assert times.splitlines()[0].split("  ")[:4] == ["batch", "threads", "p50 ms", "95 % interval"]
    assert [line.split()[:2] for line in times.splitlines()[1:]] == [["1", "1"], ["3", "1"], ["1", "all"], ["3", "all"]]
    assert len(starts.splitlines()) == 5
    assert "cnn.fast, " in foot
    assert "onnxruntime" in foot
    assert "3 passes × 1 round, 2,000 bootstrap resamples" in foot
    assert "NOISY" not in result.out
    assert "cnn.fast from exported/cnn.fast" in result.err


def test_json_and_file_say_the_same(zoo_: Zoo) -> None:
    result = zoo_("bench", "cnn.fast", *QUICK, "--json", "-q", "--output", "out/bench.json")
    assert (result.code, result.err) == (0, "")
    found = json.loads(result.out)
    assert found == json.loads(Path("out/bench.json").read_text())
    assert [(row["batch"], row["threads"], row["level"]) for row in found["rows"]] == [(1, 1, "all"), (3, 1, "all")]
    assert (found["format"], found["provider"], found["id"]) == (2, "cpu", "cnn.fast")


def test_levels_and_bare_without_torch(zoo_: Zoo) -> None:
    result = zoo_("bench", "cnn.fast", *QUICK, "--levels", "none,all", "--against", "bare")
    assert result.code == 0, result.err
    assert result.out.splitlines()[0].split()[:3] == ["batch", "threads", "level"]
    assert result.out.count("zoo over bare onnxruntime, batch 1, 1 thread") == 2
    assert "level all" in result.out


def test_noise_is_told_and_fails_only_where_asked(zoo_: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noise.Watch, "shares", lambda self: (0.6, 0.0))
    result = zoo_("bench", "cnn.fast", *QUICK, "--against", "bare")
    assert result.code == 0
    assert "TOO NOISY TO CONCLUDE: At batch 1, 1 thread, " in result.out
    assert "other processes took 60% of the cores" in result.out
    assert result.out.count("too noisy to conclude") == 2
    strict = zoo_("bench", "cnn.fast", *QUICK, "--strict", "--json", "-q")
    assert strict.code == 1
    assert strict.err.startswith("error: Too noisy to conclude: At batch 1")
    found = json.loads(strict.out)
    assert (found["conclusive"], found["reason"][:10]) == (False, "At batch 1")


def test_original_gets_rows(zoo_: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    eager = Peer("eager", lambda model, threads: lambda feeds: [expected_probabilities(feeds["image"]).astype(np.float32)])
    monkeypatch.setattr(peers, "peers_of", lambda *_: [eager])
    result = zoo_("bench", "cnn.fast", *QUICK, "--against", "eager")
    assert "eager ÷ ours" not in result.out
    assert "peer ÷ ours" in result.out
    assert [line.split()[:3] for line in result.out.splitlines() if "eager" in line] == [["1", "1", "eager"], ["3", "1", "eager"]]


@pytest.mark.parametrize(("name", "start"), [("x.png", b"\x89PNG"), ("new/x.SVG", b"<?xml")])
def test_plot(zoo_: Zoo, name: str, start: bytes) -> None:
    result = zoo_("bench", "cnn.fast", *QUICK, "--plot", name)
    assert result.code == 0, result.err
    assert Path(name).read_bytes().startswith(start)
    assert f"drawn to {name}" in result.err


# --- Two reports ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def saved(here: Path) -> tuple[str, str]:
    save(report([row(1.0), row(5.0, batch=8), row(0.6, threads=None)]), Path("a.json"))
    save(report([row(2.0), row(5.0, batch=8)], provider="cuda"), Path("b.json"))
    return "a.json", "b.json"


def test_compare(zoo_: Zoo, saved: tuple[str, str]) -> None:
    result = zoo_("bench", "--compare", *saved)
    assert result.code == 0, result.err
    header, first, second, *_ = result.out.splitlines()
    assert header.split("  ")[0] == "batch"
    assert first.split()[:5] == ["1", "1", "1.000", "2.000", "2.00"]
    assert first.endswith("slower")
    assert second.endswith("no difference shown")
    assert "not interleaved" in result.out
    assert "in A only: batch 1, all threads" in result.out
    assert "warning: not alike: provider: A cpu, B cuda" in result.err


def test_compare_json_plot_and_file(zoo_: Zoo, saved: tuple[str, str]) -> None:
    result = zoo_("bench", "--compare", *saved, "--json", "--plot", "c.png", "--output", "c.json", "--strict")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert (found["interleaved"], found["differences"]) == (False, [{"what": "provider", "a": "cpu", "b": "cuda"}])
    assert [one["verdict"] for one in found["rows"]] == ["slower", "no difference shown"]
    assert json.loads(Path("c.json").read_text()) == found
    with Image.open("c.png") as picture:
        assert picture.size[0] > 900


def test_compare_of_noise(zoo_: Zoo, saved: tuple[str, str]) -> None:
    save(report([row(2.0, noise=LOUD)]), Path("b.json"))
    result = zoo_("bench", "--compare", *saved)
    assert result.code == 0
    assert "TOO NOISY TO CONCLUDE: B: At batch 1, 1 thread, other processes took 50% of the cores" in result.out
    assert zoo_("bench", "--compare", *saved, "--strict").code == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--compare", "a.json", "none.json"], 2, "There is no file none.json"),
        (["--compare", "a.json", "c.json"], 4, "c.json is a damaged benchmark report: Object missing required field"),
        (["--compare", "a.json", "d.json"], 2, "no condition in common"),
        (["--compare", "a.json"], 2, "--compare"),
        (["cnn.fast", "--compare", "a.json", "b.json"], 2, "and not the name 'cnn.fast'"),
        (["--compare", "a.json", "b.json", "--batch", "1", "--threads", "1"], 2, "and not --batch, --threads."),
        (["--compare", "a.json", "b.json", "--plot", "x.gif"], 2, "--plot draws .png, .svg, .pdf, not 'x.gif'"),
    ],
    ids=str,
)
def test_comparisons_that_are_wrong(zoo_: Zoo, saved: tuple[str, str], arguments: list[str], code: int, said: str) -> None:
    Path("c.json").write_text('{"format": 2}')
    save(report([row(1.0, batch=99)]), Path("d.json"))
    result = zoo_("bench", *arguments)
    assert (result.code, result.out) == (code, "")
    assert said in result.err


# --- Why ------------------------------------------------------------------------------------------------------------------


def test_explain(zoo_: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile, "CALIBRATIONS", 4)
    result = zoo_("bench", "cnn.fast", *QUICK, "--explain", "--output", "why.json", "--plot", "why.png")
    assert result.code == 0, result.err
    assert "explain cnn.fast" in result.err
    *_, parts, operators, providers, arithmetic, trials, _, words = result.out.split("\n\n")
    assert parts.splitlines()[0] == "where the time of a call goes (1 thread; ms, share, × steps in a call)"
    assert parts.splitlines()[1].split("  ")[0] == "module"
    assert parts.splitlines()[-1].startswith("a call of onnxruntime")
    assert operators.startswith("operator  ")
    assert providers.splitlines()[1].startswith("cpu")
    assert "million multiply-adds" in arithmetic
    assert "level none" in trials
    assert (
        max(len(line) for block in (parts, operators, providers, arithmetic, trials, words) for line in block.splitlines()) <= 100
    )
    found = json.loads(Path("why.json").read_text())
    assert " ".join(words.split()) == (" ".join(found["conclusions"]) or "Nothing stands out.")
    assert [one["batch"] for one in found["explanations"]] == [1, 3]
    for one in found["explanations"]:  # the table shows the costliest, which a noisy machine does not tell by so short a look
        assert "MatMul" in {part["name"] for part in one["operators"]}
    assert Path("why.png").read_bytes().startswith(b"\x89PNG")
    # What was explained is a report as any other.
    assert zoo_("bench", "--compare", "why.json", "why.json").code == 0


def test_explain_takes_one_artifact(zoo_: Zoo, saved: tuple[str, str]) -> None:
    result = zoo_("bench", "--compare", *saved, "--explain")
    assert (result.code, result.out) == (2, "")
    assert "and not --explain." in result.err


def test_explain_of_a_foreign_graph(zoo_: Zoo) -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n"]) for name in ("x", "y")]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), "foreign.onnx")
    result = zoo_("bench", "foreign.onnx", "--explain")
    assert (result.code, result.out) == (4, "")
    assert "is an ONNX model, but not one of zoo's" in result.err


def test_explanations_are_at_most_100_columns(capsys: pytest.CaptureFixture[str]) -> None:
    long = slice_of("network: " + "a_very_long_name_of_a_module." * 4 + "3", 0.5, steps=1000, ms=99_999.0)
    one = explanation(modules=(long,), call_ms=99_999.0)
    show_explanations(report([row(1.0)], explanations=tuple(msgspec.structs.replace(one, batch=size) for size in (1, 8, 64))))
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 100
    assert "a_very_long_name_of_a_module.3" not in out
    assert "odule.3" in out
    assert "Nothing stands out." in out


# --- Tables ---------------------------------------------------------------------------------------------------------------


def test_tables_are_at_most_100_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """With large numbers, all levels and long names of peers, too; what is said below them may wrap."""
    long = peer(123_456.0, 1234.5, width=30.0, verdict="too noisy to conclude")
    rows = [row(12_345.6, batch=4096, threads=None, level="extended", noise=LOUD, against={"level all": long}), row(0.01)]
    show_report(report(rows))
    click.echo()
    show_comparison(compare(report(rows), report(rows)))
    blocks = capsys.readouterr().out.split("\n\n")
    tables = [line for block in blocks if block.startswith("batch") for line in block.splitlines()]
    assert len(tables) == 11
    assert max(map(len, tables)) <= 100


def test_overhead_is_ours_over_bare() -> None:
    found = report(
        [row(1.0, against={"bare": peer(0.96, 0.96)}), row(8.0, batch=8, against={"bare": peer(8.0, 1.0)})], machine=MACHINE
    )
    assert overheads(found) == ["zoo over bare onnxruntime, batch 1, 1 thread: +4.2 % (+2.0 to +6.4)"]


# --- PyTorch and mistakes -------------------------------------------------------------------------------------------------


def test_original_comes_from_the_run(zoo_: Zoo, monkeypatch: pytest.MonkeyPatch) -> None:
    import zoo.exporting.source
    from tests.benchmark.test_against import Bands

    asked = []

    def load_graph(manifest: Manifest, runs: object, registry: object) -> Graph:
        asked.append((manifest.base, manifest.run.path, manifest.variant))
        return Graph(Bands(), ("probabilities",))

    monkeypatch.setattr(zoo.exporting.source, "load_graph", load_graph)
    result = zoo_("bench", "cnn.fast", *QUICK, "--against", "eager,eager", "--json")
    assert result.code == 0, result.err
    assert list(json.loads(result.out)["rows"][0]["against"]) == ["eager"]
    assert asked == [("cnn.fast", "runs/cnn.fast/1", "classifier")]


def test_artifact_without_a_run_has_no_original(zoo_: Zoo, here: Path) -> None:
    write_manifest(here / "exported" / "cnn.fast", facts(), run=None)
    result = zoo_("bench", "cnn.fast", "--against", "eager")
    assert result.code == 2
    assert "does not say which run it came from" in result.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["cnn.fats"], 2, "did you mean cnn.fast?"),
        (["cnn.fast", "--against", "eager,compiled"], 2, "did you mean compile?"),
        (["cnn.fast", "--batch", "0"], 2, "--batch"),
        (["cnn.fast", "--seconds", "0"], 2, "--seconds"),
        (["cnn.fast", "--threads", "0"], 2, "'0' is neither a number of threads, such as 1, nor all"),
        (["cnn.fast", "--threads", "1,al"], 2, "'al' is neither"),
        (["cnn.fast", "--threads", "²"], 2, "--threads"),
        (["cnn.fast", "--levels", "al"], 2, "did you mean all?"),
        (["cnn.fast", "--levels", ","], 2, "At least one optimisation level is needed: none, basic, extended, all."),
        (["cnn.fast", "--plot", "x.jpg"], 2, "--plot draws .png, .svg, .pdf, not 'x.jpg'"),
        ([], 2, "bench needs the NAME of an artifact, or two reports to --compare."),
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
