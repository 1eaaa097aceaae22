"""Every error a user of zoo can cause, and the exit code each one means.

    ZooError                 1   something failed
    ├── UsageError           2   the call itself is wrong
    │   └── UnknownName      2   a name that does not exist, with near matches
    ├── PluginError          1   a plugin, or a reference inside its specs, is broken
    ├── DataError            1   data could not be had
    ├── DeviceError          1   the device asked for is not there, or cannot do what was asked
    ├── TrainingError        1   a run could not start or go on
    │   └── NonFiniteError   1   the loss or a weight became NaN or infinite
    ├── IncompleteError      1   a run's folder lacks a file
    ├── ExportError          1   no graph could be made
    ├── ParityError          3   the graph does not answer as its PyTorch original does
    └── IntegrityError       4   a file is not what it claims to be

A message is one sentence that says what happened, with the value, and what would be right; `hint` is the next command.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable

FEW = 12
"""Names that a message lists where none is near and no command does."""


class ZooError(Exception):
    """Base of all errors that zoo raises on purpose.

    Args:
        message: one sentence: what happened, the value, what would be right.
        hint: the next command to type, without decoration.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        # What is quoted may be anything (a key of a damaged file, say): the sentence stays on one line.
        super().__init__("".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in message))
        self.hint = hint

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message} Try: {self.hint}" if self.hint else message


class UsageError(ZooError):
    """The call itself is wrong: an option, a value, a combination."""

    exit_code = 2


class UnknownName(UsageError):
    """A name that is not among the known ones. The message carries near matches; where there is none, no hint, and few names, all.

    Args:
        kind: what was looked for ("model", "data set", "recipe field").
        name: what was given.
        known: the names that exist.
        hint: the command that lists them.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], *, hint: str | None = None) -> None:
        names = list(known)
        self.near = near_matches(name, names)
        tail = "."
        if self.near:
            tail = f"; did you mean {' or '.join(self.near)}?"
        elif hint is None and 0 < len(names) <= FEW:
            tail = f"; there {'is' if len(names) == 1 else 'are'} {', '.join(names)}."
        super().__init__(f"There is no {kind} {name!r}{tail}", hint=hint)


class PluginError(ZooError):
    """A plugin cannot be loaded, or a reference in one of its specs leads nowhere."""


class DataError(ZooError):
    """Data could not be had by any route, or have no form that zoo can read."""


class DeviceError(ZooError):
    """The device or provider asked for is absent or cannot do what was asked."""


class TrainingError(ZooError):
    """A run could not start or go on."""


class NonFiniteError(TrainingError):
    """A loss or a weight became NaN or infinite; the message names the step."""


class IncompleteError(ZooError):
    """A run's folder lacks a file, or a part of one, that what was asked needs."""


class ExportError(ZooError):
    """No valid graph could be made of a model."""


class ParityError(ZooError):
    """The exported graph does not answer as its PyTorch original does."""

    exit_code = 3


class IntegrityError(ZooError):
    """A file is damaged, foreign or changed: not what its name or its hash says."""

    exit_code = 4


def near_matches(name: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """The known names most like `name`, best first; empty where none comes close."""
    import difflib  # costs every start a millisecond, and only mistakes need it

    folded = {other.casefold(): other for other in known}
    return [folded[other] for other in difflib.get_close_matches(name.casefold(), list(folded), n=limit, cutoff=0.6)]


def typed(*words: object) -> str:
    """A command as it is typed, for a hint: words that a shell would take apart (a path with a space) are quoted."""
    return shlex.join(map(str, words))
