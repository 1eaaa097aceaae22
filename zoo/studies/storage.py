"""Optuna's storage in the two databases that a study may have: SQLite on one machine, PostgreSQL for several."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from zoo.errors import UsageError
from zoo.studies.locks import FileLocks, Locks, PostgresLocks

if TYPE_CHECKING:
    from optuna import Study
    from optuna.samplers import BaseSampler
    from optuna.storages import RDBStorage

INSTALL = 'pip install "onnx-zoo[studies]"'
INSTALL_POSTGRES = 'pip install "onnx-zoo[studies,postgres]"'


def opened(url: str, study: str) -> tuple[str, Locks]:
    """The address as SQLAlchemy is to have it, and the locks that go with it.

    Raises:
        UsageError: it is another kind of database, or a package is missing.
    """
    try:
        import optuna
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError
    except ImportError as error:
        raise UsageError(f"Studies need Optuna, and {error.name} is not installed.", hint=INSTALL) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise UsageError(f"--storage takes sqlite:///FILE or postgresql://USER@HOST/DATABASE, not {url!r}.") from error
    kind = address.get_backend_name()
    if kind == "sqlite":
        if address.database in (None, "", ":memory:"):
            raise UsageError(f"--storage {url} is a database in memory, which no other process sees; give sqlite:///FILE.")
        database = Path(str(address.database))
        database.parent.mkdir(parents=True, exist_ok=True)
        return url, FileLocks(database)
    if kind != "postgresql":
        raise UsageError(f"--storage takes sqlite:///FILE or postgresql://USER@HOST/DATABASE, not one of {kind}.")
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise UsageError("A study on PostgreSQL needs psycopg, which is not installed.", hint=INSTALL_POSTGRES) from error
    address = address.set(drivername="postgresql+psycopg")
    whole = address.render_as_string(hide_password=False)
    return whole, PostgresLocks(whole, study)


def sampler(kind: str, seed: int) -> BaseSampler:
    """Optuna's sampler; made anew for each trial, so that workers who share a study do not all draw the same."""
    from optuna.samplers import RandomSampler, TPESampler

    if kind == "random":
        return RandomSampler(seed=seed)
    return TPESampler(seed=seed, constant_liar=True)


def open_storage(url: str) -> RDBStorage:
    """Optuna's storage, its tables made where they are missing."""
    from optuna.storages import RDBStorage
    from sqlalchemy import event

    if not url.startswith("sqlite"):
        return RDBStorage(url, engine_kwargs={"pool_pre_ping": True, "pool_size": 1})
    storage = RDBStorage(url, engine_kwargs={"connect_args": {"timeout": 60}})

    @event.listens_for(storage.engine, "connect")
    def quick(connection: Any, record: Any) -> None:
        # A write-ahead log survives every death of a process; after a power cut the last trials may have to be trained again.
        del record
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    storage.engine.dispose()  # connections that were made before
    return storage


def open_study(storage: RDBStorage, name: str, *, higher_is_better: bool) -> Study:
    """The study of that name in the storage, made where it is missing."""
    import optuna

    direction: Literal["maximize", "minimize"] = "maximize" if higher_is_better else "minimize"
    return optuna.create_study(storage=storage, study_name=name, direction=direction, load_if_exists=True)
