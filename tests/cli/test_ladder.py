"""`zoo ladder`: classifiers side by side, what is counted and what no other beats."""

from __future__ import annotations

import json

import pytest

from tests.artifacts import digit_graph
from tests.commands import Zoo
from zoo import api
from zoo.report.ladder import PRICES, Ladder, Rung
from zoo.report.style import DARK, LIGHT
from zoo.runtime.numbers import numbers_of


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ladder")
    for model, steps in (("camera.trained", 20), ("camera.trained-stable", 300)):
        run = api.train(model, recipe={"steps": steps}, output=folder / "runs")
        api.export(run=run.path, output=folder / "exported")
    api.export("camera.hand", output=folder / "exported")
    return folder / "exported"


@pytest.fixture
def zoo_(exported, tmp_path, monkeypatch, capfd) -> Zoo:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "home"))
    return Zoo(monkeypatch, capfd)


def test_all_there_are_from_the_most_accurate_down(zoo_, exported, tmp_path):
    result = zoo_("ladder", "--artifacts", exported, "--seconds", "0.01", "--json", "--plot", tmp_path / "ladder.png")
    facts = json.loads(result.out)
    assert result.code == 0
    assert [rung["id"] for rung in facts["models"]][-1] == "camera.trained"
    accuracies = [rung["accuracy"] for rung in facts["models"]]
    assert accuracies == sorted(accuracies, reverse=True)
    for rung in facts["models"]:
        # 96 weights and 20 biases, which need not be stored where they are zero; a few constants beside them.
        assert 96 <= rung["numbers"] <= 140
        assert rung["size"] == (exported / rung["id"] / "model.onnx").stat().st_size
        assert rung["microseconds"] > 0
        assert rung["examples"] == 1000
    assert (tmp_path / "ladder.png").read_bytes().startswith(b"\x89PNG")


def test_one_alone_is_no_ladder(zoo_, exported):
    result = zoo_("ladder", "camera.hand", "--artifacts", exported)
    assert (result.code, result.out) == (2, "")
    assert "two classifiers of the same data; there are 1" in result.err


def test_a_damaged_one_is_named(zoo_, exported, tmp_path):
    import shutil

    shutil.copytree(exported, tmp_path / "copy")
    (tmp_path / "copy" / "camera.hand" / "certificate.json").unlink()
    result = zoo_("ladder", "--artifacts", tmp_path / "copy")
    assert result.code == 4
    assert "certificate.json" in result.err


def test_floating_numbers_of_the_initializers_are_counted(tmp_path):
    model = digit_graph()
    assert numbers_of(model.SerializeToString(), where=tmp_path) == 784 * 10 + 1  # the names are text


def rung(name: str, accuracy: float, size: int) -> Rung:
    return Rung(id=name, accuracy=accuracy, examples=10_000, numbers=size, size=4 * size, microseconds=size / 7)


def test_what_no_other_beats_and_the_picture():
    rungs = (rung("a.best", 0.997, 1000), rung("a.waste", 0.99, 2000), rung("a.equal", 0.99, 900), rung("a.small", 0.9, 10))
    found = Ladder("mnist", rungs, "a machine")
    assert [one.id for one in found.frontier(PRICES["bytes of the file"])] == ["a.best", "a.equal", "a.small"]
    assert "from a.small 0.9000 to a.best 0.9970" in found.shows
    for theme in (LIGHT, DARK):
        assert found.draw(theme).encode().startswith(b"\x89PNG")
    assert rung("a.perfect", 1.0, 5).error == pytest.approx(0.005)
