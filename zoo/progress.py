"""How long work tells where it is: a bar on a terminal, plain lines in a pipe, nothing when it is asked to be quiet.

All of it goes to stderr; stdout belongs to results.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from typing import Protocol


class Advance(Protocol):
    """Say that `amount` more is done, with a short `detail` beside the bar."""

    def __call__(self, amount: float = 1, *, detail: str = "") -> None: ...


class Progress:
    """Silent: the base of the two that speak."""

    def note(self, text: str) -> None:
        """One line of news."""

    @contextlib.contextmanager
    def bar(self, label: str, total: float | None, *, unit: str = "", done: float = 0) -> Iterator[Advance]:
        """A stretch of work of `total` units (`None`: unknown), of which `done` are behind us."""
        del label, total, unit, done

        def advance(amount: float = 1, *, detail: str = "") -> None:
            pass

        yield advance


class PlainProgress(Progress):
    """Lines on stderr: one at each tenth of the work, at most one a second.

    Args:
        every: seconds that at least lie between two lines of one bar.
    """

    def __init__(self, every: float = 1.0) -> None:
        self.every = every

    def note(self, text: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # work goes on when nobody listens
            print(text, file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def bar(self, label: str, total: float | None, *, unit: str = "", done: float = 0) -> Iterator[Advance]:
        last_time, last_tenth = time.monotonic(), int(10 * done / total) if total else 0

        def advance(amount: float = 1, *, detail: str = "") -> None:
            nonlocal done, last_time, last_tenth
            done += amount
            now = time.monotonic()
            if not total or now - last_time < self.every or int(10 * done / total) == last_tenth:
                return
            last_time, last_tenth = now, int(10 * done / total)
            self.note(f"{label}: {done:,.0f} of {total:,.0f} {unit}".rstrip() + (f"  {detail}" if detail else ""))

        yield advance


class RichProgress(Progress):
    """Bars drawn by rich on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True, highlight=False)

    def note(self, text: str) -> None:
        self.console.print(text, markup=False, soft_wrap=True)

    @contextlib.contextmanager
    def bar(self, label: str, total: float | None, *, unit: str = "", done: float = 0) -> Iterator[Advance]:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bars

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(unit),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[detail]}"),
        )
        with Bars(*columns, console=self.console, transient=True) as bars:
            task = bars.add_task(label, total=total, completed=int(done), detail="")

            def advance(amount: float = 1, *, detail: str = "") -> None:
                bars.update(task, advance=amount, detail=detail)

            yield advance


def default_progress(*, quiet: bool = False) -> Progress:
    """The progress that fits where stderr goes."""
    if quiet:
        return Progress()
    return RichProgress() if sys.stderr.isatty() else PlainProgress()
