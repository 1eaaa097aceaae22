"""A worker in a process of its own: `python -m zoo.studies.worker`.

Its orders come as a line of JSON on stdin, so that a password in an address is seen by nobody; its news go to stdout, a line of
JSON each. It stops when stdin ends: whoever sent it is gone, or wants it to stop.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import msgspec

from zoo.errors import ZooError
from zoo.spec import Spec
from zoo.studies.board import Board
from zoo.studies.points import Plan
from zoo.studies.work import News, work
from zoo.study import StudySpec

INTERRUPTED = 130
EVERY = 0.5
"""Seconds between two details of a training."""


class Orders(Spec):
    """What a worker is to do.

    Args:
        study: whose trials.
        storage: address of the database.
        output: folder of the study.
        device: as `zoo train --device` takes it.
        threads: that it may compute with.
        third_party: whether plugins of other distributions are loaded.
    """

    study: StudySpec
    storage: str
    output: str
    device: str
    threads: int
    third_party: bool = True


class Message(Spec):
    """What a worker says: news, or the error that ends it."""

    done: int = 0
    note: str = ""
    detail: str = ""
    error: str = ""
    code: int = 0


class Hired:
    """A worker's process, seen by whoever sent it.

    Args:
        orders: what it is to do.
        tell: who hears its news, in a thread of its own.
    """

    def __init__(self, orders: Orders, tell: Callable[[News], None]) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": str(orders.threads), "MKL_NUM_THREADS": str(orders.threads)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zoo.studies.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C reaches it by us alone, once
        )
        self.error = ""
        self.code = 0
        self._tell = tell
        stdin = self._pipe(self.process.stdin)
        with contextlib.suppress(BrokenPipeError):  # it died already; `wait` tells
            stdin.write(msgspec.json.encode(orders) + b"\n")
            stdin.flush()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def stop(self) -> None:
        """Ask it to stop after the step under way."""
        with contextlib.suppress(BrokenPipeError):
            self._pipe(self.process.stdin).close()

    def kill(self) -> None:
        """End it now."""
        self.process.kill()

    def wait(self, seconds: float | None = None) -> int | None:
        """Its exit code, negative for a signal; `None` where it still runs after so many seconds."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(5)
        self._pipe(self.process.stdout).close()
        self.stop()
        return code

    def _read(self) -> None:
        for line in self._pipe(self.process.stdout):
            try:
                message = msgspec.json.decode(line, type=Message)
            except msgspec.DecodeError:
                continue  # a library that prints
            if message.error:
                self.error, self.code = message.error, message.code
            else:
                self._tell(News(done=message.done, note=message.note, detail=message.detail))

    @staticmethod
    def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
        assert pipe is not None
        return pipe


def main() -> int:
    """Work as stdin says."""
    say = _speaker()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it, and what they start does
    orders = msgspec.json.decode(sys.stdin.buffer.readline(), type=Orders)
    threading.Thread(target=_until_alone, daemon=True).start()
    last = 0.0

    def tell(news: News) -> None:
        nonlocal last
        if news.done or news.note or time.monotonic() - last >= EVERY:
            last = time.monotonic()
            say(Message(done=news.done, note=news.note, detail=news.detail))

    board = None
    try:
        import torch

        from zoo.registry import registry

        torch.set_num_threads(orders.threads)
        found = registry(third_party=orders.third_party)
        plan = Plan(orders.study, found.model(orders.study.model))
        board = Board(plan, orders.storage)
        work(plan, board, Path(orders.output), orders.device, found, tell)
    except KeyboardInterrupt:
        return INTERRUPTED
    except ZooError as error:
        say(Message(error=str(error), code=error.exit_code))
        return error.exit_code
    except Exception as error:
        say(Message(error=f"{type(error).__name__}: {error}", code=1))
        return 1
    finally:
        if board is not None:
            board.close()
    return 0


def _speaker() -> Callable[[Message], None]:
    """What writes to stdout as it was; whatever else is printed from here on goes to stderr."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)

    def say(message: Message) -> None:
        with contextlib.suppress(BrokenPipeError):  # nobody listens any more; stdin says so, too
            out.write(msgspec.json.encode(message) + b"\n")
            out.flush()

    return say


def _until_alone() -> None:
    """Interrupt the training when stdin ends."""
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGINT)


if __name__ == "__main__":
    sys.exit(main())
