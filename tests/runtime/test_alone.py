"""The runtime needs numpy and onnxruntime alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.artifacts import write_artifact

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
