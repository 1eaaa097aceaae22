"""Every writing call of every command that writes, failed in turn: a table of commands and outcomes.

    python -m tools.hardness.disk [--only train] [--every 1]

Good: refused (exit 1, one sentence that names the file; what was there before is whole, nothing half-written is left, and the same
command works afterwards, with the same result) and done (the failure did not matter). Anything else is printed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from tools.hardness.faults import ERRORS, Faults, failing, leftovers

TRAIN = ("train", "camera.trained", "--steps", "6", "--set", "batch_size=500", "--checkpoint-every", "2", "--device", "cpu")


@dataclass(frozen=True)
class Command:
    """A command that writes.

    Args:
        arguments: of `zoo`, called in the scenario's folder.
        prepare: makes what is there before, in that folder.
        problems: what is wrong in the folder after the command ended; it may call commands that put things right.
    """

    arguments: tuple[str, ...]
    prepare: Callable[[Path], object]
    problems: Callable[[Path], list[str]]


def zoo(*arguments: object) -> tuple[int, str]:
    """Call the command line in this process: its exit code, and the last line that it wrote to stderr."""
    from zoo.cli.main import main

    argv, err = sys.argv, io.StringIO()
    sys.argv = ["zoo", *map(str, arguments)]
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
            main()
    except SystemExit as stop:
        return int(stop.code or 0), (err.getvalue().splitlines() or [""])[-1]
    finally:
        sys.argv = argv
    raise AssertionError


class Commands:
    """The commands, with what they need, made once.

    Args:
        folder: theirs.
    """

    def __init__(self, folder: Path) -> None:
        from zoo.training.run import Run

        self.folder = folder
        with contextlib.chdir(folder):
            zoo(*TRAIN, "--output", "whole")
            zoo("export", "camera.hand", "--output", "artifacts")
            self.weights = Run.open(Path("whole/camera.trained/1")).state.weights
            self._stopped = folder / "stopped"
            self._stop()
        self.all = {
            "train": Command((*TRAIN, "--output", "runs"), lambda _: None, self._train),
            "resume": Command(
                ("train", "--resume", "runs/camera.trained/1"),
                lambda here: shutil.copytree(self._stopped, here / "runs"),
                self._train,
            ),
            "export": Command(("export", "camera.hand", "--output", "out"), self._artifact, self._export),
            "bench": Command(
                ("bench", "out/camera.hand", "--batch", "1", "--seconds", "0.01", "--output", "report.json"),
                self._artifact,
                _report,
            ),
            "predict": Command(("predict", "out/camera.hand", "x.npy", "--prepared", "seen.png"), self._picture, _sheet),
            "data": Command(("data", "fetch", "mnist"), _damaged_cache, _cache),
        }

    def _stop(self) -> None:
        from tools.hardness.subjects import StopAt
        from zoo import api

        with contextlib.suppress(KeyboardInterrupt):
            recipe = {"steps": 6, "batch_size": 500}
            api.train("camera.trained", recipe=recipe, checkpoint_every=2, device="cpu", output=self._stopped, progress=StopAt(3))

    def _artifact(self, here: Path) -> None:
        shutil.copytree(self.folder / "artifacts", here / "out")
        (here / "report.json").write_text('{"old": true}')

    def _picture(self, here: Path) -> None:
        import numpy as np

        self._artifact(here)
        np.save(here / "x.npy", np.ones((2, 2), np.float32))
        (here / "seen.png").write_bytes(b"old")

    def _train(self, here: Path) -> list[str]:
        """Every checkpoint that is there is whole; the run goes on to the weights of one that met no fault."""
        from zoo.training.checkpoint import load_tensors
        from zoo.training.run import Run

        folders = list((here / "runs" / "camera.trained").glob("*"))
        if not folders:
            return []
        if not all((folder / "run.json").exists() for folder in folders):
            return ["a folder of a run without a run"]
        for file in folders[0].rglob("*.safetensors"):
            load_tensors(file)
        if Run.open(folders[0]).state.status != "finished":
            code, said = zoo("train", "--resume", folders[0])
            if code:
                return [f"it cannot be resumed: {said}"]
        state = Run.open(folders[0]).state
        found = [] if state.weights == self.weights else ["other weights"]
        return found + [f"the log lacks steps: {steps}" for steps in [_steps(folders[0])] if steps != [1, 2, 3, 4, 5, 6]]

    def _export(self, here: Path) -> list[str]:
        from zoo.certify.replay import replay

        if [path.name for path in (here / "out").iterdir()] != ["camera.hand"]:
            return ["more or less than one artifact"]
        return list(replay(here / "out" / "camera.hand").problems)


def _steps(run: Path) -> list[int]:
    lines = map(json.loads, (run / "metrics.jsonl").read_text().splitlines())
    return [line["step"] for line in lines if line["kind"] == "step"]


def _report(here: Path) -> list[str]:
    report = json.loads((here / "report.json").read_text())
    return [] if report == {"old": True} or "rows" in report else ["another report"]


def _sheet(here: Path) -> list[str]:
    return [] if (here / "seen.png").read_bytes()[:4] in (b"old", b"\x89PNG") else ["another picture"]


def _damaged_cache(here: Path) -> None:
    (here / "home" / "data" / "mnist").mkdir(parents=True)
    (here / "home" / "data" / "mnist" / "t10k-labels-idx1-ubyte").write_bytes(b"damaged")


def _cache(_: Path) -> list[str]:
    from zoo.data.fetch import verify
    from zoo.registry import registry

    states = verify(registry().dataset("mnist"))
    found = [name for name, state in states.items() if state == "damaged" and name != "t10k-labels-idx1-ubyte"]
    code, said = zoo("data", "fetch", "mnist")
    return found + ([f"a second fetch: {said}"] if code else [])


def attempt(commands: Commands, name: str, at: int, number: int, *, lasting: bool = False) -> tuple[Faults, str, list[str]]:
    """Fail the `at`-th call of a command; what was called, `"refused"` or `"done"`, and the problems."""
    command = commands.all[name]
    with tempfile.TemporaryDirectory(dir=commands.folder) as scratch:
        here = Path(scratch).resolve()
        with mock.patch.dict(os.environ, ZOO_HOME=str(here / "home")), contextlib.chdir(here):
            command.prepare(here)
            with failing(here, at, number, lasting=lasting) as faults:
                code, said = zoo(*command.arguments)
            problems = [f"left over: {', '.join(left)}"] if (left := leftovers(here)) else []
            if code:
                problems += _sentence(code, said, number)
            problems += command.problems(here)
    return faults, "refused" if code else "done", problems


def _sentence(code: int, said: str, number: int) -> list[str]:
    """What is wrong with the sentence of a refusal."""
    clear = said.startswith("error: ") and os.strerror(number) in said and "shows the traceback" not in said
    named = bool(said.partition(os.strerror(number) + ": ")[2]) and ".part" not in said
    return [f"exit {code}: {said!r}"] if code != 1 or not clear or not named else []


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", help="a command of the table")
    parser.add_argument("--every", type=int, default=1, help="only every so many-th call")
    given = parser.parse_args()
    bad = 0
    print("| command | error | calls failed | refused | done | bad |\n|---|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as scratch:
        commands = Commands(Path(scratch).resolve())
        rows: Sequence[tuple[str, int, bool]] = [(kind, number, False) for kind, number in ERRORS.items()]
        for name in given.only or commands.all:
            for kind, number, lasting in [*rows, ("no space left from then on", ERRORS["no space left"], True)]:
                counts: Counter[str] = Counter()
                for at in itertools.count(1, given.every):
                    faults, outcome, problems = attempt(commands, name, at, number, lasting=lasting)
                    if len(faults.calls) < at:
                        break
                    counts["bad" if problems else outcome] += 1
                    if problems:
                        bad += 1
                        print(
                            f"{name}, {kind}, call {at} {faults.calls[at - 1]}: {'; '.join(problems)}", file=sys.stderr, flush=True
                        )
                cells = (counts[key] or "" for key in ("refused", "done", "bad"))
                print(f"| {name} | {kind} | {counts.total()} | {' | '.join(map(str, cells))} |", flush=True)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
