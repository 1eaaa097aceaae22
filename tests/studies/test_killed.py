"""SIGKILL, to the command, to its workers, on SQLite and on PostgreSQL: no trial is lost, none is trained twice."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from zoo.studies.record import Record, read_record
from zoo.studies.sweep import sweep

STUDY = """
name = "killed"
model = "camera.trained"
fixed = { steps = 400, batch_size = 50, validation = 500 }
grid = { lr = [0.002, 0.004, 0.006, 0.008] }
"""
TRIALS = 4
PATIENCE = 120


def begun(folder: Path, *options: str) -> subprocess.Popen[bytes]:
    """`zoo sweep` in a process of its own."""
    command = [sys.executable, "-m", "zoo", "sweep", "killed.toml", "--device", "cpu", *options]
    with (folder / "stderr.txt").open("ab") as stderr:
        return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=stderr)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """The study as it ends where nothing is killed."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "killed.toml").write_text(STUDY)
    return sweep(str(folder / "killed.toml"), output=folder / "out", device="cpu").record


def wait_for(what: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def asked(database: Path, question: str) -> list[tuple]:
    if not database.is_file():
        return []
    with contextlib.closing(sqlite3.connect(database, timeout=30)) as connection:
        try:
            return connection.execute(question).fetchall()
        except sqlite3.OperationalError:  # its tables are being made
            return []


def finished(database: Path) -> int:
    return len(asked(database, "select 1 from trials where state = 'COMPLETE'"))


def running(database: Path) -> list[int]:
    """Trials that are in a worker's hands."""
    return [number for (number,) in asked(database, "select number from trials where state = 'RUNNING'")]


def workers(database: Path) -> set[int]:
    """Processes that trials name."""
    rows = asked(database, "select value_json from trial_user_attributes where key = 'worker'")
    return {json.loads(value)["pid"] for (value,) in rows}


def holders(database: Path) -> set[int]:
    """Processes that have a trial in their hands."""
    held = "select trial_id from trials where state = 'RUNNING'"
    rows = asked(database, f"select value_json from trial_user_attributes where key = 'worker' and trial_id in ({held})")
    return {json.loads(value)["pid"] for (value,) in rows}


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def values(record: Record) -> list[tuple]:
    """What may not depend on who trained a trial."""
    return [(trial.index, trial.parameters, trial.value, trial.weights, trial.curves) for trial in record.trials]


def test_two_jobs_killed_on_sqlite(tmp_path, whole):
    study = tmp_path / "killed.toml"
    study.write_text(STUDY)
    output = tmp_path / "out"
    database = output / "study.db"

    process = begun(tmp_path, "--output", "out", "--jobs", "2")
    wait_for(lambda: finished(database) >= 1 and len(running(database)) == 2, process)
    first, second = workers(database)
    while True:  # it is to be killed with a trial in its hands, and not between two
        os.kill(first, signal.SIGSTOP)
        if first in holders(database):
            break
        os.kill(first, signal.SIGCONT)
        time.sleep(0.02)
    for pid in (process.pid, first):  # one worker in the middle of a step; the other sees that its command is gone, and saves
        os.kill(pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + PATIENCE
    while alive(second):
        assert time.monotonic() < deadline, "a worker goes on without its command"
        time.sleep(0.05)
    left = running(database)
    assert len(left) >= 1
    assert finished(database) + len(left) < TRIALS or len(left) == 2

    swept = sweep(str(study), output=output, device="cpu")  # by one worker what two began
    assert swept.trained >= len(left)
    assert [trial.index for trial in swept.record.trials] == list(range(TRIALS))
    assert asked(database, "select state, count(*) from trials group by state") == [("COMPLETE", TRIALS)]
    runs = sorted(path.relative_to(output / "runs").parts[0] for path in output.glob("runs/*/*/*/run.json"))
    assert runs == [f"{index:04d}" for index in range(TRIALS)], "a training was begun anew instead of continued"
    assert values(swept.record) == values(whole)
    assert not list(output.glob(".study.db.[0-9a-f]*")), "a dead worker's lock stays behind"


@pytest.mark.slow
def test_two_processes_share_a_study_on_postgresql(tmp_path, postgres, whole):
    psycopg = pytest.importorskip("psycopg")
    study = tmp_path / "killed.toml"
    study.write_text(STUDY)

    def count(state: str) -> int:
        with psycopg.connect(postgres) as connection:
            try:
                row = connection.execute("select count(*) from trials where state = %s", (state,)).fetchone()
            except psycopg.errors.UndefinedTable:
                return 0
        return int(row[0])

    one = begun(tmp_path, "--output", "one", "--storage", postgres)
    other = begun(tmp_path, "--output", "other", "--storage", postgres)
    wait_for(lambda: count("RUNNING") == 2 and count("COMPLETE") >= 1, one)
    one.kill()
    one.wait()
    assert other.wait(PATIENCE) == 0, (tmp_path / "stderr.txt").read_text()
    record = read_record(tmp_path / "other" / "study.json")
    assert [trial.index for trial in record.trials] == list(range(TRIALS))
    with psycopg.connect(postgres) as connection:
        assert connection.execute("select state, count(*) from trials group by state").fetchall() == [("COMPLETE", TRIALS)]
    assert values(record) == values(whole)
    again = sweep(str(study), output=tmp_path / "one", storage=postgres)
    assert (again.trained, values(again.record)) == (0, values(whole))
