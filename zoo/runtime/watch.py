"""Calls that may not take for ever: one thread watches all of them, for starting one for each would cost more than most calls."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import RunOptions

LONGEST = 3600.0
"""Seconds that the thread sleeps at most; `Condition.wait` takes no endless ones."""


class Watch:
    """Gives up calls of onnxruntime when their time is over."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: dict[int, tuple[float, RunOptions]] = {}
        self._wakes = 0.0
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def limit(self, options: RunOptions, seconds: float) -> Iterator[None]:
        """Within it a call with these options is given up after `seconds`, between two operators."""
        due = time.monotonic() + seconds
        with self._changed:
            self._running[id(options)] = due, options
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="zoo-watch", daemon=True)
                self._thread.start()
            elif due < self._wakes:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                del self._running[id(options)]

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for due, options in self._running.values():
                    if due <= now:
                        options.terminate = True
                self._wakes = min((due for due, _ in self._running.values() if due > now), default=now + LONGEST)
                self._changed.wait(min(self._wakes - now, LONGEST))


def watch() -> Watch:
    """The one of this process: of its parent a forked one has the locks, but not the thread."""
    return _of(os.getpid())


@functools.cache
def _of(process: int) -> Watch:
    del process
    return Watch()
