"""Files that are whole or not there."""

from __future__ import annotations

import errno
import multiprocessing
import os
from pathlib import Path

import pytest

from zoo import files
from zoo.files import replacing_folder, write_atomic


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write_atomic(path, "old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, full)
            patch.setattr(Path, "replace", full)
            with pytest.raises(OSError, match="No space") as caught:
                write_atomic(path, "new")
            assert caught.value.filename == str(path)
        assert path.read_text() == "old"
        assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    write_atomic(path, b"new")
    assert path.read_text() == "new"


def _fail(beside: Path) -> None:
    (beside / "b").write_text("2")
    raise RuntimeError


def test_a_folder_is_replaced_whole_or_not(tmp_path):
    target = tmp_path / "out" / "model"
    with replacing_folder(target) as beside:
        (beside / "a").write_text("1")
    with pytest.raises(RuntimeError), replacing_folder(target) as beside:
        _fail(beside)
    assert [path.name for path in target.iterdir()] == ["a"]
    with replacing_folder(target) as beside:
        (beside / "c").write_text("3")
    assert [path.name for path in target.iterdir()] == ["c"]
    assert [path.name for path in target.parent.iterdir()] == ["model"]


def _replace_often(target: Path, mark: str) -> None:
    for _ in range(50):
        with replacing_folder(target) as beside:
            (beside / "a").write_text(mark)
            (beside / "b").write_text(mark)


def test_two_processes_that_replace_one_folder_both_end_well(tmp_path):
    target = tmp_path / "model"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_replace_often, args=(target, mark)) for mark in "xy"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert (target / "a").read_text() == (target / "b").read_text()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize("at", [1, 2])
def test_an_interrupt_in_the_swap_leaves_the_old_folder_or_the_new(at, tmp_path, monkeypatch):
    target = tmp_path / "model"
    with replacing_folder(target) as beside:
        (beside / "a").write_text("old")
    real, calls = Path.rename, []

    def rename(self, other):
        calls.append(other)
        if len(calls) == at:
            raise KeyboardInterrupt
        return real(self, other)

    monkeypatch.setattr(files, "_exchange", lambda *_: False)  # as where names cannot be exchanged
    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(KeyboardInterrupt), replacing_folder(target) as beside:
        (beside / "a").write_text("new")
    assert (target / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
