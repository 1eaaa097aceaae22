"""On CUDA devices: what a CPU cannot show. Run with `-m gpu` where there is one."""

from __future__ import annotations

import math
import os
import subprocess
import sys

import pytest
import torch

from tests.training.test_distributed import assert_alike, together
from tests.training.test_resume import stopped_at
from zoo import api
from zoo.data.load import load_dataset
from zoo.errors import DataError
from zoo.progress import Progress
from zoo.registry import registry
from zoo.spec import LBFGS
from zoo.testing.subject import reads_text
from zoo.training.run import Run

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")]
two_devices = pytest.mark.skipif(torch.cuda.device_count() < 2, reason="this machine has no two CUDA devices")


def one_of_each_architecture() -> list[str]:
    """The first model of each that is trained in steps, and with no other's weights."""
    found: dict[str, str] = {}
    for owned in registry().models.values():
        spec = owned.spec
        if spec.recipe is not None and not isinstance(spec.recipe.optimiser, LBFGS) and spec.parent is None:
            found.setdefault(spec.architecture, spec.id)
    return list(found.values())


def first_losses(run: Run) -> list[float]:
    return [line["loss"] for line in run.lines() if line["kind"] == "step"][:5]


@pytest.mark.parametrize("model", one_of_each_architecture())
def test_cuda_trains_every_architecture(model, tmp_path, small_data):
    spec = registry().model(model)
    try:
        load_dataset(registry().dataset(spec.dataset), own=None, name=None, progress=Progress())
    except DataError as error:
        pytest.skip(f"no data: {error}")
    run = api.train(model, recipe={"steps": 20, "batch_size": 64}, device="cuda", output=tmp_path)
    assert run.state.device == "cuda"
    assert all(math.isfinite(value) for value in run.state.metrics.values())
    if not reads_text(spec):  # what has learned nothing never ends a sentence
        assert api.export(run=run.path, output=tmp_path / "exported")[0].certificate.passed


@pytest.mark.parametrize("changes", [{"precision": "fp32"}, {"precision": "bf16"}, {"precision": "fp32", "clip": 0.5}], ids=str)
@pytest.mark.parametrize("model", ["mlp.rmsprop-2x512", "cnn.fast", "cnn.keras-3x3"])
def test_captured_steps_train_as_others_do(model, changes, tmp_path, mnist):
    """With a last batch of another shape, batch normalisation and dropout; capturing leaves no trace in the result."""
    recipe = {"steps": 475, **changes}
    plain = api.train(model, recipe=recipe, device="cuda", output=tmp_path)
    captured = api.train(model, recipe=recipe, device="cuda", captured=True, output=tmp_path)
    assert first_losses(captured) == pytest.approx(first_losses(plain), rel=1e-3 if changes["precision"] == "fp32" else 2e-2)
    assert captured.state.metrics["accuracy"] == pytest.approx(plain.state.metrics["accuracy"], abs=0.01)


@pytest.mark.parametrize("captured", [False, True])
@pytest.mark.parametrize("model", ["mlp.rmsprop-2x512-dropout", "cnn.fast"])
def test_a_deterministic_run_resumes_bit_for_bit(model, captured, tmp_path, monkeypatch, small_data):
    how = {"recipe": {"steps": 12, "batch_size": 100}, "device": "cuda", "deterministic": True, "captured": captured}
    whole = api.train(model, output=tmp_path / "whole", **how)
    run = stopped_at(5, monkeypatch, tmp_path / "stopped", model=model, **how)
    assert api.resume(run.path).state.weights == whole.state.weights


def test_deterministic_after_cublas_was_used_wants_a_new_process(tmp_path):
    code = """
import sys, torch
from zoo import api
torch.ones(8, 8, device="cuda") @ torch.ones(8, 8, device="cuda")
api.train("camera.trained", recipe={"steps": 1}, device="cuda", deterministic=True, output=sys.argv[1])
"""
    environment = {name: value for name, value in os.environ.items() if name != "CUBLAS_WORKSPACE_CONFIG"}
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)
    assert "TrainingError: --deterministic cannot be kept: this process first used cuBLAS without" in done.stderr


@two_devices
def test_graphs_are_captured_on_the_device_that_was_asked_for(tmp_path, mnist):
    """After others on another device of the same process."""
    how = {"recipe": {"steps": 10, "precision": "fp32"}, "output": tmp_path}
    api.train("mlp.rmsprop-2x512", device="cuda:0", captured=True, **how)
    plain = api.train("mlp.rmsprop-2x512", device="cuda:1", **how)
    captured = api.train("mlp.rmsprop-2x512", device="cuda:1", captured=True, **how)
    assert first_losses(captured) == pytest.approx(first_losses(plain), rel=1e-3)
    assert torch.cuda.current_device() == 0


@two_devices
def test_two_processes_give_what_one_gives_over_nccl(tmp_path, mnist):
    alone = api.train("logreg.sgd", recipe={"steps": 20, "batch_size": 333}, device="cuda", output=tmp_path / "one")
    arguments = ("--steps", "20", "--set", "batch_size=333", "--device", "cuda", "--output", str(tmp_path / "two"))
    done = together("logreg.sgd", *arguments)
    assert done.returncode == 0, done.stderr
    assert_alike(Run.open(tmp_path / "two" / "logreg.sgd" / "1"), alone)
