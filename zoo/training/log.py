"""Figures of every step, kept on the device and read in stretches, so that the loop does not wait for them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor

from zoo.errors import NonFiniteError

STRETCH = 100
"""Steps between two readings: on a GPU each reading waits for the device."""


class StepLog:
    """Writes `metrics.jsonl`: a line for each step and each epoch.

    Args:
        path: the file; appended to.
        device: where the figures come from.
        step: steps done when it opens; lines of later steps, from before a crash, are removed.
    """

    def __init__(self, path: Path, device: torch.device, step: int) -> None:
        self.path, self.device = path, device
        self.epoch_lines: list[dict[str, float]] = []
        self._pending: list[tuple[int, int, int]] = []
        self._rows: list[Tensor] = []
        self._names: list[str] = []
        self._keep_until(step)
        self._stream = path.open("ab")

    def _keep_until(self, step: int) -> None:
        """Cut off what comes after `step`, and take up the lines of the epoch that is under way."""
        if not self.path.exists():
            return
        good = 0
        with self.path.open("rb") as stream:
            for raw in stream:
                try:
                    line = msgspec.json.decode(raw)
                except msgspec.DecodeError:
                    break
                if line["step"] > step or not raw.endswith(b"\n"):
                    break
                good += len(raw)
                if line["kind"] == "step":
                    self.epoch_lines.append(line)
                else:
                    self.epoch_lines.clear()
        os.truncate(self.path, good)

    def record(self, step: int, epoch: int, examples: int, loss: Tensor, metrics: Mapping[str, Tensor]) -> None:
        """Keep the figures of a step, unread; scalars on the device."""
        self._names = ["loss", *metrics]
        self._rows.append(torch.stack([loss.detach().float(), *metrics.values()]))  # [1 + metrics]
        self._pending.append((step, epoch, examples))

    @property
    def full(self) -> bool:
        return len(self._rows) >= STRETCH

    def drain(self) -> None:
        """Read what is kept and write it.

        Raises:
            NonFiniteError: a loss is NaN or infinite; names the first such step.
        """
        if not self._rows:
            return
        rows = torch.stack(self._rows).tolist()  # [steps, 1 + metrics]
        pending, self._rows, self._pending = self._pending, [], []
        for (step, epoch, examples), values in zip(pending, rows, strict=True):
            line = {
                "kind": "step",
                "step": step,
                "epoch": epoch,
                "examples": examples,
                **dict(zip(self._names, values, strict=True)),
            }
            if not math.isfinite(line["loss"]):
                line["loss"] = str(line["loss"])  # JSON has no NaN
                self._write(line)
                self._stream.flush()
                raise NonFiniteError(f"The loss became {line['loss']} at step {step} (epoch {epoch}).")
            self._write(line)
            self.epoch_lines.append(line)
        self._stream.flush()

    def end_epoch(self, step: int, epoch: int, seconds: float, evaluated: Mapping[str, float]) -> dict[str, Any]:
        """Write an epoch's line: means over its steps, weighted by their examples, and `evaluated`."""
        self.drain()
        examples = sum(line["examples"] for line in self.epoch_lines)
        means = {
            f"train_{name}": sum(line[name] * line["examples"] for line in self.epoch_lines) / examples for name in self._names
        }
        line = {"kind": "epoch", "step": step, "epoch": epoch, **means, **evaluated, "seconds": round(seconds, 3)}
        self._write(line)
        self._stream.flush()
        self.epoch_lines = []
        return line

    def _write(self, line: Mapping[str, Any]) -> None:
        self._stream.write(msgspec.json.encode(line) + b"\n")

    def close(self) -> None:
        self._stream.close()
