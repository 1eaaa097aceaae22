"""A run's folder that lost a file, or a part of one: one sentence with the file, what it held, and what can be done."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import zoo
from tests.commands import Zoo
from zoo.training.run import Run

RUN = Path("runs/camera.trained/1")


@pytest.fixture
def zoo_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Zoo:
    """The command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Zoo(monkeypatch, capfd)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one run, eight steps and two epochs long."""
    folder = tmp_path_factory.mktemp("trained") / "runs"
    zoo.train("camera.trained", recipe={"steps": 8, "batch_size": 1000}, output=folder)
    return folder


@pytest.fixture
def run(trained: Path, zoo_: Zoo, tmp_path: Path) -> Path:
    """It, in the test's folder."""
    shutil.copytree(trained, tmp_path / "runs")
    return RUN


@pytest.mark.parametrize("command", [["export", "camera.trained"], ["export", "--run", str(RUN)], ["plot", "camera.trained"]])
@pytest.mark.parametrize(
    ("file", "held"),
    [
        ("recipe.toml", "the recipe that it was begun with"),
        ("weights.safetensors", "the weights that were kept"),
    ],
)
def test_without_its_recipe_or_its_weights_it_is_refused(command, file, held, zoo_, run):
    (run / file).unlink()
    result = zoo_(*command)
    assert result.code == 1
    said = f"error: The run {run} lacks {file}, {held}; put it back from a copy, or train anew. Try: zoo train camera.trained"
    assert result.err.splitlines()[-1] == said
    assert not Path("exported/camera.trained").exists()
    assert not (run / "plots").exists()


def test_an_unfinished_run_without_its_recipe_is_not_resumed(zoo_, run):
    Run.open(run).update(status="interrupted", step=4)
    (run / "recipe.toml").unlink()
    result = zoo_("train", "--resume", run)
    assert result.code == 1
    assert f"error: The run {run} lacks recipe.toml, the recipe that it was begun with" in result.err


@pytest.mark.parametrize("gone", ["checkpoints", "checkpoints/step-000000008.safetensors"])
def test_an_unfinished_run_without_a_checkpoint_does_not_begin_again(gone, zoo_, run):
    Run.open(run).update(status="interrupted")
    shutil.rmtree(run / gone) if (run / gone).is_dir() else (run / gone).unlink()
    result = zoo_("train", "--resume", run)
    assert result.code == 1
    said = f"error: The run {run} lacks checkpoints/step-000000008.safetensors, its weights after step 8; put it back from a copy"
    assert result.err.splitlines()[-1] == f"{said}, or train anew. Try: zoo train camera.trained"
    assert Run.open(run).state.step == 8


def test_a_run_that_made_no_step_begins_at_its_first(zoo_, run):
    Run.open(run).update(status="interrupted", step=0)
    shutil.rmtree(run / "checkpoints")
    assert zoo_("train", "--resume", run).code == 0
    assert Run.open(run).state.status == "finished"


def test_a_run_that_keeps_the_best_needs_the_best_so_far(zoo_):
    assert zoo_("train", "camera.trained", "--set", "validation=100", "--set", "keep=best", "--steps", 3).code == 0
    Run.open(RUN).update(status="interrupted")
    (RUN / "checkpoints" / "best.safetensors").unlink()
    result = zoo_("train", "--resume", RUN)
    assert result.code == 1
    assert f"The run {RUN} lacks checkpoints/best.safetensors, the weights of its best epoch so far; put it back" in result.err


def test_a_run_whose_parent_is_gone_is_not_resumed(zoo_, run):
    shutil.copytree(run, "elsewhere/camera.trained/1")
    begun = zoo_("train", "camera.trained", "--steps", 2, "--init-from", "elsewhere/camera.trained/1", "-q")
    assert begun.code == 0, begun.err
    child = Path(begun.out.strip())
    Run.open(child).update(status="interrupted")
    shutil.rmtree(child / "checkpoints")
    shutil.rmtree("elsewhere")
    result = zoo_("train", "--resume", child)
    assert result.code == 1
    assert "elsewhere/camera.trained/1, whose weights this one begins with, is not there; put it back" in result.err


def damage(file: Path, how: str) -> None:
    content = file.read_bytes()
    lines = content.splitlines(keepends=True)
    match how:
        case "missing":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
        case "line":
            file.write_bytes(b"".join([*lines[:3], b"#" + lines[3][1:], *lines[4:]]))
        case "first":
            file.write_bytes(b"#" + content)
        case "cut":
            file.write_bytes(b"".join(lines[:3]))
        case "last":
            file.write_bytes(b"".join(lines[:-1]))


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("missing", "is missing"),
        ("empty", "is empty"),
        ("line", "is damaged in line 4 of 10"),
        ("first", "is damaged in line 1 of 10"),
        ("cut", "is cut short: it ends at step 3 of 8"),
        ("last", "is cut short: it ends at step 8 of 8"),
    ],
)
def test_what_became_of_a_history_is_said(how, said, zoo_, run):
    damage(run / "metrics.jsonl", how)
    said = f"its history {run}/metrics.jsonl {said}; put it back from a copy, or train anew"
    result = zoo_("plot", "camera.trained")
    assert result.code == 0, result.err  # all other pictures are drawn
    assert f"warning: {said}" in result.err.splitlines()
    assert "nothing was stepped" not in result.err
    drawn = (run / "plots" / "curves.png").is_file()
    assert drawn == (how in ("line", "cut", "last"))
    only = zoo_("plot", "camera.trained", "--only", "curves")
    assert only.code == (0 if drawn else 1)
    if not drawn:
        last = f"error: There is no picture curves of camera.trained: {said}. Try: zoo train camera.trained"
        assert only.err.splitlines()[-1] == last


def test_half_a_last_line_is_no_damage_to_a_run_that_was_killed(zoo_, run):
    Run.open(run).update(status="running", step=4)
    file = run / "metrics.jsonl"
    file.write_bytes(file.read_bytes()[:-20])
    result = zoo_("plot", run)
    assert result.code == 0, result.err
    assert "history" not in result.err


def test_an_export_says_that_its_card_lacks_the_curves(zoo_, run):
    (run / "metrics.jsonl").unlink()
    result = zoo_("export", "camera.trained")
    assert result.code == 0, result.err
    assert f"warning: its history {run}/metrics.jsonl is missing; put it back" in result.err


def test_a_model_that_is_solved_has_no_history_to_lose(zoo_, small_data):
    assert zoo_("train", "logreg.best", "--steps", 2, "-q").code == 0
    result = zoo_("plot", "logreg.best")
    assert result.code == 0, result.err
    assert "curves (nothing was stepped: it has no history)" in result.err
    assert "warning" not in result.err
