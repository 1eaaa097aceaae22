"""The loop: what it records, keeps and refuses."""

from __future__ import annotations

import json
import math

import pytest
import torch
from torch import nn

from zoo import api
from zoo.errors import DeviceError, NonFiniteError, TrainingError, UsageError
from zoo.progress import Progress
from zoo.registry import registry
from zoo.training.checkpoint import load_tensors
from zoo.training.classification import Classification
from zoo.training.device import numerics, pick_device
from zoo.training.fit import Fit
from zoo.training.options import Options, check_solver
from zoo.training.run import Run, list_runs


def test_every_step_and_epoch_is_recorded(tmp_path):
    run = api.train("camera.trained", recipe={"epochs": 2, "batch_size": 1000}, output=tmp_path)
    lines = [json.loads(line) for line in run.metrics_file.read_text().splitlines()]
    assert [line["step"] for line in lines if line["kind"] == "step"] == list(range(1, 9))
    assert [(line["epoch"], line["step"]) for line in lines if line["kind"] == "epoch"] == [(1, 4), (2, 8)]
    first = [line for line in lines if line["kind"] == "step" and line["epoch"] == 1]
    assert lines[4]["train_loss"] == pytest.approx(sum(line["loss"] for line in first) / 4)
    assert {"test_loss", "test_accuracy", "train_accuracy", "seconds"} <= lines[-1].keys()


class Notes(Progress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.epochs: list[int] = []

    def note(self, text: str) -> None:
        if " epoch " in text:
            self.epochs.append(int(text.partition(" epoch ")[2].partition(":")[0]))


@pytest.mark.parametrize(("epochs", "told"), [(3, [1, 2, 3]), (40, [*range(1, 41)]), (101, [1, *range(3, 100, 3), 101])])
def test_of_hundreds_of_epochs_some_are_told_and_all_are_recorded(epochs, told, tmp_path):
    notes = Notes()
    run = api.train("camera.trained", recipe={"steps": epochs, "batch_size": 4000}, output=tmp_path, progress=notes)
    assert notes.epochs == told
    assert [line["epoch"] for line in run.epochs()] == [*range(1, epochs + 1)]


def test_after_a_long_silence_the_next_epoch_is_told_of(tmp_path, monkeypatch):
    monkeypatch.setattr("zoo.training.fit.SILENT_SECONDS", 0.0)
    notes = Notes()
    api.train("camera.trained", recipe={"steps": 50, "batch_size": 4000}, output=tmp_path, progress=notes)
    assert notes.epochs == [*range(1, 51)]


def test_the_folder_holds_what_the_run_was(tmp_path):
    run = api.train("camera.trained", recipe={"steps": 3, "lr": 0.002, "seed": 5}, output=tmp_path)
    again = Run.open(run.path)
    assert again.state == run.state
    assert again.recipe.steps == 3
    assert again.recipe.epochs is None
    assert again.recipe.optimiser.lr == 0.002
    assert json.loads((run.path / "env.json").read_text())["packages"]["torch"] == torch.__version__
    tensors, facts, digest = load_tensors(run.weights)
    assert digest == run.state.weights
    assert facts["metrics"] == run.state.metrics
    assert set(tensors) == set(api.load("camera.trained", run=run.path).state_dict())


def test_a_second_run_takes_the_next_number(tmp_path):
    runs = [api.train("camera.trained", recipe={"steps": 1}, output=tmp_path) for _ in range(3)]
    assert [run.number for run in runs] == [1, 2, 3]
    assert [run.name for run in list_runs(tmp_path)] == [f"camera.trained/{number}" for number in (1, 2, 3)]


def test_the_best_epoch_on_validation_is_kept(tmp_path, monkeypatch):
    scores = iter([0.5, 0.9, 0.7])
    real = Classification.evaluate
    seen = {}

    def evaluate(self, module, split):
        if len(split["label"]) == 100:
            score = next(scores)
            seen[score] = {name: tensor.clone() for name, tensor in module.state_dict().items()}
            return {"loss": 0.0, "accuracy": score}
        return real(self, module, split)

    monkeypatch.setattr(Classification, "evaluate", evaluate)
    recipe = {"epochs": 3, "batch_size": 1000, "validation": 100, "keep": "best"}
    run = api.train("camera.trained", recipe=recipe, output=tmp_path)
    kept, _, _ = load_tensors(run.weights)
    assert all(torch.equal(kept[name], tensor) for name, tensor in seen[0.9].items())
    assert "validation_accuracy" in run.epochs()[0]


def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_step(tmp_path, monkeypatch):
    real = Classification.loss

    def loss(self, module, batch):
        value, metrics = real(self, module, batch)
        loss.calls += 1
        return (value * math.nan if loss.calls == 5 else value), metrics

    loss.calls = 0
    monkeypatch.setattr(Classification, "loss", loss)
    with pytest.raises(NonFiniteError, match=r"nan at step 5 \(epoch 1\).*last good checkpoint"):
        api.train("camera.trained", recipe={"epochs": 1, "batch_size": 100}, output=tmp_path)
    (run,) = list_runs(tmp_path)
    assert run.state.status == "failed"
    assert "step 5" in run.state.error
    tensors, facts, _ = load_tensors(run.checkpoints()[0])
    assert facts["step"] < 5
    assert all(tensor.isfinite().all() for tensor in tensors.values() if tensor.is_floating_point())


def test_a_weight_that_is_not_finite_is_never_saved(tmp_path, monkeypatch):
    original = Fit.one_step

    def one_step(self, batch, log, epoch):
        original(self, batch, log, epoch)
        if self.step == self.total:
            with torch.no_grad():
                next(self.module.parameters()).fill_(math.inf)

    monkeypatch.setattr(Fit, "one_step", one_step)
    with pytest.raises(NonFiniteError, match="after step 4"):
        api.train("camera.trained", recipe={"epochs": 1, "batch_size": 1000}, output=tmp_path)


def test_bf16_trains_and_keeps_float32_weights(tmp_path):
    run = api.train("camera.trained", recipe={"steps": 3}, precision="bf16", output=tmp_path)
    assert run.state.precision == "bf16"
    tensors, _, _ = load_tensors(run.weights)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float32}


def test_deterministic_refuses_what_is_not(tmp_path, monkeypatch):
    class Scattered(nn.Module):
        """`put_` without accumulation has no deterministic form."""

        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(4, 4))

        def forward(self, pixels):
            flat = pixels.flatten(1).clone()  # [batch, 4]
            flat.put_(torch.tensor([0, 0]), torch.tensor([1.0, 2.0]))
            return flat @ self.weight  # [batch, 4]

    monkeypatch.setattr("zoo_camera.model.build", lambda config: Scattered())
    api.train("camera.trained", recipe={"steps": 1}, output=tmp_path)
    with pytest.raises(TrainingError) as told:
        api.train("camera.trained", recipe={"steps": 1}, deterministic=True, output=tmp_path)
    assert str(told.value) == (
        "--deterministic cannot be kept: put_ does not have a deterministic implementation. Try: the same without --deterministic"
    )
    assert not torch.are_deterministic_algorithms_enabled()


def test_a_process_that_used_cublas_before_is_told_to_begin_anew():
    torchs = (
        "Deterministic behavior was enabled with either `torch.use_deterministic_algorithms(True)` or "
        "`at::Context::setDeterministicAlgorithms(true)`, but this operation is not deterministic because it uses CuBLAS and you "
        "have CUDA >= 10.2. To enable deterministic behavior in this case, you must set an environment variable before running "
        "your PyTorch application: CUBLAS_WORKSPACE_CONFIG=:4096:8 or CUBLAS_WORKSPACE_CONFIG=:16:8."
    )
    with pytest.raises(TrainingError) as told, numerics(torch.device("cpu"), deterministic=True):
        raise RuntimeError(torchs)
    assert str(told.value) == (
        "--deterministic cannot be kept: this process first used cuBLAS without CUBLAS_WORKSPACE_CONFIG=:4096:8 in its "
        "environment, which is looked at but once. Try: the same in a new process, with CUBLAS_WORKSPACE_CONFIG=:4096:8"
    )


def test_a_full_device_is_told_of_with_what_would_take_less(tmp_path, monkeypatch):
    class Greedy(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(4, 4))

        def forward(self, pixels):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB.")

    monkeypatch.setattr("zoo_camera.model.build", lambda config: Greedy())
    with pytest.raises(DeviceError) as told:
        api.train("camera.trained", recipe={"steps": 1, "batch_size": 100_000}, output=tmp_path)
    size = 5_000 * (4 * 4 + 8)  # 4,000 and 1,000 pictures of 2×2 pixels in float32, and an int64 label of each
    assert str(told.value) == (
        f"The memory of cpu is full: the data take {size:,} bytes of it, the network and its steps wanted the rest. "
        "Try: --set batch_size=2000, or --device cpu"
    )
    assert list_runs(tmp_path)[0].state.status == "failed"


def test_a_network_that_its_loss_cannot_be_had_of_is_refused_before_the_first_step(tmp_path, small_data):
    with pytest.raises(UsageError, match=r"no sigmoid at its end.*take squared-error"):
        api.train("autoencoder.linear-decoder", recipe={"loss": "binary-cross-entropy", "steps": 1}, output=tmp_path)
    assert not list_runs(tmp_path)[0].metrics_file.exists()


@pytest.mark.parametrize("option", ["compiled", "captured"])
def test_a_task_that_makes_its_own_steps_refuses_options_of_torchs(option):
    spec = registry().model("word2vec.skipgram")
    with pytest.raises(UsageError, match="by one process, without --compile and --cuda-graphs"):
        check_solver(spec, spec.recipe, Options(**{option: True}))


def test_nothing_to_learn_is_said(tmp_path):
    with pytest.raises(UsageError, match=r"nothing to learn.*zoo export camera\.hand"):
        api.train("camera.hand", output=tmp_path)


@pytest.mark.parametrize(
    ("model", "options", "said"),
    [
        ("camera.trained", {"recipe": {"optimiser": "lbfgs"}}, "trained in steps"),
        ("logreg.best", {"recipe": {"optimiser": "sgd"}}, "solved as a whole"),
        ("logreg.best", {"precision": "bf16"}, "solved in float64"),
        ("logreg.best", {"compiled": True}, "solved in float64"),
        ("camera.trained", {"recipe": {"validation": 4000}}, "leaves nothing"),
        ("camera.trained", {"recipe": {"keep": "best"}}, "needs validation examples"),
        ("camera.trained", {"recipe": {"seed": 2**32}}, "seed"),
        ("camera.trained", {"recipe": {"lr": -1}}, "lr"),
        ("camera.trained-stable", {"recipe": {"rho": 1}}, "rho"),
    ],
)
def test_what_makes_no_sense_is_refused_before_a_run_is_made(model, options, said, tmp_path, mnist):
    with pytest.raises(UsageError, match=said):
        api.train(model, output=tmp_path, **options)
    assert list(tmp_path.iterdir()) == []


def test_float32_settings_of_a_notebook_are_kept():
    from zoo.training.device import full_float32

    conv = torch.backends.cudnn.conv
    before = conv.fp32_precision
    with full_float32():
        assert conv.fp32_precision == "ieee"
    assert conv.fp32_precision == before


def test_a_run_of_another_model_is_refused(tmp_path):
    run = api.train("camera.trained", recipe={"steps": 1}, output=tmp_path)
    with pytest.raises(UsageError, match=r"is of camera\.trained, not of camera\.trained-stable"):
        api.load("camera.trained-stable", run=run.path)


@pytest.mark.parametrize(
    ("name", "said"), [("cuda", "cuda.*asked for"), ("gpu", "none that zoo knows"), ("cuda:x", "none that zoo")]
)
def test_a_device_that_is_not_there(name, said, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=said):
        pick_device(name)


def test_cuda_graphs_want_cuda(tmp_path):
    with pytest.raises(UsageError, match="one process on a CUDA device"):
        api.train("camera.trained", device="cpu", captured=True, output=tmp_path)
