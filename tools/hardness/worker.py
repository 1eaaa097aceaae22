"""Judges cases in a process of its own, which a hostile file may bring down; one that dies, hangs or grows is replaced.

Run as a program it reads a case a line (JSON) from stdin and writes an outcome a line to stdout.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO

from tools.hardness.judges import CRASH, HANG, MEMORY, Case, Outcome, judge
from tools.hardness.subjects import Subject
from zoo.certify import limits

SECONDS = 40.0
"""Time for one case; most take hundredths of one, a loop of a million rounds some."""
GROWTH = 768 * 2**20
"""Bytes that one case may take beyond what the worker had before: golden vectors alone may unpack to 256 MiB. `zoo verify` sets a
bound of its own to what a graph may take."""
ROOM = 8 * 2**30
"""Address space that a case can have at all, so that a bomb cannot take the whole machine."""


def _status(field: str) -> int:
    """A figure of this process in bytes; 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(field + ":")), 0)


def _peak_reset() -> None:
    """Let the highest memory be counted from now."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def serve(subjects: dict[str, Subject]) -> None:
    """Judge what stdin asks for until it ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_status("VmSize") + ROOM, resource.RLIM_INFINITY))
    for line in sys.stdin:
        case = Case(**json.loads(line))
        _peak_reset()
        before = _status("VmRSS")
        with tempfile.TemporaryDirectory(prefix="zoo-hardness-") as scratch:
            outcome, said = judge(case, subjects[case.subject], Path(scratch))
        grown = _status("VmHWM") - before
        if grown > (limits.MEMORY if case.judge == "zoo verify" else 0) + GROWTH:
            outcome, said = MEMORY, f"{grown / 2**20:,.0f} MiB; {said}"
        print(json.dumps([outcome, said]), file=answers, flush=True)


class Worker:
    """A process that judges; `Worker.ask` starts a new one where the last one came to an end."""

    def __init__(self, subjects: Path, names: Iterable[str], *, seconds: float = SECONDS) -> None:
        self.command = [sys.executable, "-m", "tools.hardness.worker", str(subjects), *names]
        self.seconds = seconds
        self.process: subprocess.Popen[str] | None = None
        self.news: IO[str] | None = None
        """What it says on stderr; a pipe that nobody reads would hold it up when it is full."""

    def ask(self, case: Case) -> Outcome:
        """The outcome of a case, `CRASH` and `HANG` among them."""
        if self.process is None:
            self.news = tempfile.TemporaryFile("w+", errors="replace")  # noqa: SIM115
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.news,
                text=True,
                cwd=Path(__file__).parents[2],
            )
            self._answer(5 * self.seconds)  # it imports torch, and says that it is ready
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(asdict(case)) + "\n")
        self.process.stdin.flush()
        return self._answer(self.seconds)

    def _answer(self, seconds: float) -> Outcome:
        assert self.process is not None
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            self.close()
            return HANG, f"no answer within {seconds:g} s"
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            assert self.news is not None
            self.news.seek(0)
            news = self.news.read().strip().splitlines()
            self.close()
            return CRASH, f"{signal.Signals(-code).name if code < 0 else f'exit {code}'}; {news[-1] if news else ''}"
        outcome, said = json.loads(line)
        return outcome, said

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None
        if self.news is not None:
            self.news.close()
            self.news = None


def judged(planned: Iterable[Case], worker: Worker) -> Iterator[tuple[Case, Outcome]]:
    """Each case with its outcome."""
    for case in planned:
        yield case, worker.ask(case)


def main() -> None:
    """Serve the subjects that lie in the folder of the first argument."""
    from tools.hardness.subjects import make

    found = make(Path(sys.argv[1]), tuple(sys.argv[2:]))
    print(json.dumps(["ready", ""]), flush=True)
    serve(found)


if __name__ == "__main__":
    main()
