"""Training beside a plain PyTorch loop, Keras 3 on TensorFlow and on JAX: seconds of an epoch, in turn, and the accuracy reached.

    python -m venv keras && keras/bin/pip install keras jax tensorflow-cpu
    python tools/benchmarks/train.py --mirror DIR --keras keras/bin/python [--recipe cnn.fast] [--rounds 5] [--examples 60000]
                                   [--device cuda [--cuda-graphs]]

Each system runs in a process of its own and waits while another has its turn; what is compiled is compiled before the first epoch.
Evaluation is not timed. A ratio is ours ÷ theirs, taken within a round; below 1, we are faster.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import numpy as np

from zoo.data.idx import read_idx, write_idx

RECIPES = ("mlp.rmsprop-2x512-dropout", "cnn.keras-3x3", "cnn.fast")
OURS = "zoo"
PEERS = Path(__file__).parent / "peers"
FILES = {
    "image": "train-images-idx3-ubyte",
    "label": "train-labels-idx1-ubyte",
    "test_image": "t10k-images-idx3-ubyte",
    "test_label": "t10k-labels-idx1-ubyte",
}


class System:
    """A process that trains an epoch when it is told to."""

    def __init__(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        self.name = name
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        self.epochs: list[dict[str, float]] = []
        self.label = str(self._answer()["ready"])

    def epoch(self) -> None:
        """Train one and keep what it said."""
        assert self.process.stdin is not None
        self.process.stdin.write("epoch\n")
        self.process.stdin.flush()
        self.epochs.append(self._answer())

    def _answer(self) -> dict[str, float]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self.errors.seek(0)
            raise SystemExit(f"{self.name} ended:\n{self.errors.read()[-2000:]}")
        answer: dict[str, float] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


def measured(
    recipe: str, arrays: dict[str, np.ndarray], rounds: int, keras: str | None, ours: list[str], folder: Path
) -> list[System]:
    """All systems on one recipe, in turn; `ours` is the device, and an option of our training. Keras takes the device it finds."""
    np.savez(folder / "data.npz", **arrays)
    own = folder / "data"
    own.mkdir(exist_ok=True)
    for name, file in FILES.items():
        write_idx(own / file, arrays[name])
    data, epochs = str(folder / "data.npz"), str(rounds)
    systems = [
        System(OURS, [sys.executable, str(PEERS / "zoo_peer.py"), recipe, str(own), epochs, *ours], {}),
        System("torch", [sys.executable, str(PEERS / "torch_peer.py"), recipe, data, epochs, ours[0]], {}),
    ]
    if keras:
        for backend in ("tensorflow", "jax"):
            environment = {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
            systems.append(System(backend, [keras, str(PEERS / "keras_peer.py"), recipe, data, epochs], environment))
    try:
        for round_ in range(rounds):
            for system in systems:
                system.epoch()
                last = system.epochs[-1]
                print(
                    f"{recipe} round {round_ + 1} {system.name}: {last['seconds']:.2f} s, {last['accuracy']:.4f}", file=sys.stderr
                )
    finally:
        for system in systems:
            system.close()
    return systems


def table(recipe: str, systems: list[System]) -> list[dict[str, object]]:
    """A row for each system, printed and returned."""
    ours = [epoch["seconds"] for epoch in systems[0].epochs]
    rows: list[dict[str, object]] = []
    for system in systems:
        theirs = [epoch["seconds"] for epoch in system.epochs]
        ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
        row = {
            "recipe": recipe,
            "system": system.label,
            "seconds": statistics.median(theirs),
            "ratio": statistics.median(ratios),
            "ratio_low": min(ratios),
            "ratio_high": max(ratios),
            "accuracy": system.epochs[-1]["accuracy"],
            "epochs": len(theirs),
        }
        rows.append(row)
        print(
            f"{recipe:<28} {system.label:<40} {row['seconds']:7.2f} s an epoch   ours ÷ theirs {row['ratio']:.2f} "
            f"({row['ratio_low']:.2f}–{row['ratio_high']:.2f})   accuracy {row['accuracy']:.4f} after {len(theirs)}"
        )
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mirror = os.environ.get("ZOO_MIRROR")
    parser.add_argument("--mirror", type=Path, default=mirror, required=not mirror, help="folder with mnist/*.gz; else ZOO_MIRROR")
    parser.add_argument("--keras", help="python with keras, jax and tensorflow; without it, PyTorch alone is the peer")
    parser.add_argument("--recipe", action="append", choices=RECIPES)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--examples", type=int, default=60_000, help="digits of an epoch")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--cuda-graphs", action="store_true", help="capture our passes")
    parser.add_argument("--output", type=Path, help="rows as JSON")
    options = parser.parse_args()
    arrays = {name: read_idx(Path(options.mirror) / "mnist" / f"{file}.gz") for name, file in FILES.items()}
    for name in ("image", "label"):
        arrays[name] = arrays[name][: options.examples]
    rows = []
    ours = [options.device, *(["captured"] if options.cuda_graphs else [])]
    for recipe in options.recipe or RECIPES:
        with tempfile.TemporaryDirectory() as folder:
            rows += table(recipe, measured(recipe, arrays, options.rounds, options.keras, ours, Path(folder)))
    if options.output:
        options.output.write_bytes(msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")


if __name__ == "__main__":
    main()
