"""What would stop a study in the middle is told before anything is made; a trial that cannot be trained stops no other."""

from __future__ import annotations

import pytest

import zoo.studies.evaluate
import zoo.studies.ready
import zoo.training.train
from zoo.errors import DeviceError, UnknownName, UsageError
from zoo.registry import Owned, Registry, registry
from zoo.spec import replaced
from zoo.studies.board import Board
from zoo.studies.points import plan
from zoo.studies.sweep import sweep
from zoo.studies.work import work
from zoo.study import Range, StudySpec

FIXED = {"steps": 2, "validation": 500}
DROPOUT = {"model": "mlp.rmsprop-2x512-dropout", "fixed": {"steps": 1, "validation": 100}}


def camera(**fields) -> StudySpec:
    return StudySpec(**{"name": "mine", "model": "camera.trained", "fixed": FIXED, **fields})


@pytest.fixture
def cut(small_data, monkeypatch):
    """512 training and 1,000 test examples for studies, too."""
    for module in (zoo.studies.ready, zoo.studies.evaluate):
        monkeypatch.setattr(module, "load_dataset", zoo.training.train.load_dataset)


@pytest.mark.parametrize(
    ("fields", "kind", "said"),
    [
        ({"grid": {"lr": (0.1,)}, "metric": "acuracy"}, UnknownName, "did you mean accuracy"),
        ({"grid": {"lr": (0.1,)}, "metric": "bleu"}, UnknownName, "'bleu'; there are loss, accuracy"),
        ({"grid": {"lr": (0.1,)}, "fixed": {"validation": 5000}}, UsageError, "validation=5,000 leaves nothing of 4,000"),
        ({"grid": {"validation": (500, 5000)}, "fixed": {}}, UsageError, "validation=5,000 leaves nothing of 4,000"),
        ({"grid": {"optimiser": ("sgd", "lbfgs")}}, UsageError, "trained in steps, which lbfgs does not make"),
    ],
)
def test_mistakes_are_told_before_anything_is_made(fields, kind, said, tmp_path):
    with pytest.raises(kind, match=said) as caught:
        sweep(camera(**fields), output=tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_device_that_there_is_not(tmp_path):
    with pytest.raises(DeviceError, match="'nope' is none that zoo knows"):
        sweep(camera(grid={"lr": (0.1,)}), device="nope", output=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "varied",
    [
        {"grid": {"config.layers.0.dropout": (0.2, 1.5, 0.3)}},
        {"space": {"config.layers.0.dropout": Range(low=0.2, high=1.5)}, "trials": 3},
    ],
)
def test_a_network_that_cannot_be_built(varied, cut, tmp_path):
    with pytest.raises(
        UsageError, match=r"The network with config\.layers\.0\.dropout 1\.5 cannot be built: ValueError: "
    ) as caught:
        sweep(camera(**DROPOUT, **varied), output=tmp_path / "out")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_trial_that_cannot_be_trained_stops_no_other(cut, tmp_path):
    """As the inside of a sampled space may hold, whose corners alone are tried out."""
    laid = plan(camera(**DROPOUT, grid={"config.layers.0.dropout": (0.2, 1.5, 0.3)}), registry())
    board = Board(laid, f"sqlite:///{tmp_path / 'study.db'}")
    notes: list[str] = []
    work(laid, board, tmp_path, "cpu", registry(), lambda news: notes.append(news.note))
    counts = board.counts()
    assert (counts.finished, counts.failed, counts.waiting) == (2, 1, 0)
    assert board.trials()[1].user_attrs["error"].startswith("ValueError: ")
    assert any(note.startswith("trial 1: ") and "1.5" in note for note in notes)
    board.close()


def search(registry: Registry, folder, trials: int):
    spec = camera(space={"lr": Range(low=0.001, high=0.01)}, sampler="random", trials=9)
    return sweep(spec, output=folder, trials=trials, registry=registry)


def test_other_data_than_those_of_the_first_trials_are_refused(tmp_path):
    known = registry()
    search(known, tmp_path / "out", 1)
    owned = known.datasets["camera"]
    other = Owned(replaced(owned.spec, arguments={"seed": 1}), owned.owner)
    changed = Registry(known.models, {**known.datasets, "camera": other}, known.commands, known.plugins)
    with pytest.raises(UsageError, match=r"The data have changed since trial 0 .* Try: the same with --output .*out-2"):
        search(changed, tmp_path / "out", 2)
    assert search(changed, tmp_path / "out", 1).trained == 0, "what is finished can be drawn anew"
    assert search(changed, tmp_path / "out-2", 2).trained == 2
    assert search(known, tmp_path / "out", 2).trained == 1


def test_other_files_of_the_plugin_than_those_of_the_first_trials_are_refused(tmp_path, monkeypatch):
    package = tmp_path / "mended_camera"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "model.py").write_text("from zoo_camera.model import build\n")
    monkeypatch.syspath_prepend(tmp_path)
    known = registry()
    owned = known.models["camera.trained"]
    mended = Owned(replaced(owned.spec, build="mended_camera.model:build"), owned.owner)
    changed = Registry({**known.models, "camera.trained": mended}, known.datasets, known.commands, known.plugins)
    first = search(changed, tmp_path / "out", 1)
    assert first.record.computed[0].source
    with (package / "model.py").open("a") as file:
        file.write("# mended\n")
    with pytest.raises(UsageError, match="The plugin's files have changed since trial 0"):
        search(changed, tmp_path / "out", 2)
