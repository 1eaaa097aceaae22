"""`kill -9` at random moments of real trainings: the newest checkpoint must load, and resuming must give the undisturbed weights.

    python tools/hardness/kills.py --mirror DIR [--kills 100] [--seed 0]

A run is killed, resumed, perhaps killed again, and at last left to finish. Each training is a process forked from one that has
imported torch, so that a hundred of them take minutes.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from zoo import api
from zoo.data.idx import read_idx, write_idx
from zoo.training.checkpoint import load_tensors
from zoo.training.run import Run

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
DIGITS = 1920


@dataclass
class Case:
    """A recipe, cut short so that a run takes about a second."""

    model: str
    steps: int
    recipe: dict[str, object] = field(default_factory=dict)
    checkpoint_every: int = 3
    digits: bool = True


CASES = (
    Case("camera.trained-stable", 1500, {}, 10, digits=False),
    Case("logreg.sgd", 600, {"validation": 0}, 10),
    Case("mlp.rmsprop-2x512-dropout", 100, {"validation": 200, "keep": "best"}, 5),
    Case("mlp.sgd-512", 200, {}, 5),
    Case("cnn.fast", 60),
    Case("cnn.keras-3x3", 12, {}, 1),
)


class Child:
    """A process that runs a function, in silence."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.over = False
        self.pid = os.fork()
        if self.pid:
            return
        code = 1
        try:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            os.dup2(null, 2)
            call()
            code = 0
        finally:
            os._exit(code)

    def ended(self, *, wait: bool = False) -> bool:
        """Whether it has ended by itself; it must have done so well."""
        if not self.over:
            found, status = os.waitpid(self.pid, 0 if wait else os.WNOHANG)
            if found and status:
                raise SystemExit(f"a training failed with status {status}")
            self.over = bool(found)
        return self.over

    def kill(self) -> None:
        """SIGKILL."""
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


def train(case: Case, folder: Path, data: Path) -> None:
    """From the start."""
    own = {"data": data, "name": "cut"} if case.digits else {}
    recipe = {"steps": case.steps, **case.recipe}
    api.train(case.model, recipe=recipe, device="cpu", output=folder, checkpoint_every=case.checkpoint_every, **own)


def the_run(folder: Path) -> Run:
    """The one run under a folder."""
    (file,) = folder.glob("*/*/run.json")
    return Run.open(file.parent)


def killed(call: Callable[[], object], folder: Path, after: float) -> bool:
    """Start `call` in a process and kill it `after` seconds from when the run has a checkpoint; whether it was still alive."""
    child = Child(call)
    while not child.ended() and not list(folder.glob("*/*/checkpoints/step-*")):
        time.sleep(0.002)
    deadline = time.monotonic() + after
    while not child.ended():
        if time.monotonic() >= deadline:
            child.kill()
            return True
        time.sleep(0.001)
    return False


def main() -> None:
    """Run the campaign; any difference ends it with exit code 1."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mirror = os.environ.get("ZOO_MIRROR")
    parser.add_argument("--mirror", type=Path, default=mirror, required=not mirror, help="folder with mnist/*.gz; else ZOO_MIRROR")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    generator = random.Random(options.seed)
    root = Path(tempfile.mkdtemp())
    data = root / "digits"
    data.mkdir()
    for name in FILES:
        write_idx(data / name, read_idx(Path(options.mirror) / "mnist" / f"{name}.gz")[:DIGITS])
    whole, lasted = {}, {}
    for case in CASES:
        folder = root / "whole" / case.model
        Child(partial(train, case, folder, data)).ended(wait=True)
        run = the_run(folder)
        whole[case.model], lasted[case.model] = run.state.weights, run.state.seconds
    counts = {case.model: [0, 0, 0] for case in CASES}
    done = 0
    while done < options.kills:
        case = CASES[sum(runs for runs, _, _ in counts.values()) % len(CASES)]
        folder = root / f"run-{done}"
        kills = int(killed(partial(train, case, folder, data), folder, generator.uniform(0, lasted[case.model])))
        path = the_run(folder).path
        load_tensors(the_run(folder).checkpoints()[0])  # raises where it is damaged
        while kills and generator.random() < 0.4 and the_run(folder).state.status != "finished":
            kills += int(killed(partial(api.resume, path), folder, generator.uniform(0, lasted[case.model])))
            load_tensors(the_run(folder).checkpoints()[0])
        if the_run(folder).state.status != "finished":
            Child(partial(api.resume, path)).ended(wait=True)
        run = the_run(folder)
        if run.state.status != "finished" or run.state.weights != whole[case.model]:
            raise SystemExit(f"{run.path}: {run.state.status} with other weights than the undisturbed run's after {kills} kills")
        done += kills
        counts[case.model][0] += 1
        counts[case.model][1] += kills
        counts[case.model][2] += len(list(run.path.glob("**/.*.part")))
        shutil.rmtree(folder)
        print(f"{done:4} {case.model}: {kills} kills, resumed, equal weights", file=sys.stderr, flush=True)
    print(f"{'model':<28} runs  kills  files left beside  weights")
    for model, (runs, kills, left) in counts.items():
        print(f"{model:<28} {runs:4}  {kills:5}  {left:17}  equal")
    print(f"{sum(kills for _, kills, _ in counts.values())} kills, seed {options.seed}")
    shutil.rmtree(root)


if __name__ == "__main__":
    main()
