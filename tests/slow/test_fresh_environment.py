"""The wheel in a fresh environment with numpy and onnxruntime alone: every artifact answers; `zoo predict` needs little more."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ARTIFACTS = {path.name for path in (ROOT / "exported").iterdir() if path.is_dir()}


@pytest.mark.slow
def test_every_artifact_answers_in_a_fresh_environment():
    made = subprocess.run(
        [sys.executable, ROOT / "tools" / "fresh_runtime.py", "--json"], capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, made.stderr
    told = json.loads(made.stdout)
    answers = {each["id"]: each["answer"] for each in told["artifacts"]}
    assert set(answers) == ARTIFACTS
    assert answers["boolean.xor"] == [True]
    assert answers["camera.hand"] == ["vertical"]
    assert answers["seq2seq.help-pl-en.int8"] == ["Save the file."]
    assert "torch" not in told["installed_mb"]
    assert "samples.png" in told["zoo_predict"]
