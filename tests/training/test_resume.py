"""A run that is stopped anywhere and resumed ends with the weights of one that was not."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from zoo import api
from zoo.errors import DeviceError, IntegrityError, UsageError
from zoo.training.checkpoint import load_tensors, save_tensors
from zoo.training.fit import Fit
from zoo.training.run import Run

STEPS = 20


def stopped_at(step: int, monkeypatch: pytest.MonkeyPatch, output: Path, model: str = "camera.trained", **options) -> Run:
    """A run that Ctrl-C stopped after `step` steps."""
    original = Fit.one_step

    def one_step(self, batch, log, epoch):
        original(self, batch, log, epoch)
        if self.step == step:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Fit, "one_step", one_step)
        with pytest.raises(KeyboardInterrupt):
            api.train(model, output=output, **options)
    (run,) = [Run.open(path.parent) for path in output.glob("*/*/run.json")]
    return run


@pytest.mark.parametrize("step", range(1, STEPS))
def test_resuming_at_every_step_gives_the_same_weights(step, tmp_path, monkeypatch):
    recipe = {"steps": STEPS, "seed": 3, "batch_size": 500}  # 8 steps an epoch: stops lie inside epochs and at their ends
    whole = api.train("camera.trained", recipe=recipe, output=tmp_path / "whole")
    run = stopped_at(step, monkeypatch, tmp_path / "stopped", recipe=recipe)
    assert run.state.status == "interrupted"
    assert run.state.step == step
    resumed = api.resume(run.path)
    assert resumed.state.status == "finished"
    assert resumed.state.weights == whole.state.weights
    lines = [{key: value for key, value in line.items() if key != "seconds"} for line in resumed.lines()]
    assert lines == [{key: value for key, value in line.items() if key != "seconds"} for line in whole.lines()]


@pytest.mark.parametrize(
    ("model", "recipe"),
    [
        ("cnn.fast", {"steps": 4, "precision": "fp32"}),  # batch norm, fused AdamW on channels-last weights, augmentation
        ("mlp.rmsprop-2x512-dropout", {"steps": 4, "validation": 128, "keep": "best"}),
        ("cnn.keras-3x3", {"steps": 4, "precision": "fp32"}),
        ("logreg.gd", {"steps": 4}),
    ],
)
@pytest.mark.parametrize("step", [1, 2, 3])
def test_every_architecture_resumes_bit_for_bit(step, model, recipe, tmp_path, monkeypatch, small_data):
    whole = api.train(model, recipe=recipe, output=tmp_path / "whole")
    run = stopped_at(step, monkeypatch, tmp_path / "stopped", model=model, recipe=recipe)
    assert api.resume(run.path).state.weights == whole.state.weights


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "recipe"),
    [
        ("cnn.fast", {"precision": "bf16"}),
        ("cnn.keras-3x3", {"batch_size": 32}),
        ("mlp.rmsprop-2x512-dropout", {"validation": 128, "keep": "best"}),
        ("mlp.sgd-512", {}),
        ("logreg.gd", {}),
        ("logreg.sgd", {"validation": 0}),
        ("camera.trained-stable", {"batch_size": 500}),
    ],
)
def test_every_architecture_resumes_at_every_step(model, recipe, tmp_path, monkeypatch, small_data):
    recipe = {"steps": STEPS, **recipe}
    whole = api.train(model, recipe=recipe, output=tmp_path / "whole")
    for step in range(1, STEPS):
        run = stopped_at(step, monkeypatch, tmp_path / str(step), model=model, recipe=recipe)
        assert run.state.step == step
        assert api.resume(run.path).state.weights == whole.state.weights, f"resumed at step {step}"


def test_one_seed_one_result_and_another_seed_another(tmp_path):
    first, again, other = (api.train("camera.trained", recipe={"steps": 5, "seed": seed}, output=tmp_path) for seed in (1, 1, 2))
    assert first.state.weights == again.state.weights != other.state.weights


def test_training_leaves_the_callers_random_numbers_alone(tmp_path):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    api.train("camera.trained", recipe={"steps": 2}, output=tmp_path)
    assert torch.equal(torch.rand(3), expected)


def test_a_killed_run_resumes_from_its_checkpoint(tmp_path):
    """A real SIGKILL, in the middle of a real run; then the same weights as without."""
    recipe = {"steps": 400, "batch_size": 50}
    whole = api.train("camera.trained", recipe=recipe, output=tmp_path / "whole")
    command = [sys.executable, "-m", "zoo", "train", "camera.trained", "--steps", "400", "--set", "batch_size=50"]
    command += ["--checkpoint-every", "25", "--output", str(tmp_path / "killed")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = tmp_path / "killed" / "camera.trained" / "1" / "checkpoints"
    deadline = time.monotonic() + 60
    while not list(folder.glob("step-0000001*")) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGSTOP)  # it lives, and holds the run, and does not end meanwhile
    run = Run.open(folder.parent)
    assert not run.abandoned()
    with pytest.raises(UsageError, match="is being written by process"):
        api.resume(run.path)
    process.kill()
    process.wait()
    run = Run.open(folder.parent)
    assert run.state.status == "running"
    assert 75 <= run.state.step < 400  # the stop may fall between the checkpoint's file and the run's own word of it
    assert run.abandoned()
    assert api.resume(run.path).state.weights == whole.state.weights


def test_a_line_cut_short_by_a_crash_is_cut_off(tmp_path, monkeypatch):
    run = stopped_at(5, monkeypatch, tmp_path, recipe={"steps": 20, "batch_size": 500})
    whole = list(run.lines())
    with run.metrics_file.open("ab") as stream:
        stream.write(b'{"kind":"step","step":6,"epoch":1}\n{"kind":"step","step":7,"lo')
    resumed = list(api.resume(run.path).lines())
    assert resumed[:5] == whole
    assert [line["step"] for line in resumed if line["kind"] == "step"] == list(range(1, 21))


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(tmp_path, monkeypatch):
    recipe = {"steps": 20, "batch_size": 500}
    whole = api.train("camera.trained", recipe=recipe, output=tmp_path / "whole")
    run = stopped_at(13, monkeypatch, tmp_path / "stopped", recipe=recipe, checkpoint_every=3)
    newest, older = run.checkpoints()
    content = bytearray(newest.read_bytes())
    content[-5] ^= 1
    newest.write_bytes(content)
    assert api.resume(run.path).state.weights == whole.state.weights

    run = stopped_at(13, monkeypatch, tmp_path / "again", recipe=recipe, checkpoint_every=3)
    for path in run.checkpoints():
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(IntegrityError, match="safetensors"):
        api.resume(run.path)


@pytest.mark.parametrize(
    ("old", "new", "cut", "said"),
    [
        (".sum", ".square", False, "'square' of weight 0 is in only one of its optimiser and RMSprop"),  # as zoo had it once
        (".sum", ".sum", True, r"sum of weight 0 has shape \[\], not \["),  # a fused kernel would read beyond it
    ],
)
def test_another_optimisers_checkpoint_is_refused(old, new, cut, said, tmp_path, monkeypatch):
    run = stopped_at(5, monkeypatch, tmp_path, recipe={"steps": 20, "batch_size": 500})
    newest, *others = run.checkpoints()
    for other in others:
        other.unlink()
    tensors, facts, _ = load_tensors(newest)
    changed = {name.replace(old, new): tensor.mean() if cut and old in name else tensor for name, tensor in tensors.items()}
    save_tensors(newest, changed, facts)
    with pytest.raises(IntegrityError, match=said):
        api.resume(run.path)


def test_a_run_begun_on_a_device_that_is_not_here(tmp_path, monkeypatch):
    run = stopped_at(2, monkeypatch, tmp_path, recipe={"steps": 4})
    run.update(device="cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    said = rf"{run.path} was begun on cuda and goes on only there; .* trained anew\. Try: zoo train camera\.trained$"
    with pytest.raises(DeviceError, match=said):
        api.resume(run.path)
    assert Run.open(run.path).state.status == "interrupted"  # as it was


def test_a_finished_run_is_not_resumed(tmp_path):
    run = api.train("camera.trained", recipe={"steps": 2}, output=tmp_path)
    with pytest.raises(UsageError, match="finished"):
        api.resume(run.path)
