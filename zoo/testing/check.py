"""One check of a model, what came of it, and the report of all."""

from __future__ import annotations

import unittest
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from zoo.plugins import resolve
from zoo.spec import ModelSpec, Spec

if TYPE_CHECKING:
    from zoo.testing.subject import Subject

Need = Literal["training", "export", "gpu"]


class Failed(AssertionError):
    """A check found something wrong.

    Args:
        message: what was expected and what was found.
        where: to look: a field of the spec, or `"module:function"` of the plugin.
    """

    def __init__(self, message: str, *, where: str) -> None:
        super().__init__(f"{message} (look at {located(where)})")
        self.message, self.where = message, located(where)


class Skipped(unittest.SkipTest):
    """A check cannot be made, for a reason that says why; pytest takes it for one of its own."""


class Declared(NamedTuple):
    """A check as the contract lists it.

    Args:
        name: lower-case words joined by hyphens.
        why: what goes wrong for users where it fails: one sentence.
        body: makes it; raises what it finds, and may say what it looked at.
        unless: why it does not apply to a spec; empty where it does.
        needs: what it takes beside the data: it trains, it exports, it wants a GPU.
    """

    name: str
    why: str
    body: Callable[[Subject], str | None]
    unless: Callable[[ModelSpec], str] = lambda _: ""
    needs: frozenset[Need] = frozenset()


@dataclass(frozen=True)
class Check:
    """One check of one model; calling it makes it.

    Args:
        name: of the check.
        why: what goes wrong for users where it fails.
        model: its id.
        reason: why it does not apply to this model, by a property of its spec; empty where it does.
        needs: what it takes: `"training"`, `"export"`, `"gpu"`.
        body: makes it.
        clear: lets go of what the checks of its model share; what is asked for afterwards is made anew.
        packages: names of those that its plugin brings, in which an error is looked for.
    """

    name: str
    why: str
    model: str
    reason: str
    needs: frozenset[Need]
    body: Callable[[], str | None] = field(repr=False)
    clear: Callable[[], None] = field(repr=False)
    packages: frozenset[str] = frozenset()

    @property
    def applies(self) -> bool:
        """Whether it is made of this model."""
        return not self.reason

    def __call__(self) -> str | None:
        """Make it; what was looked at, where that depends on the model.

        Raises:
            Skipped: it does not apply, or what it needs cannot be had.
            Failed: it found something wrong; anything else that is raised is a failure, too.
        """
        if self.reason:
            raise Skipped(self.reason)
        return self.body()


class Result(Spec):
    """What came of a check.

    Args:
        check: its name.
        state: `"passed"`; `"failed"`; `"skipped"`, for a `reason`; `"expected"`, failed as was said, for a `reason`.
        seconds: it took.
        message: what was expected and what was found, where it failed.
        why: what goes wrong for users then.
        where: to look: file and line, or a field of the spec.
        reason: why it was skipped, or its failure was expected.
        note: what was looked at, where it passed and that depends on the model.
    """

    check: str
    state: Literal["passed", "failed", "skipped", "expected"]
    seconds: float
    message: str = ""
    why: str = ""
    where: str = ""
    reason: str = ""
    note: str = ""


class Report(Spec):
    """All checks of one model.

    Args:
        model: its id.
        asked: how many checks there were to be.
        results: of each, in order.
    """

    model: str
    asked: int
    results: tuple[Result, ...]

    @property
    def ran(self) -> int:
        """How many checks were made."""
        return sum(result.state != "skipped" for result in self.results)

    @property
    def passed(self) -> bool:
        """Whether none failed, what was left out says why, and all that were asked for are there, at least one of them made."""
        states = {result.state for result in self.results}
        silent = any(result.state in ("skipped", "expected") and not result.reason for result in self.results)
        return "failed" not in states and not silent and len(self.results) == self.asked and self.ran > 0


def located(where: str) -> str:
    """File and line of what a `"module:function"` names; anything else as it is."""
    import inspect

    module, colon, name = where.partition(":")
    if not colon or not module.replace(".", "").isidentifier() or not name.isidentifier():
        return where
    try:
        found = inspect.unwrap(resolve(where))
        return place(inspect.getsourcefile(found) or where, inspect.getsourcelines(found)[1])
    except Exception:  # it leads nowhere, or to something without a source: then its name has to do
        return where


def place(file: str, line: int) -> str:
    """`file:line`, short where it lies in the current folder."""
    path = Path(file)
    return f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}:{line}"
