"""Training time and peak memory over the amount of data: both should be straight lines.

    python tools/benchmarks/scaling.py --mirror DIR [--model mlp.rmsprop-2x512-dropout] [--rounds 3]

Each point is an epoch in a process of its own, the amounts in turn, the median of the rounds. Peak memory is what the process had
resident at most (`VmHWM`), less what it had when torch was imported and nothing was loaded.
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

import numpy as np

from zoo.data.idx import read_idx, write_idx

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
AMOUNTS = (10_000, 20_000, 40_000, 60_000)
CHILD = """
import json, sys, tempfile
from pathlib import Path
import torch, zoo.training.train
from zoo import api

def status(key):
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(key))

before = status("VmRSS")
with tempfile.TemporaryDirectory() as folder:
    run = api.train(sys.argv[1], recipe={"epochs": 1}, device="cpu", data=sys.argv[2], name="part", output=folder)
    print(json.dumps({"seconds": run.state.seconds, "megabytes": (status("VmHWM") - before) / 1024}))
"""


def measured(model: str, folder: Path) -> dict[str, float]:
    """One epoch in a process of its own."""
    done = subprocess.run([sys.executable, "-c", CHILD, model, str(folder)], capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print the table and the lines through it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mirror = os.environ.get("ZOO_MIRROR")
    parser.add_argument("--mirror", type=Path, default=mirror, required=not mirror, help="folder with mnist/*.gz; else ZOO_MIRROR")
    parser.add_argument("--model", action="append")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    arrays = {name: read_idx(Path(options.mirror) / "mnist" / f"{name}.gz") for name in FILES}
    with tempfile.TemporaryDirectory() as name:
        for amount in AMOUNTS:
            (Path(name) / str(amount)).mkdir()
            for file, array in arrays.items():
                write_idx(Path(name) / str(amount) / file, array[:amount] if file.startswith("train") else array)
        for model in options.model or ["mlp.rmsprop-2x512-dropout", "cnn.fast"]:
            found = [{amount: measured(model, Path(name) / str(amount)) for amount in AMOUNTS} for _ in range(options.rounds)]
            rows = {
                key: [statistics.median(round_[amount][key] for round_ in found) for amount in AMOUNTS]
                for key in ("seconds", "megabytes")
            }
            for index, amount in enumerate(AMOUNTS):
                print(f"{model:<28} {amount:6,} digits  {rows['seconds'][index]:6.2f} s  {rows['megabytes'][index]:6.0f} MB")
            for key, unit, scale in (("seconds", "µs a digit", 1e6), ("megabytes", "bytes a digit", 2**20)):
                slope, constant = np.polyfit(AMOUNTS, rows[key], 1)
                straight = np.corrcoef(AMOUNTS, rows[key])[0, 1] ** 2
                print(f"{model:<28} {key}: {constant:.2f} + {slope * scale:.1f} {unit}, R² {straight:.4f}")


if __name__ == "__main__":
    main()
