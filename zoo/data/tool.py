"""Running another program that fetches a package: watched, ended with all it started, and its complaint told."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

from zoo.data.routes import RouteDeadError

SECONDS = 180.0
"""For the program as a whole."""


def run(command: list[str], folder: Path, *, words: str, complaint: Callable[[str], str]) -> None:
    """Run a program in `folder`; it and all it started have ended when this returns, is interrupted, or `SECONDS` are over.

    Args:
        command: the program and what it is given.
        folder: it is run in; its stderr is written to `stderr.log` there.
        words: what is run, in words: `"npm pack"`.
        complaint: makes one short line of its stderr; empty where that says nothing.

    Raises:
        RouteDeadError: it failed, could not be started, or took too long.
    """
    news = folder / "stderr.log"
    with news.open("wb") as log:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "LC_ALL": "C.UTF-8"},  # complaints are told apart by their English words
            )
        except OSError as error:
            raise RouteDeadError(f"{words.partition(' ')[0]} cannot be started: {error.strerror}") from None
        try:
            code = process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            raise RouteDeadError(f"{words} took longer than {SECONDS:g} s") from None
        finally:
            _end(process)
    if code:
        said = complaint(news.read_text(errors="replace"))[:200].rstrip(" .")
        raise RouteDeadError(f"{words} failed: {said or f'exit code {code}'}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what still runs of a process and of all it started, and wait for it."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
