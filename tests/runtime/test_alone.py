"""The runtime needs numpy and onnxruntime alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import zoo.runtime
from tests.artifacts import write_artifact
from tests.pictures import png

SCRIPT = """
import sys

class Block:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ImportError(f"{name} is blocked")

BLOCKED = {"torch", "onnx", "onnxscript", "onnx_ir", "msgspec", "click", "pluggy", "rich", "PIL", "matplotlib", "safetensors"}
sys.meta_path.insert(0, Block())

import pathlib
import zoo.runtime
import zoo.runtime.artifact, zoo.runtime.manifest, zoo.runtime.model, zoo.runtime.providers, zoo.runtime.session
assert "onnxruntime" not in sys.modules, "onnxruntime is imported before a model is opened"

import numpy
model = zoo.runtime.open(zoo.runtime.find("cnn.fast", [pathlib.Path(sys.argv[1])]))
image = numpy.zeros((2, 28, 28), numpy.uint8)
image[:, :, 14] = 255
print(model.run(image=image)["label"].tolist())
assert not BLOCKED & {name.partition(".")[0] for name in sys.modules}
"""


def test_runtime_works_where_nothing_else_is_installed(tmp_path: Path) -> None:
    write_artifact(tmp_path)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (result.stdout, result.stderr, result.returncode) == ("['5', '5']\n", "", 0)


EVERY = """
import sys

ALLOWED = {"numpy", "onnxruntime", "zoo", *sys.argv[3:]}

class Block:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in ALLOWED and top not in sys.stdlib_module_names:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Block())

import json
import zoo.runtime
model = zoo.runtime.open(sys.argv[1])
assert model.certified and model.describe()
model.warm_up()
found = model.predict(json.loads(sys.argv[2]), memory="64 MB")
print(json.dumps({name: value.tolist() for name, value in found.items()}))
assert {name.partition(".")[0] for name in sys.modules} & {"torch", "onnx", "msgspec", "click", "pluggy"} == set()
"""
EXPORTED = Path(__file__).parents[2] / "exported"
ASKED = {"string": ["war", "Zapisz plik."], "bool": ["10", "11"], "uint8": [[200] * 784] * 2, "float32": [[1, -1, 1, -1], [1] * 4]}
"""Two examples for an input of that dtype."""


def alone(*arguments: object) -> subprocess.CompletedProcess[str]:
    """`EVERY`, in a process of its own."""
    command = [sys.executable, "-W", "error", "-c", EVERY, *map(str, arguments)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.parametrize("path", sorted(EXPORTED.glob("*/model.onnx")), ids=lambda path: path.parent.name)
def test_every_artifact_answers_with_numpy_and_onnxruntime_alone(path):
    manifest = json.loads((path.parent / "zoo.json").read_text(encoding="utf-8"))
    found = alone(path.parent, json.dumps(ASKED[manifest["inputs"][0]["dtype"]]))
    assert found.returncode == 0, found.stderr
    answers = json.loads(found.stdout)
    assert list(answers) == [tensor["name"] for tensor in manifest["outputs"]]
    assert all(len(values) == 2 for values in answers.values())


def test_a_picture_needs_pillow_and_says_so(tmp_path):
    write_artifact(tmp_path)
    (tmp_path / "stroke.png").write_bytes(png())
    asked = json.dumps(str(tmp_path / "stroke.png"))
    without, with_it = alone(tmp_path / "cnn.fast", asked), alone(tmp_path / "cnn.fast", asked, "PIL")
    assert "stroke.png is a picture, for which Pillow is needed. Try: pip install pillow" in without.stderr
    assert with_it.returncode == 0, with_it.stderr
    assert json.loads(with_it.stdout)["label"] == zoo.runtime.open(tmp_path / "cnn.fast").predict(png())["label"].tolist()


def test_nothing_is_told_to_anyone(tmp_path: Path) -> None:
    """onnxruntime would keep an id of the machine and a queue of events in the home of whoever imports it."""
    write_artifact(tmp_path / "artifacts")
    home = tmp_path / "home"
    home.mkdir()
    silent = {key: value for key, value in os.environ.items() if key != "ORT_DISABLE_TELEMETRY"}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "artifacts")],
        capture_output=True,
        text=True,
        check=False,
        env={**silent, "HOME": str(home), "XDG_CACHE_HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (result.stderr, result.returncode) == ("", 0)
    assert list(home.iterdir()) == []
