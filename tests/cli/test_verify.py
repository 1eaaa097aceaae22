"""`zoo verify`: every artifact that is meant is tried, and the worst decides the exit code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.commands import Zoo
from zoo import api
from zoo.errors import IntegrityError


@pytest.fixture(scope="module")
def artifact(tmp_path_factory):
    folder = tmp_path_factory.mktemp("verify")
    run = api.train("camera.trained", recipe={"steps": 100}, output=folder / "runs")
    (made,) = api.export(run=run.path, output=folder / "exported")
    return made.path


@pytest.fixture
def zoo_(artifact, tmp_path, monkeypatch, capfd) -> Zoo:
    """The command line where `exported/camera.trained` is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "home"))
    shutil.copytree(artifact, "exported/camera.trained")
    return Zoo(monkeypatch, capfd)


def test_all_is_well(zoo_):
    for name in ("*", "camera.trained", "exported/camera.trained"):
        result = zoo_("verify", name)
        assert (result.code, result.err) == (0, "")
        assert "passed" in result.out
    assert zoo_("verify", "*", "camera.*", "camera.trained", "-q").out == "camera.trained\n"


@pytest.mark.parametrize("name", ["model.onnx", "zoo.json", "certificate.json", "golden.npz"])
def test_an_artifact_that_lost_a_file_is_not_passed_over(name, zoo_):
    Path("exported/camera.trained", name).unlink()
    for pattern in ("*", "camera.trained"):
        result = zoo_("verify", pattern)
        assert result.code == 4
        assert f"lacks {name}" in result.err
        assert "DAMAGED" in result.out


def test_it_goes_on_after_a_damaged_one(zoo_):
    shutil.copytree("exported/camera.trained", "exported/a.damaged")
    shutil.copytree("exported/camera.trained", "exported/b.other")
    Path("exported/a.damaged/golden.npz").write_bytes(b"")
    result = zoo_("verify", "*")
    assert result.code == 4
    assert result.err.count("error:") == 1
    assert "exported/a.damaged" in result.err
    assert [line.split()[:2] for line in result.out.splitlines()[1:]] == [
        ["a.damaged", "DAMAGED"],
        ["b.other", "DAMAGED"],
        ["camera.trained", "passed"],
    ]
    assert zoo_("verify", "*", "-q").out == "camera.trained\n"
    listed = json.loads(zoo_("verify", "*", "--json").out)
    assert [(row["id"], row["passed"], row["state"]) for row in listed] == [
        ("a.damaged", False, "damaged"),
        ("b.other", False, "damaged"),
        ("camera.trained", True, "passed"),
    ]
    assert "holds the model camera.trained, not b.other" in listed[1]["problems"][0]


def test_damage_is_worse_than_another_answer(zoo_, monkeypatch):
    """The failure comes first, the damage decides."""
    from zoo.certify import replay as replaying

    Path("exported/z.damaged").mkdir()
    Path("exported/z.damaged/model.onnx").write_bytes(b"")
    monkeypatch.setattr(replaying, "largest_error", lambda *arrays: 1.0)
    assert zoo_("verify", "camera.trained").code == 3
    result = zoo_("verify", "*")
    assert result.code == 4
    assert "z.damaged" in result.err
    assert "FAILED" in result.out


def test_verify_and_predict_agree_on_identity(zoo_):
    shutil.copytree("exported/camera.trained", "exported/mlp.sgd-512")
    for verb in (["verify", "mlp.sgd-512"], ["predict", "mlp.sgd-512", "exported/camera.trained/training.png"]):
        result = zoo_(*verb)
        assert result.code == 4
        assert "exported/mlp.sgd-512 holds the model camera.trained, not mlp.sgd-512" in result.err
    with pytest.raises(IntegrityError, match="holds the model"):
        api.verify("mlp.sgd-512")
    assert zoo_("verify", "exported/mlp.sgd-512").code == 0


def test_nothing_there(zoo_):
    shutil.rmtree("exported")
    result = zoo_("verify", "*")
    assert result.code == 2
    assert "There is no artifact in exported or " in result.err
    assert "that matches '*'. Try: zoo run cnn" in result.err
    assert "zoo export camera.trained" in zoo_("verify", "camera.trained").err


def test_pytorch_is_asked_again(zoo_, artifact):
    """`--deep`, with the run and without it."""
    (said,) = json.loads(zoo_("verify", "camera.trained", "--deep", "--runs", artifact.parents[1] / "runs", "--json").out)
    assert (said["passed"], said["examples"]) == (True, 1000)
    result = zoo_("verify", "camera.trained", "--deep")
    assert result.code == 2
    assert "--runs names the folder of runs" in result.err


def test_the_others_are_asked_where_one_lacks_its_run(zoo_):
    assert zoo_("export", "boolean.and").code == 0
    result = zoo_("verify", "*", "--deep", "--json")
    assert result.code == 2
    assert [said["id"] for said in json.loads(result.out)] == ["boolean.and"]
    assert "camera.trained: The run" in result.err


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("seq2seq.gru.beam", "zoo export seq2seq.gru --variant beam"),
        ("seq2seq.gru.beam.int8", "zoo export seq2seq.gru --variant beam --precision int8"),
        ("logreg.gd.fp16", "zoo export logreg.gd --precision fp16"),
    ],
)
def test_what_makes_a_missing_artifact_is_said(zoo_, name, command):
    for verb in ("verify", "bench"):
        result = zoo_(verb, name)
        assert result.code == 2
        assert result.err.endswith(f"Try: {command}\n")
    assert "zoo export" not in zoo_("bench", "logreg.gd.fp17").err
