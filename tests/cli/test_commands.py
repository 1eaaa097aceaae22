"""The verbs as a person types them: output, exit codes, one clear sentence for each mistake."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands import Zoo


@pytest.fixture
def zoo_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Zoo:
    """The command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Zoo(monkeypatch, capfd)


def test_the_whole_way_on_the_command_line(zoo_, tmp_path):
    result = zoo_("run", "camera.trained-stable", "--steps", 300, "--output", "out", "--json", "-q")
    assert result.code == 0, result.err
    facts = json.loads(result.out)
    assert facts["verified"]
    assert facts["metrics"]["accuracy"] == 1.0
    assert [row["batch"] for row in facts["bench"]["rows"]] == [1, 8, 64, 512]
    assert Path("out/exported/camera.trained-stable/model.onnx").is_file()

    listed = zoo_("runs", "--runs", "out/runs", "-q")
    assert listed.out.split() == ["camera.trained-stable/1"]
    assert "finished" in zoo_("runs", "--runs", "out/runs").out
    nothing = zoo_("export", "--runs", "out/runs", "--output", "out/exported")
    assert (nothing.code, nothing.out) == (0, "")
    assert "nothing to export" in nothing.err
    verified = zoo_("verify", "*", "--artifacts", "out/exported")
    assert "passed" in verified.out


def test_export_without_an_id_takes_what_has_no_newer_artifact(zoo_):
    for seed in (0, 1):
        assert zoo_("train", "camera.trained", "--steps", 2, "--seed", seed, "-q").code == 0
        assert zoo_("export", "-q").out.split() == ["camera.trained"]
        assert zoo_("export", "-q").out == ""
    manifest = json.loads(Path("exported/camera.trained/zoo.json").read_text())
    assert manifest["run"]["path"] == "camera.trained/2"


def test_train_says_where_the_run_is(zoo_):
    result = zoo_("train", "camera.trained", "--epochs", 1, "--set", "lr=0.002", "--json")
    state = json.loads(result.out)
    assert state["path"] == "runs/camera.trained/1"
    assert state["status"] == "finished"
    assert "epoch 1: train loss" in result.err


MISTAKES = [
    (["trian", "cnn"], 2, "There is no command 'trian'; did you mean train"),
    (["train", "cnn.fats"], 2, "did you mean cnn.fast"),
    (["train", "cnn", "--sed", "1"], 2, "--seed"),
    (["train", "cnn", "--set", "batchsize=3"], 2, "did you mean batch_size"),
    (["train", "cnn", "--set", "lr=fast"], 2, "lr=fast"),
    (["train", "cnn", "--set", "lr"], 2, "KEY=VALUE"),
    (["train", "cnn", "--steps", "3", "--epochs", "2"], 2, "cannot both be given"),
    (["train", "cnn", "--steps", "0"], 2, "0 is not in the range"),
    (["train", "cnn", "--device", "gpu"], 1, "none that zoo knows"),
    (["train", "camera.hand"], 2, "nothing to learn"),
    (["train"], 2, "wants a model"),
    (["train", "--resume", "cnn.fast/9"], 2, "no run under runs"),
    (["train", "cnn", "--resume", "cnn.fast/9"], 2, "no model"),
    (["train", "cnn", "--data", "nowhere"], 2, "--name"),
    (["train", "cnn", "--data", "", "--name", "mine"], 2, "empty path"),
    (["train", "MNIST"], 2, "is a data set; models on it are"),
    (["show", "CNN"], 2, "did you mean cnn"),
    (["run", "camera.hand", "--device", "cuda"], 2, "nothing to learn"),
    (["run", "cnn", "--opset", "99"], 2, "from 17 to 25"),
    (["train", "cnn", "--set", "optimiser=[]"], 2, "no optimiser"),
    (["train", "--resume", "x", "--compile"], 2, "no other training option"),
    (["train", "cnn", "--data", "nowhere", "--name", "fast"], 2, "a model of the zoo already"),
    (["train", "cnn", "--data", "nowhere", "--name", "Fast!"], 2, "lower-case"),
    (["train", "cnn", "--data", "nowhere", "--name", "mine"], 1, "nowhere"),
    (["train", "cnn", "--name", "mine"], 2, "--data"),
    (["train", "camera.trained", "--data", ".", "--name", "mine"], 2, "--data"),
    (["show", "mpl"], 2, "did you mean mlp"),
    (["list", "cmn*"], 2, "There is no model 'cmn"),
    (["export", "cnn"], 2, "zoo train cnn.fast"),
    (["export", "cnn", "--run", "x"], 2, "not both"),
    (["export", "camera.hand", "--opset", "26"], 2, "from 17 to 25"),
    (["export", "camera.hand", "--variant", "beam"], 2, "did you mean|There is no"),
    (["verify", "cnn"], 2, "zoo export"),
    (["run", "camera.hand", "--epochs", "3"], 2, "nothing to learn"),
    (["data", "fetch", "mnits"], 2, "did you mean mnist"),
    (["reproduce", "cnm"], 2, "did you mean cnn"),
]


@pytest.mark.parametrize(("arguments", "code", "said"), MISTAKES, ids=[" ".join(arguments) for arguments, _, _ in MISTAKES])
def test_a_mistake_gives_one_sentence_and_leaves_nothing(arguments, code, said, zoo_, tmp_path):
    import re

    result = zoo_(*arguments)
    assert result.code == code, result.err
    assert re.search(said, result.err), result.err
    assert result.out == ""
    assert "Traceback" not in result.err
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_the_traceback(zoo_):
    from zoo.errors import UnknownName

    with pytest.raises(UnknownName):
        zoo_("--debug", "show", "mpl")


def test_cuda_that_is_absent(zoo_, monkeypatch, tmp_path):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    result = zoo_("train", "camera.trained", "--device", "cuda")
    assert result.code == 1
    assert "'cuda' was asked for" in result.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(zoo_, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    result = zoo_("export", "camera.hand", "--output", "locked/exported")
    assert result.code == 1
    assert "Permission denied" in result.err


def test_an_output_that_is_a_file(zoo_, tmp_path):
    (tmp_path / "exported").write_text("mine")
    for arguments in (["export", "camera.hand"], ["train", "camera.trained", "--steps", 1, "--output", "exported"]):
        result = zoo_(*arguments)
        assert result.code == 1
        assert "exported" in result.err
        assert "Traceback" not in result.err
    assert (tmp_path / "exported").read_text() == "mine"


def test_a_damaged_run_is_not_exported(zoo_):
    zoo_("train", "camera.trained", "--steps", 2, "-q")
    weights = Path("runs/camera.trained/1/weights.safetensors")
    content = bytearray(weights.read_bytes())
    content[-3] ^= 1
    weights.write_bytes(content)
    result = zoo_("export", "camera.trained")
    assert result.code == 4
    assert "weights.safetensors is damaged" in result.err
    weights.write_bytes(content[:50])
    assert zoo_("export", "camera.trained").code == 4
    Path("runs/camera.trained/1/run.json").write_text("{")
    listed = zoo_("runs")
    assert listed.code == 0
    assert "warning: runs/camera.trained/1/run.json is no run's state" in listed.err
    assert not Path("exported").exists() or not list(Path("exported").iterdir())


TORCH_FREE = [
    ["--help"],
    ["--version"],
    ["list"],
    ["list", "--json"],
    ["show", "cnn"],
    ["plugins"],
    ["data", "list"],
    ["verify", "camera.hand"],
    ["predict", "camera.hand", "picture.npy"],
    ["bench", "camera.hand", "--seconds", "0.01", "--batch", "1"],
    ["train", "--help"],
    ["export", "--help"],
    ["run", "--help"],
    ["runs"],
]


@pytest.fixture(scope="module")
def hand(tmp_path_factory):
    """A folder with the camera's artifact and a picture for it."""
    import numpy as np

    from zoo import api

    folder = tmp_path_factory.mktemp("hand")
    api.export("camera.hand", output=folder / "exported")
    np.save(folder / "picture.npy", np.array([[1, 1], [-1, -1]], np.float32))
    return folder


@pytest.mark.parametrize("arguments", TORCH_FREE, ids=[" ".join(arguments) for arguments in TORCH_FREE])
def test_torch_is_never_imported(arguments, hand):
    code = (
        "import sys\nfrom zoo.cli.main import main\n"
        f"sys.argv = {['zoo', *arguments]!r}\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "heavy = {'torch', 'onnx', 'onnxscript', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=hand, check=False, timeout=60)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("arguments", [["list"], ["--help"], ["show", "cnn"], ["plugins"]], ids=" ".join)
def test_a_list_imports_not_even_numpy(arguments):
    code = f"import sys\nfrom zoo.cli.main import cli\ncli.main({arguments!r}, standalone_mode=False)\n"
    code += "assert not {'numpy', 'rich', 'PIL', 'onnxruntime'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60, capture_output=True)


def test_python_api_imports_nothing_heavy():
    code = "import sys, zoo, zoo.api\nassert not {'torch', 'onnxruntime', 'onnx', 'rich'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_help_of_every_verb(zoo_):
    from zoo.cli.main import VERBS

    overview = zoo_("--help").out
    for verb in VERBS:
        assert f"\n  {verb} " in overview
        assert zoo_(verb, "--help").out.startswith(f"Usage: zoo {verb}")
