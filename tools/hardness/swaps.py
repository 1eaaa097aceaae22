"""`kill -9` at random moments of exports, and of bare replacements of a folder: the old one or the new one is there, whole.

    python -m tools.hardness.swaps [--exports 30] [--swaps 200] [--seed 0]

A process that replaces a folder as fast as it can is killed after some milliseconds; again where names cannot be exchanged in one
step, so that two renames do it. Then only a kill between these two leaves no folder, and the next replacement must put the old one
back before it does anything else.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tools.hardness.faults import leftovers

REPLACE = """
import sys
from pathlib import Path
from zoo import files

target, exchange = Path(sys.argv[1]), sys.argv[2] == "exchange"
if not exchange:
    files._exchange = lambda *_: False
print("ready", flush=True)
number = 0
while True:
    number += 1
    with files.replacing_folder(target) as beside:
        for name in "abc":
            (beside / name).write_text(str(number))
"""


def whole(folder: Path) -> bool:
    """Whether the three files of a folder are of one replacement."""
    return len({(folder / name).read_text() for name in "abc"}) == 1


def kill_swaps(folder: Path, kills: int, *, exchange: bool, seed: int = 0) -> Counter[str]:
    """Kill a process that replaces `folder/target`, again and again: how often it was `"whole"`, `"hidden"`, `"BROKEN"`."""
    from zoo.files import remove_leftovers

    target, moments, found = folder / "target", random.Random(seed), Counter[str]()
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", REPLACE, str(target), "exchange" if exchange else "two renames"], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(moments.uniform(0.002, 0.05))
        process.kill()
        process.communicate()
        state = "whole" if target.is_dir() and whole(target) else "hidden" if not target.exists() else "BROKEN"
        remove_leftovers(folder, "target")  # as the next replacement does first of all
        if not whole(target) or leftovers(folder):
            state = "BROKEN"
        found[state] += 1
    return found


def kill_exports(folder: Path, kills: int, *, seed: int = 0) -> Counter[str]:
    """Kill real exports of one model; how often the artifact was `"old"`, `"new"` or `"BROKEN"`."""
    import onnxruntime  # noqa: F401 - a forked process starts with what is imported here
    import torch.onnx._internal.exporter._core  # noqa: F401

    from zoo import api
    from zoo.certify.replay import replay
    from zoo.errors import ZooError

    def export() -> None:
        api.export("camera.hand", output=folder)

    moments, found = random.Random(seed), Counter[str]()
    seconds = max(_forked(export, None) for _ in range(2))
    for _ in range(kills):
        before = (folder / "camera.hand").stat().st_ino
        _forked(export, moments.choice([moments.uniform(0, seconds), moments.uniform(0.8, 1.05) * seconds]))
        names = [path.name for path in folder.iterdir() if not path.name.startswith(".")]
        try:
            good = names == ["camera.hand"] and replay(folder / "camera.hand").passed
        except ZooError:
            good = False
        found["BROKEN" if not good else "old" if (folder / "camera.hand").stat().st_ino == before else "new"] += 1
    _forked(export, None)
    found["left over"] = len(leftovers(folder))
    return found


def _forked(action: Callable[[], object], after: float | None) -> float:
    """Do something in a forked process, killed after so many seconds; how long it took."""
    start = time.perf_counter()
    child = os.fork()
    if child == 0:
        try:
            action()
        finally:
            os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return time.perf_counter() - start


def main() -> None:
    """Print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--exports", type=int, default=30)
    parser.add_argument("--swaps", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    bad = 0
    for exchange in (True, False):
        with tempfile.TemporaryDirectory() as scratch:
            found = kill_swaps(Path(scratch), given.swaps, exchange=exchange, seed=given.seed)
        print(f"{'one step' if exchange else 'two renames'}: {given.swaps} kills: {dict(found)}", flush=True)
        bad += found["BROKEN"] + (found["hidden"] if exchange else 0)
    with tempfile.TemporaryDirectory() as scratch:
        found = kill_exports(Path(scratch), given.exports, seed=given.seed)
    print(f"exports: {given.exports} kills: {dict(found)}")
    sys.exit(bool(bad + found["BROKEN"] + found["left over"]))


if __name__ == "__main__":
    main()
