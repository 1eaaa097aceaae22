"""Who works on a study: locks that the system, or PostgreSQL, gives up when their holder dies, however that happens.

Optuna's own way is a heartbeat: a trial whose worker has been silent for a while is failed and asked for anew. It needs a
patience that is too long for whoever waits and too short for a laptop that sleeps. A lock needs none.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoo.errors import TrainingError

WAITS = (0, 1, 2, 4, 8, 16)
"""Seconds after which a lost connection is tried again, one after the other."""


class Locks(ABC):
    """One worker's locks on one study."""

    def __init__(self) -> None:
        self.token = uuid.uuid4().hex

    @abstractmethod
    def study(self) -> contextlib.AbstractContextManager[None]:
        """Have the study's list of trials to oneself, for a moment; waits for others."""

    @abstractmethod
    def begin(self) -> None:
        """Be alive, as `token`, from now until `close` or death."""

    @abstractmethod
    def dead(self, token: str) -> bool:
        """Whether the worker with this token is no more; asked within `study`."""

    @abstractmethod
    def close(self) -> None:
        """Be no more."""


class FileLocks(Locks):
    """Locks on files beside a SQLite database; the processes are of one machine.

    Args:
        database: the file.
    """

    def __init__(self, database: Path) -> None:
        super().__init__()
        self.database = database
        self._alive: int | None = None

    @contextlib.contextmanager
    def study(self) -> Iterator[None]:
        handle = os.open(self._beside("lock"), os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _flock(handle, wait=True)
            yield
        finally:
            os.close(handle)

    def begin(self) -> None:
        if self._alive is None:
            handle = os.open(self._beside(self.token), os.O_RDWR | os.O_CREAT, 0o666)
            _flock(handle, wait=True)
            self._alive = handle

    def dead(self, token: str) -> bool:
        if token == self.token:
            return False
        try:
            handle = os.open(self._beside(token), os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            if not _flock(handle, wait=False):
                return False
            with contextlib.suppress(FileNotFoundError):
                self._beside(token).unlink()
            return True
        finally:
            os.close(handle)

    def close(self) -> None:
        if self._alive is not None:
            with contextlib.suppress(OSError):
                self._beside(self.token).unlink()
            os.close(self._alive)
            self._alive = None

    def _beside(self, what: str) -> Path:
        return self.database.with_name(f".{self.database.name}.{what}")


class PostgresLocks(Locks):
    """Advisory locks of a connection to PostgreSQL, which the server gives up when the connection ends.

    Args:
        url: as SQLAlchemy takes it.
        study: what the locks are of.
    """

    def __init__(self, url: str, study: str) -> None:
        super().__init__()
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        self.name = study
        self._engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._connection: Any = None
        self._begun = False

    @contextlib.contextmanager
    def study(self) -> Iterator[None]:
        self._ask("SELECT pg_advisory_lock(%s)", self.name)
        try:
            yield
        finally:
            # The connection is gone, perhaps, and the lock with it.
            with contextlib.suppress(Exception):
                self._connected().exec_driver_sql("SELECT pg_advisory_unlock(%s)", (_key(self.name),))

    def begin(self) -> None:
        if not self._begun:
            self._ask("SELECT pg_advisory_lock(%s)", self.token)
            self._begun = True

    def dead(self, token: str) -> bool:
        if token == self.token:
            return False
        if not self._ask("SELECT pg_try_advisory_lock(%s)", token):
            return False
        self._ask("SELECT pg_advisory_unlock(%s)", token)
        return True

    def close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None
        self._engine.dispose()

    def _ask(self, question: str, name: str) -> Any:
        """The answer to a question about a lock; asked anew where the connection was lost.

        Raises:
            TrainingError: the server cannot be reached.
        """
        from sqlalchemy.exc import DBAPIError

        for wait in (*WAITS, None):
            try:
                return self._connected().exec_driver_sql(question, (_key(name),)).scalar()
            except DBAPIError as error:
                self._connection = None
                if wait is None:
                    said = " ".join(str(error.orig).split())[:200]
                    raise TrainingError(f"The database of the study cannot be reached: {said}.") from error
                time.sleep(wait)
        raise AssertionError

    def _connected(self) -> Any:
        """The connection that holds the locks; a new one takes up the worker's own again."""
        if self._connection is None:
            connection = self._engine.connect()
            # A machine that loses its power says no farewell: the server asks after half a minute, and gives up in another.
            for setting in ("idle = 30", "interval = 10", "count = 3"):
                with contextlib.suppress(Exception):  # a Unix socket has none, and needs none
                    connection.exec_driver_sql(f"SET tcp_keepalives_{setting}")
            if self._begun:
                connection.exec_driver_sql("SELECT pg_advisory_lock(%s)", (_key(self.token),))
            self._connection = connection
        return self._connection


def _key(name: str) -> int:
    """A name as PostgreSQL's locks want it: 64 bits with a sign."""
    return int.from_bytes(hashlib.sha256(f"zoo study {name}".encode()).digest()[:8], "big", signed=True)


def _flock(handle: int, *, wait: bool) -> bool:
    """Whether the lock on an open file could be taken; on a system without, it is."""
    try:
        import fcntl
    except ImportError:  # not a POSIX system: one worker alone
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    return True
