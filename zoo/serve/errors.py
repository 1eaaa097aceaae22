"""What a client is told went wrong, and the HTTP status of each error: here and nowhere else."""

from __future__ import annotations

from zoo.errors import IntegrityError, UnknownName, UsageError, ZooError


class UnknownModel(UnknownName):
    """A model or a version that is not served."""


class TooLarge(UsageError):
    """A request beyond a limit."""


class NotSupported(UsageError):
    """An encoding that is not read."""


class Busy(ZooError):
    """More work than can be done now; the same request may be answered later."""


STATUS: dict[type[ZooError], int] = {
    UnknownModel: 404,
    TooLarge: 413,
    NotSupported: 415,
    UsageError: 400,
    Busy: 503,
    IntegrityError: 503,  # a damaged model is not there to answer, however often it is asked
    ZooError: 500,
}


def status_of(error: ZooError) -> int:
    """The HTTP status of an error: that of the nearest class in the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
