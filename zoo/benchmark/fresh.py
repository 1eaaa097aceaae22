"""What only a fresh process can show: memory of the runtime alone, and times of a first session.

    python -m zoo.benchmark.fresh < request

A process that has measured for a while, or holds PyTorch, has memory and threads to reuse. So this module runs as a program of
its own; it imports NumPy, onnxruntime and `zoo.runtime`, and nothing else of zoo's.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from zoo.errors import ZooError

RUNS = 5
"""Calls after the first: onnxruntime's arena has its size after two or three."""
ENOUGH = 2.0
"""Seconds of them, for models whose call takes long."""


@dataclass(frozen=True)
class Fresh:
    """What a fresh process found: times in seconds, memory in bytes; `how` is `None` where the system tells no peak.

    `before`, `loaded` and `run` are the highest resident memory before the artifact was opened, when it was, and after calls.
    """

    load: float
    first: float
    how: str | None
    before: int
    loaded: int
    run: int


def measure_fresh(
    path: Path, feeds: Mapping[str, np.ndarray], *, providers: Sequence[str], threads: int | None, level: str
) -> Fresh:
    """Open and run an artifact in a process of its own.

    Args:
        path: the artifact's folder, or a bare `.onnx` file.
        feeds: input name → array.
        providers: short names, best first.
        threads: of one operator; `None` leaves it to onnxruntime.
        level: of graph optimisation.

    Raises:
        ZooError: the process failed, or was killed.
    """
    request = {"path": str(path), "providers": list(providers), "threads": threads, "level": level}
    stream = io.BytesIO()
    # Text as fixed-width strings: arrays of objects would need pickles.
    np.savez(stream, **{name: array.astype(np.str_) if array.dtype == object else array for name, array in feeds.items()})  # type: ignore[arg-type]
    import zoo

    home = str(Path(zoo.__file__).parents[1])  # zoo may be on this process's path by other means than being installed
    result = subprocess.run(
        [sys.executable, "-P", "-m", "zoo.benchmark.fresh"],
        input=json.dumps(request).encode() + b"\n" + stream.getvalue(),
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([home, *filter(None, [os.environ.get("PYTHONPATH")])])},
    )
    if result.returncode:
        said = result.stderr.decode(errors="replace").strip().splitlines()
        reason = said[-1] if said else f"it was killed by signal {-result.returncode}"
        raise ZooError(f"A fresh process could not open and run the model: {reason[:300].rstrip('.')}.")
    return Fresh(**json.loads(result.stdout))


class Peak:
    """The highest resident memory of this process since it was made, in bytes, where the system tells it.

    Linux has it in `/proc/self/status` (VmHWM) and can set it back. Not `getrusage`: there its maximum survives `exec`, so that a
    child starts with its parent's. Elsewhere `getrusage` is all there is; it cannot be set back, so that an import which took
    more for a moment hides as much of what comes after.
    """

    def __init__(self) -> None:
        self.how: str | None = None
        if _status("VmHWM") is not None:
            self.how = "VmHWM" if _set_back() else "VmHWM, which could not be set back before the load"
        elif sys.platform != "linux" and _rusage() is not None:
            self.how = "ru_maxrss, which cannot be set back before the load"
        self.before = self.read()

    def read(self) -> int:
        """Bytes; 0 where the system does not tell."""
        return (_status("VmHWM") if (self.how or "").startswith("VmHWM") else _rusage() if self.how else 0) or 0


def _status(key: str) -> int | None:
    try:
        for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def _set_back() -> bool:
    """Set the high-water mark to what is resident now, where that is allowed."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    except OSError:
        return False
    return True


def _rusage() -> int | None:
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def answer(stream: BinaryIO) -> dict[str, Any]:
    """Do what `measure_fresh` asks for; the fields of `Fresh`."""
    import onnxruntime  # noqa: F401 - the library's own memory and start are not the artifact's

    from zoo.runtime.model import open as open_model

    request = json.loads(stream.readline())
    with np.load(io.BytesIO(stream.read()), allow_pickle=False) as stored:
        feeds = {name: stored[name] for name in stored.files}
    peak = Peak()
    start = time.perf_counter()
    model = open_model(Path(request["path"]), providers=request["providers"], threads=request["threads"], level=request["level"])
    opened = time.perf_counter()
    loaded = peak.read()
    before_first = time.perf_counter()
    model.answer(feeds)
    answered = time.perf_counter()
    for _ in range(RUNS):
        if time.perf_counter() - answered < ENOUGH:
            model.answer(feeds)
    return {
        "load": opened - start,
        "first": answered - before_first,
        "how": peak.how,
        "before": peak.before,
        "loaded": loaded,
        "run": peak.read(),
    }


if __name__ == "__main__":
    try:
        print(json.dumps(answer(sys.stdin.buffer)))
    except ZooError as error:
        sys.exit(str(error))
