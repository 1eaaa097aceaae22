"""Several processes: the same result as one, one that writes, and what happens when one dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from zoo import api, way
from zoo.cli.main import _tell
from zoo.errors import DeviceError, TrainingError, UsageError
from zoo.reproduction import reproduce
from zoo.studies.sweep import sweep
from zoo.training.checkpoint import load_tensors
from zoo.training.distributed import ALONE, Group, group
from zoo.training.run import Run

TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", "-m", "zoo", "train"]
STEPS = 200
CAMERA = ["camera.trained", "--device", "cpu", "--steps", str(STEPS), "--set", "batch_size=333", "--checkpoint-every", "10"]


def together(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*TORCHRUN, *arguments], capture_output=True, text=True, timeout=60, check=False)


def largest_difference(one: Run, other: Run) -> float:
    ours, theirs = load_tensors(one.weights)[0], load_tensors(other.weights)[0]
    return max(float((ours[name] - theirs[name]).abs().max()) for name in ours)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """`CAMERA` by two processes, from its start to its end."""
    folder = tmp_path_factory.mktemp("whole")
    done = together(*CAMERA, "--output", str(folder))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("camera.trained: ") == 1  # one process speaks
    return Run.open(folder / "camera.trained" / "1")


def assert_alike(two: Run, alone: Run) -> None:
    """What two processes made is what one made."""
    assert (two.state.status, two.state.processes) == ("finished", 2)
    assert largest_difference(alone, two) < 2e-5  # sums of float32 in another order, over up to 60,000 digits
    assert two.state.metrics == pytest.approx(alone.state.metrics, rel=1e-4)
    for ours, theirs in zip(two.lines(), alone.lines(), strict=True):
        figures = {key: value for key, value in ours.items() if key not in ("kind", "seconds")}
        assert figures == pytest.approx({key: theirs[key] for key in figures}, rel=1e-4)


def test_two_processes_give_what_one_gives(whole, tmp_path):
    """4,000 pictures in batches of 333: the last has 4, two for each process."""
    assert_alike(whole, api.train("camera.trained", recipe={"steps": STEPS, "batch_size": 333}, device="cpu", output=tmp_path))


def test_two_processes_give_what_one_gives_of_all_examples_at_once(tmp_path, mnist):
    """Shares of unequal size: 59,999 digits."""
    alone = api.train("logreg.gd", recipe={"steps": 3, "validation": 1}, device="cpu", output=tmp_path / "one")
    done = together("logreg.gd", "--device", "cpu", "--steps", "3", "--set", "validation=1", "--output", str(tmp_path / "two"))
    assert done.returncode == 0, done.stderr
    assert_alike(Run.open(tmp_path / "two" / "logreg.gd" / "1"), alone)


def test_two_processes_give_what_one_gives_of_a_loss_that_is_a_sum(tmp_path, mnist):
    recipe = {"loss": "sigmoid-cross-entropy", "batch_size": 333, "steps": 20, "lr": 1e-3}
    alone = api.train("logreg.sgd", recipe=recipe, device="cpu", output=tmp_path / "one")
    changed = [word for key, value in recipe.items() if key != "steps" for word in ("--set", f"{key}={value}")]
    done = together("logreg.sgd", "--device", "cpu", "--steps", "20", *changed, "--output", str(tmp_path / "two"))
    assert done.returncode == 0, done.stderr
    assert_alike(Run.open(tmp_path / "two" / "logreg.sgd" / "1"), alone)


def test_of_a_loss_that_is_not_finite_one_process_tells(tmp_path, mnist):
    changed = ("--steps", "200", "--set", "naive=true", "--set", "lr=300", "--device", "cpu")
    done = together("logreg.sgd", *changed, "--output", str(tmp_path))
    assert done.returncode == 1
    assert done.stderr.count("error: ") == done.stderr.count("error: The loss became nan") == 1
    assert Run.open(tmp_path / "logreg.sgd" / "1").state.status == "failed"


@pytest.mark.parametrize(("rank", "told"), [("0", ["one", "all"]), ("1", ["one"])])
def test_what_all_processes_have_to_tell_the_first_tells(rank, told, monkeypatch, capsys):
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("RANK", rank)
    _tell("one", shared=False)
    _tell("all", shared=True)
    assert capsys.readouterr().err.split() == told


def test_a_killed_worker_ends_the_run_which_can_be_resumed(whole, tmp_path):
    process = subprocess.Popen([*TORCHRUN, *CAMERA, "--output", str(tmp_path)], stderr=subprocess.PIPE, text=True)
    folder = tmp_path / "camera.trained" / "1"
    deadline = time.monotonic() + 60
    while not (folder / "run.json").is_file() and time.monotonic() < deadline:
        time.sleep(0.01)
    pid = Run.open(folder).state.pid
    processes = (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit())
    (worker,) = {other for other in processes if _parent(other) == process.pid} - {pid}
    while not list(folder.glob("checkpoints/step-00000002*")) and time.monotonic() < deadline:
        time.sleep(0.002)
    os.kill(worker, signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "error: Process 0 of 2 can no longer reach the others" in said
    assert f"--nproc-per-node 2 -m zoo train --resume {folder}" in said
    run = Run.open(folder)
    assert run.state.status == "failed"
    assert 0 < run.state.step < STEPS
    with pytest.raises(UsageError, match="is of 2 processes, not 1"):
        api.resume(run.path)
    resumed = together("--resume", str(run.path))
    assert resumed.returncode == 0, resumed.stderr
    assert Run.open(folder).state.weights == whole.state.weights


def _parent(process: int) -> int:
    """Of a process, as /proc has it."""
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()[1])
    except OSError:
        return -1


@pytest.mark.parametrize("examples", [1, 2, 5, 128])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_shares_are_the_batch_and_weigh_as_much_as_they_have(examples, size):
    chosen = torch.arange(10, 10 + examples)
    shares = [Group(rank=rank, size=size).share(chosen) for rank in range(size)]
    assert torch.cat([part for part, weight in shares if weight]).tolist() == chosen.tolist()
    assert all(len(part) for part, _ in shares)  # a mean over nothing would be NaN
    # what averaging over the processes makes of the means over the shares
    mean = sum(weight * part.double().mean() for part, weight in shares) / size
    assert float(mean) == pytest.approx(float(chosen.double().mean()))


@pytest.mark.parametrize("summed", [False, True])
@pytest.mark.parametrize("examples", [1, 5, 128])
def test_the_mean_over_processes_is_the_whole_batchs(summed, examples):
    losses = torch.arange(10.0, 10 + examples)  # of each example
    parts = []
    for one in (Group(rank=rank, size=3) for rank in range(3)):
        part, weight = one.share(losses)
        parts.append(one.weighed(part.sum() if summed else part.mean(), {"mean": part.mean()}, weight, summed=summed))
    assert float(sum(part[0] for part in parts) / 3) == pytest.approx(float(losses.sum() if summed else losses.mean()))
    assert float(sum(part[1]["mean"] for part in parts) / 3) == pytest.approx(float(losses.mean()))


def test_a_solver_takes_one_process(tmp_path, mnist):
    done = together("logreg.best", "--device", "cpu", "--output", str(tmp_path))
    assert done.returncode != 0
    assert "is solved as a whole, by one process, not by 2. Try: zoo train logreg.best" in done.stderr
    assert not list(tmp_path.iterdir())


def test_an_error_of_one_process_alone_is_left_as_it_is():
    with pytest.raises(RuntimeError, match="connection"), ALONE.together():
        raise RuntimeError("connection")
    with pytest.raises(RuntimeError, match="shapes"), Group(size=2).together():
        raise RuntimeError("shapes differ")
    with pytest.raises(TrainingError, match="one of them has ended"), Group(size=2).together():
        raise RuntimeError("Connection closed by peer")


TORCHRUN_SETS = {"WORLD_SIZE": "2", "RANK": "0", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"RANK": None, "LOCAL_RANK": None}, "RANK is not set, while WORLD_SIZE=2 asks for several processes"),
        ({"LOCAL_WORLD_SIZE": None}, "LOCAL_WORLD_SIZE is not set"),
        ({"WORLD_SIZE": "two"}, "WORLD_SIZE is 'two'"),
    ],
)
def test_half_an_environment_of_torchrun_is_refused(changed, said, monkeypatch):
    """As some clusters leave it for every process they start."""
    for name, value in (TORCHRUN_SETS | changed).items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match=said), group(torch.device("cpu")):
        pass


def test_what_is_done_once_is_not_done_by_several_processes(monkeypatch, tmp_path):
    for name, value in TORCHRUN_SETS.items():
        monkeypatch.setenv(name, value)
    train = r"Try: torchrun --nproc-per-node 2 -m zoo train camera\.trained"
    with pytest.raises(UsageError, match=rf"zoo run is for one process, and WORLD_SIZE=2 .* {train}, then zoo export"):
        way.run("camera.trained", output=tmp_path)
    with pytest.raises(UsageError, match=rf"zoo reproduce is for one process, .* {train}$"):
        reproduce("camera.trained", runs=tmp_path / "runs", records=tmp_path / "records")
    with pytest.raises(UsageError, match=r"zoo sweep is for one process, .* Try: zoo sweep --jobs 2"):
        sweep("mlp-width", output=tmp_path / "study")
    assert not list(tmp_path.iterdir())


def test_processes_that_cannot_find_each_other(monkeypatch):
    for name, value in TORCHRUN_SETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("MASTER_ADDR", raising=False)
    with pytest.raises(TrainingError, match=r"The 2 processes do not find each other: .*MASTER_ADDR"), group(torch.device("cpu")):
        pass


def test_more_processes_than_cuda_devices_are_refused(monkeypatch):
    for name, value in TORCHRUN_SETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    said = r"2 processes take a CUDA device each, and there are 1. Try: --nproc-per-node 1, or --device cpu$"
    with pytest.raises(DeviceError, match=said), group(torch.device("cuda")):
        pass


def test_no_processes_share_a_macs_gpu(monkeypatch):
    for name, value in TORCHRUN_SETS.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(DeviceError, match=r"torch joins none on mps\. Try: --device cpu$"), group(torch.device("mps")):
        pass


def test_a_lone_process_needs_no_environment(monkeypatch):
    for size in ("", "1"):
        monkeypatch.setenv("WORLD_SIZE", size)
        with group(torch.device("cpu")) as alone:
            assert alone is ALONE
