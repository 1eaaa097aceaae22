"""A run that is stopped anywhere and resumed ends with the weights of one that was not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from zoo import api
from zoo.errors import IntegrityError, UsageError
from zoo.training.fit import Fit
from zoo.training.run import Run

STEPS = 20


def stopped_at(step: int, monkeypatch: pytest.MonkeyPatch, output: Path, model: str = "camera.trained", **options) -> Run:
    """A run that Ctrl-C stopped after `step` steps."""
    original = Fit.one_step

    def one_step(self, batch, log, epoch):
        original(self, batch, log, epoch)
        if self.step == step:
            import signal

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
    """What SIGKILL leaves: state `running`, a pid that is gone, a line cut short."""
    run = api.train("camera.trained", recipe={"steps": 30, "batch_size": 500}, output=tmp_path / "a", checkpoint_every=7)
    whole = run.state.weights
    run.weights.unlink()
    for checkpoint in run.checkpoints():
        checkpoint.unlink()
    killed = api.train("camera.trained", recipe={"steps": 30, "batch_size": 500}, output=tmp_path / "b", checkpoint_every=7)
    assert len(killed.checkpoints()) >= 1
    killed.update(status="running", pid=2**22 + 1, weights=None)
    with killed.metrics_file.open("ab") as stream:
        stream.write(b'{"kind":"step","step":31,"lo')
    assert killed.abandoned()
    assert api.resume(killed.path).state.weights == whole


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


def test_a_finished_run_is_not_resumed(tmp_path):
    run = api.train("camera.trained", recipe={"steps": 2}, output=tmp_path)
    with pytest.raises(UsageError, match="finished"):
        api.resume(run.path)
