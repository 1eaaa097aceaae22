"""`zoo plot`: the files, what is said of them, and every mistake a person can make."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo
from tests.commands import Zoo
from zoo.cli.plot import VIEWS as LISTED
from zoo.training.run import Run
from zoo.views.gather import VIEWS

CAMERA = ["curves", "samples", "confusion", "mistakes", "weights", "parameters"]


@pytest.fixture
def zoo_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Zoo:
    """The command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Zoo(monkeypatch, capfd)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `runs/camera.trained/1`, eight steps long: it makes mistakes."""
    folder = tmp_path_factory.mktemp("trained")
    zoo.train("camera.trained", recipe={"steps": 8}, output=folder / "runs")
    return folder


@pytest.fixture
def run(trained: Path, zoo_: Zoo, tmp_path: Path) -> Path:
    """That run, in the test's folder."""
    shutil.copytree(trained / "runs", tmp_path / "runs")
    return Path("runs/camera.trained/1")


def test_a_run_is_drawn_into_its_folder(zoo_, run):
    result = zoo_("plot", "camera.trained")
    assert result.code == 0, result.err
    lines = result.out.split("\n\n")[0].splitlines()
    assert [line.split()[0] for line in lines] == [str(run / "plots" / f"{view}.png") for view in CAMERA]
    assert "8 steps" in lines[0]
    assert "mistakes of 1,000; most often" in lines[3]
    assert {path.name for path in (run / "plots").iterdir()} == {f"{view}.png" for view in CAMERA}
    for path in (run / "plots").iterdir():
        with Image.open(path) as image:
            assert image.format == "PNG"
            assert 500 < image.width <= 1008
            assert image.info["dpi"] == pytest.approx((144, 144), abs=0.1)
    assert "first: 4 → 4" in result.out  # every number of a small network is printed too
    assert "left out: filters, maps, edges (the network has no convolution)" in result.err


@pytest.mark.parametrize("target", ["runs/camera.trained/1", "camera.trained/1", "camera.trained"])
def test_a_run_by_any_of_its_names(target, zoo_, run):
    result = zoo_("plot", target, "--only", "curves, samples", "-q")
    assert result.out.split() == [str(run / "plots" / "curves.png"), str(run / "plots" / "samples.png")]
    assert result.err == ""


def test_json_has_the_files_and_the_figures(zoo_, run):
    result = zoo_("plot", "camera.trained", "--json", "--output", "out")
    facts = json.loads(result.out)
    assert (facts["id"], facts["run"], facts["output"]) == ("camera.trained", str(run), "out")
    assert [file["view"] for file in facts["files"]] == CAMERA
    assert all(Path(file["path"]).is_file() and file["shows"] for file in facts["files"])
    matrix = np.array(facts["figures"]["confusion"]["matrix"])
    state = Run.open(run).state
    assert matrix.sum() == 1000
    assert np.trace(matrix) / 1000 == pytest.approx(state.metrics["accuracy"])
    assert facts["figures"]["mistakes"]["wrong"] == 1000 - np.trace(matrix)
    assert len(facts["figures"]["mistakes"]["first"]) == 15
    assert facts["figures"]["parameters"]["parameters"] == 116
    assert {"filters", "maps", "edges", "reconstructions", "walk", "generated"} <= facts["left_out"].keys()


def test_given_weights_have_a_folder_of_their_own(zoo_):
    result = zoo_("plot", "camera")
    assert result.code == 0, result.err
    assert Path("plots/camera.hand/parameters.png").is_file()
    assert "unit 2    1    0   −1    0     0" in result.out
    assert "curves (nothing was stepped: it has no history)" in result.err
    assert "mistakes (there are none: all 1,000 test examples are right)" in result.err


def test_theme_and_format(zoo_):
    assert zoo_("plot", "camera", "--theme", "dark", "--only", "weights", "-q", "--output", "a").code == 0
    with Image.open("a/weights.png") as image:
        assert max(image.convert("RGB").getpixel((2, 2))) < 40
    for form, start in (("svg", b"<?xml"), ("pdf", b"%PDF")):
        assert zoo_("plot", "camera", "--format", form, "--only", "weights", "-q", "--output", "a").code == 0
        assert Path(f"a/weights.{form}").read_bytes().startswith(start)


def test_from_python(zoo_, run):
    plotted = zoo.plot("camera.trained", only=["confusion"])
    assert plotted.run == run
    (picture,) = plotted.pictures
    assert picture.path == run / "plots" / "confusion.png"
    assert picture.plot.counts.sum() == 1000
    assert zoo.plot(run, only=["weights"], output="x", format="svg").pictures[0].path == Path("x/weights.svg")
    for wrong in ({"theme": "drak"}, {"format": "pgn"}):
        with pytest.raises(zoo.ZooError, match="did you mean"):
            zoo.plot("camera.trained", **wrong)


def test_the_newest_finished_run_is_meant(zoo_, run):
    shutil.copytree(run, run.with_name("2"))
    shutil.copytree(run, run.with_name("3"))
    Run.open(run.with_name("3")).update(status="interrupted")
    assert zoo_("plot", "camera.trained", "--only", "curves", "-q").out.split() == [str(run.with_name("2") / "plots/curves.png")]


@pytest.mark.parametrize("status", ["interrupted", "failed", "running"])
def test_a_run_that_is_not_finished_has_its_curves(status, zoo_, run):
    Run.open(run).update(status=status)
    result = zoo_("plot", "camera.trained/1")
    assert result.code == 0, result.err
    assert [path.name for path in (run / "plots").iterdir()] == ["curves.png"]
    assert "at step 8 of 8; its curves are all that can be drawn" in result.err
    assert "was stopped" in result.err if status == "running" else status in result.err
    only = zoo_("plot", "camera.trained/1", "--only", "confusion")
    assert only.code == 2
    assert "There is no picture confusion of camera.trained: the run runs/camera.trained/1" in only.err


def test_a_run_without_a_history_has_nothing(zoo_, run):
    Run.open(run).update(status="failed")
    (run / "metrics.jsonl").write_text("")
    result = zoo_("plot", "camera.trained")
    assert result.code == 1
    assert "its history runs/camera.trained/1/metrics.jsonl is empty; put it back from a copy" in result.err
    assert "There is nothing to draw of camera.trained" in result.err
    assert not (run / "plots").exists()


def test_own_data_with_long_names_and_then_without_the_data(zoo_, small_data, mnist, tmp_path):
    for split in ("train", "test"):
        images, labels = mnist.splits[split]["image"][:200], mnist.splits[split]["label"][:200]
        for digit, name in ((3, "a three with two open bowls, written quickly"), (5, "five [$5], <not> $6"), (8, "eight")):
            folder = tmp_path / "own" / split / name
            folder.mkdir(parents=True)
            for number, image in enumerate(images[labels == digit]):
                Image.fromarray(image).save(folder / f"{number}.png")
    trained = zoo_("train", "logreg.gd", "--data", "own", "--name", "mine", "--steps", 2, "-q")
    assert trained.code == 0, trained.err
    result = zoo_("plot", "logreg.mine", "--json")
    assert result.code == 0, result.err
    assert len(json.loads(result.out)["figures"]["confusion"]["matrix"]) == 3
    shutil.rmtree("own")
    shutil.rmtree("runs/logreg.mine/1/plots")
    gone = zoo_("plot", "logreg.mine", "-q")
    assert gone.code == 0, gone.err
    assert gone.out.split() == ["runs/logreg.mine/1/plots/curves.png"]
    assert "own" in zoo_("plot", "logreg.mine").err


MISTAKES = [
    (["plot"], 2, "RUN|ID"),
    (["plot", "cnn"], 2, "There is no run of cnn.fast under runs, so there is nothing to draw. Try: zoo train cnn.fast"),
    (["plot", "cnn.fats"], 2, "There is no run or model 'cnn.fats'; did you mean cnn.fast"),
    (["plot", "cnn.mine"], 2, "There is no run or model 'cnn.mine'"),
    (["plot", "camera.trained/7"], 2, "did you mean camera.trained"),
    (["plot", "camera", "--only", "mistaks"], 2, "There is no view 'mistaks'; did you mean mistakes"),
    (["plot", "camera", "--only", "weights,edges"], 2, "There is no picture edges of camera.hand: the network has no convolution."),
    (["plot", "camera", "--theme", "drak"], 2, "'light', 'dark'"),
    (["plot", "camera", "--format", "gif"], 2, "'png', 'svg', 'pdf'"),
    (["plot", "camera", "--output", ""], 2, "an empty path"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), MISTAKES, ids=[" ".join(arguments) for arguments, _, _ in MISTAKES])
def test_a_mistake_gives_one_sentence_and_leaves_nothing(arguments, code, said, zoo_, tmp_path):
    result = zoo_(*arguments)
    assert result.code == code, result.err
    assert said in result.err
    assert result.out == ""
    assert "Traceback" not in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_run_is_not_drawn(zoo_, run):
    weights = run / "weights.safetensors"
    content = bytearray(weights.read_bytes())
    content[-3] ^= 1
    weights.write_bytes(content)
    result = zoo_("plot", "camera.trained")
    assert result.code == 4
    assert "weights.safetensors" in result.err
    (run / "run.json").write_text("{")
    assert zoo_("plot", str(run)).code == 4
    assert not (run / "plots").exists()


def test_a_folder_that_is_no_run(zoo_, tmp_path):
    (tmp_path / "photos").mkdir()
    result = zoo_("plot", str(tmp_path / "photos"))
    assert result.code == 2
    assert "photos is a folder, but none of a run: it has no run.json" in result.err


def test_a_figure_that_is_not_there_is_a_gap(zoo_, run):
    lines = (run / "metrics.jsonl").read_text().splitlines()
    lines[1], lines[2] = lines[1].replace('"loss":', '"gain":'), lines[2].replace('"loss":', '"loss":"nan","was":')
    (run / "metrics.jsonl").write_text("\n".join(lines) + "\n")
    result = zoo_("plot", "camera.trained", "--only", "curves")
    assert result.code == 0, result.err
    assert "loss and accuracy over 8 steps" in result.out


def test_an_output_that_is_a_file(zoo_, run):
    Path("out").write_text("mine")
    result = zoo_("plot", "camera.trained", "--output", "out")
    assert result.code == 1
    assert "out" in result.err
    assert "Traceback" not in result.err
    assert Path("out").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may write anywhere")
def test_an_output_that_may_not_be_written(zoo_, run, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    result = zoo_("plot", "camera.trained", "--output", "locked/plots")
    assert result.code == 1
    assert "Permission denied" in result.err


def test_drawing_again_replaces_the_files_whole(zoo_, run):
    first = zoo_("plot", "camera.trained", "-q")
    before = {path.name: path.read_bytes() for path in (run / "plots").iterdir()}
    assert zoo_("plot", "camera.trained", "-q").out == first.out
    assert {path.name: path.read_bytes() for path in (run / "plots").iterdir()} == before


def test_help_lists_the_views_and_imports_nothing_heavy(tmp_path):
    assert LISTED.split(", ") == list(VIEWS)
    code = (
        "import sys\nfrom zoo.cli.main import cli\ncli.main(['plot', '--help'], standalone_mode=False)\n"
        "heavy = {'torch', 'matplotlib', 'numpy', 'PIL', 'onnx'} & set(sys.modules)\nassert not heavy, heavy\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stderr
    assert "parameters" in result.stdout
