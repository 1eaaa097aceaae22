"""NaN in the data, in a gradient and in the loss: the step is named, the last good checkpoint too, and nothing bad is saved.

Through the real command line, with a plugin as a stranger would install it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from zoo.training.checkpoint import load_tensors
from zoo.training.run import Run
from zoo.training.seed import epoch_order

PLUGIN = """
from zoo.hookspecs import hookimpl
from zoo.spec import replaced
import zoo_camera


@hookimpl
def zoo_datasets():
    (camera,) = zoo_camera.zoo_datasets()
    return [replaced(camera, id=f"nan-{split}", load=f"zoo_nan_parts:load_{split}") for split in ("train", "test")]


@hookimpl
def zoo_models():
    camera = next(spec for spec in zoo_camera.zoo_models() if spec.tag == "trained")
    stable = replaced(camera, architecture="nan", references=())
    return [
        replaced(stable, tag="data", dataset="nan-train"),
        replaced(stable, tag="test", dataset="nan-test"),
        replaced(stable, tag="gradient", build="zoo_nan_parts:build"),
        replaced(stable, tag="loss", task="zoo_nan_parts:Loss"),
    ]
"""
PARTS = """
import math

import torch
import zoo_camera.data
import zoo_camera.model
from zoo.training.classification import Classification

AT = 12


def load_train(files):
    splits = zoo_camera.data.load(files)
    splits["train"]["pixels"][1234, 0, 1] = math.nan
    return splits


def load_test(files):
    splits = zoo_camera.data.load(files)
    splits["test"]["pixels"][7, 1, 1] = math.nan
    return splits


class Spoiled(torch.autograd.Function):
    @staticmethod
    def forward(context, logits, step):
        context.step = step
        return logits.clone()

    @staticmethod
    def backward(context, gradient):
        return (gradient * math.nan if context.step == AT else gradient), None


class Network(zoo_camera.model.Camera):
    steps = 0

    def forward(self, pixels):
        logits = super().forward(pixels)
        if not self.training:
            return logits
        self.steps += 1
        return Spoiled.apply(logits, self.steps)


def build(config):
    return Network(config)


class Loss(Classification):
    steps = 0

    def loss(self, module, batch):
        loss, metrics = super().loss(module, batch)
        self.steps += 1
        return (loss * math.inf if self.steps == AT else loss), metrics
"""
CALLS = """
import contextlib, io, json, sys
from zoo.cli.main import main

results = {}
for tag, arguments in json.loads(sys.argv[1]).items():
    sys.argv = ["zoo", *arguments]
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            main()
        except SystemExit as stop:
            results[tag] = stop.code, out.getvalue(), err.getvalue()
print(json.dumps(results))
"""
"""Command lines in one process, one after the other: each alone would import torch anew."""
AT = 12
BATCH = 100
EVERY = 5


def data_step() -> int:
    """The step whose batch holds the example with a NaN."""
    place = epoch_order(4000, 0, 0, torch.device("cpu")).tolist().index(1234)
    return place // BATCH + 1


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str, str, Path]]:
    """Tag → exit code, stdout, stderr and folder of its run."""
    folder = tmp_path_factory.mktemp("nan")
    (folder / "zoo_nan.py").write_text(PLUGIN)
    (folder / "zoo_nan_parts.py").write_text(PARTS)
    info = folder / "zoo_nan-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-nan\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zoo]\nnan = zoo_nan\n")
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    options = ["--epochs", "1", "--set", f"batch_size={BATCH}", "--checkpoint-every", str(EVERY), "--device", "cpu", "-q"]
    calls = {tag: ["train", f"nan.{tag}", *options] for tag in ("data", "test", "gradient", "loss")}
    command = [sys.executable, "-c", CALLS, json.dumps(calls)]
    process = subprocess.run(
        command, cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=True, timeout=120
    )
    return {tag: (*said, folder / "runs" / f"nan.{tag}" / "1") for tag, said in json.loads(process.stdout).items()}


# A gradient shows in the loss of the step after it, unless it is looked at itself.
STEPS = {"data": [data_step()], "gradient": [AT, AT + 1], "loss": [AT], "test": [40]}


@pytest.mark.parametrize("tag", STEPS)
def test_what_is_not_finite_ends_the_run_and_names_the_step(tag, results):
    code, out, err, folder = results[tag]
    (sentence,) = err.splitlines()
    assert (code, out) == (1, "")
    found = re.fullmatch(r"error: .* (?:at|after) step (\d+)\b.* The last good checkpoint is (\S+)\.", sentence)
    assert found, sentence
    step, checkpoint = int(found[1]), folder.parents[2] / found[2]
    assert step in STEPS[tag]

    tensors, facts, _ = load_tensors(checkpoint)
    assert facts["step"] == (step - 1) // EVERY * EVERY
    assert all(tensor.isfinite().all() for tensor in tensors.values() if tensor.is_floating_point())
    run = Run.open(folder)
    assert run.checkpoints()[0] == checkpoint
    assert run.state.status == "failed"
    assert f"step {step}" in str(run.state.error)
    assert not run.weights.exists()


def test_the_log_shows_the_figure_that_was_not_finite(results):
    """As text, for JSON has no such number; every line before it is there."""
    lines = [json.loads(line) for line in (results["loss"][3] / "metrics.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, AT + 1))
    assert lines[-1]["loss"] == "inf"
    (last,) = Run.open(results["test"][3]).epochs()
    assert last["test_loss"] == "nan"
