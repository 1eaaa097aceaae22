"""Figures of every step, kept on the device and read in stretches, so that the loop does not wait for them."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import torch
from torch import Tensor

from zoo.errors import IntegrityError, NonFiniteError
from zoo.training.record import parse_line

STRETCH = {"cpu": 100, "cuda": 10_000}
"""Steps between two readings. On a GPU each waits for the device, and an epoch's end is soon enough."""


class StepLog:
    """Writes `metrics.jsonl`: a line for each step and each epoch.

    Args:
        path: the file; appended to. `None` writes nothing: of several processes one writes.
        device: where the figures come from.
        step: steps done when it opens; lines of later steps, from before a crash, are removed.
        mean: over the processes that train together, of a tensor of figures.
    """

    def __init__(
        self, path: Path | None, device: torch.device, step: int, mean: Callable[[Tensor], Tensor] = lambda rows: rows
    ) -> None:
        self.path, self.device, self.mean = path or Path(os.devnull), device, mean
        self.epoch_lines: list[dict[str, Any]] = []
        self._pending: list[tuple[int, int, int]] = []
        self._rows: list[Tensor] = []
        self._names: list[str] = []
        if path is not None:
            self._keep_until(path, step)
        self._stream = self.path.open("ab")

    def _keep_until(self, path: Path, step: int) -> None:
        """Cut off what comes after `step`, and take up the lines of the epoch that is under way."""
        if not path.exists():
            return
        if not path.is_file():  # a pipe would never end
            raise IntegrityError(f"{path} is no plain file.")
        good = 0
        with path.open("rb") as stream:
            for raw in stream:
                line = parse_line(raw)
                if line is None or line["step"] > step or not raw.endswith(b"\n"):
                    break
                good += len(raw)
                if line["kind"] == "step":
                    self.epoch_lines.append(line)
                else:
                    self.epoch_lines.clear()
        os.truncate(path, good)

    def record(self, step: int, epoch: int, examples: int, loss: Tensor, metrics: Mapping[str, Tensor]) -> None:
        """Keep the figures of a step, unread; scalars on the device."""
        self._names = ["loss", *metrics]
        self._rows.append(torch.stack([loss.detach().float(), *metrics.values()]))  # [1 + metrics]
        self._pending.append((step, epoch, examples))

    @property
    def full(self) -> bool:
        return len(self._rows) >= STRETCH.get(self.device.type, 1000)

    def drain(self) -> None:
        """Read what is kept and write it.

        Raises:
            NonFiniteError: a loss is NaN or infinite; names the first such step.
        """
        if not self._rows:
            return
        rows = self.mean(torch.stack(self._rows)).tolist()  # [steps, 1 + metrics]
        pending, self._rows, self._pending = self._pending, [], []
        for (step, epoch, examples), values in zip(pending, rows, strict=True):
            figures = dict(zip(self._names, values, strict=True))
            line = {"kind": "step", "step": step, "epoch": epoch, "examples": examples, **figures}
            if not math.isfinite(figures["loss"]):
                self._write(line)
                self._flush()
                raise NonFiniteError(f"The loss became {figures['loss']} at step {step} (epoch {epoch}).")
            self._write(line)
            self.epoch_lines.append(line)
        self._flush()

    def end_epoch(self, step: int, epoch: int, seconds: float, evaluated: Mapping[str, float]) -> dict[str, Any]:
        """Write an epoch's line: means over its steps, weighted by their examples, and `evaluated`.

        Raises:
            NonFiniteError: a loss of a step, or one of `evaluated`, is NaN or infinite.
        """
        self.drain()
        means = {f"train_{name}": mean for name in self._names if (mean := self._mean(name)) is not None}
        line = {"kind": "epoch", "step": step, "epoch": epoch, **means, **evaluated, "seconds": round(seconds, 3)}
        self._write(line)
        self._flush()
        for name, value in evaluated.items():
            if not math.isfinite(value):
                raise NonFiniteError(f"The {name.replace('_', ' ')} is {value} after step {step} (epoch {epoch}).")
        self.epoch_lines = []
        return line

    def _mean(self, name: str) -> float | None:
        """Over the epoch's steps that have such a figure."""
        having = [line for line in self.epoch_lines if isinstance(line.get(name), int | float) and math.isfinite(line[name])]
        examples = sum(line["examples"] for line in having)
        return sum(line[name] * line["examples"] for line in having) / examples if examples else None

    def _write(self, line: Mapping[str, Any]) -> None:
        plain = {key: value if not isinstance(value, float) or math.isfinite(value) else str(value) for key, value in line.items()}
        with self._naming():
            self._stream.write(msgspec.json.encode(plain) + b"\n")  # JSON has no NaN: it is written as text

    def _flush(self) -> None:
        with self._naming():
            self._stream.flush()

    @contextlib.contextmanager
    def _naming(self) -> Iterator[None]:
        """A full disk does not say which file it was too full for."""
        try:
            yield
        except OSError as error:
            error.filename = str(self.path)
            raise

    def close(self) -> None:
        with self._naming():
            self._stream.close()
