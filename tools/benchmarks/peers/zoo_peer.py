"""The product itself: `zoo.train`, held after each epoch until the next one is asked for.

`python zoo_peer.py RECIPE DATA EPOCHS DEVICE [captured]`; DATA is a folder of pictures, or a file of pairs.
"""

from __future__ import annotations

import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import msgspec
from protocol import answer, hush, requests

import zoo
from zoo.progress import Progress


class Held(Progress):
    """Waits where the loop tells of an epoch; the clock of a run stands still there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = requests()
        self.before = 0.0

    def note(self, text: str) -> None:
        """An epoch's line is in `metrics.jsonl` before it is told of."""
        if " epoch " in text:
            (metrics,) = self.folder.glob("*/*/metrics.jsonl")
            line = msgspec.json.decode(metrics.read_bytes().splitlines()[-1])
            reached = {key.partition("_")[2]: value for key, value in line.items() if key.startswith(("test_", "validation_"))}
            answer(seconds=line["seconds"] - self.before, **reached)
            self.before = line["seconds"]
        elif str(self.folder) in text:  # the run's folder, its device and precision
            answer(ready=f"zoo {version('onnx-zoo')}, {text.rpartition(', ')[2]}")
        else:
            return
        next(self.asked, None)


def main() -> None:
    """An epoch for each line."""
    hush()
    recipe, data, epochs, device, *options = sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        progress = Held(Path(name))
        zoo.train(
            recipe,
            recipe={"epochs": int(epochs)},
            device=device,
            output=name,
            captured="captured" in options,
            progress=progress,
            data=data,
            columns={"source": "0", "target": "1"} if data.endswith(".tsv") else None,
            name="measured",
        )


if __name__ == "__main__":
    main()
