"""What killed processes leave behind is cleared away by the next writer; what living ones write is not."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import threading

import pytest

from zoo import files
from zoo.files import remove_leftovers, replacing, replacing_folder, write_atomic
from zoo.training.run import Run


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_next_writer_removes_what_a_killed_one_left(tmp_path):
    (tmp_path / ".x.0123abcd.part").write_text("half")
    (tmp_path / ".y.0123abcd.part").write_text("of another file")
    (tmp_path / ".x.part").write_text("a person's own")
    (tmp_path / ".x.0123ABCD.part").write_text("a person's own")
    write_atomic(tmp_path / "x", "whole")
    assert names(tmp_path) == [".x.0123ABCD.part", ".x.part", ".y.0123abcd.part", "x"]
    remove_leftovers(tmp_path)
    assert names(tmp_path) == [".x.0123ABCD.part", ".x.part", "x"]


def test_what_a_living_one_writes_is_kept(tmp_path):
    with replacing_folder(tmp_path / "x") as outer, replacing(tmp_path / "x.json") as other:
        (outer / "a").write_text("1")
        other.write_text("2")
        remove_leftovers(tmp_path)
        with replacing_folder(tmp_path / "x") as inner:
            (inner / "a").write_text("3")
        assert (tmp_path / "x" / "a").read_text() == "3"
    assert (tmp_path / "x" / "a").read_text() == "1"
    assert (tmp_path / "x.json").read_text() == "2"
    assert names(tmp_path) == ["x", "x.json"]


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_was_moved_away_is_put_back_where_none_followed(there, tmp_path):
    old = tmp_path / ".x.0123abcd.old"
    old.mkdir()
    (old / "a").write_text("old")
    if there:
        (tmp_path / "x").mkdir()
        (tmp_path / "x" / "a").write_text("new")
    remove_leftovers(tmp_path, "x")
    assert names(tmp_path) == ["x"]
    assert (tmp_path / "x" / "a").read_text() == ("new" if there else "old")


def test_a_failed_export_after_a_kill_leaves_the_old_artifact(tmp_path):
    """The worst of both: killed between two renames, then no space for the next attempt."""
    old = tmp_path / ".x.0123abcd.old"
    old.mkdir()
    (old / "a").write_text("old")
    with pytest.raises(OSError, match="No space") as caught, replacing_folder(tmp_path / "x"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert caught.value.filename == str(tmp_path / "x")
    assert (tmp_path / "x" / "a").read_text() == "old"
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("opened", [True, False])
def test_a_writer_that_is_taken_for_dead_before_it_has_its_lock_begins_anew(opened, tmp_path, monkeypatch):
    """Its folder is removed before it is opened, or between that and the lock."""
    real, taken = files.locked, []

    @contextlib.contextmanager
    def locked(path, **options):
        if not taken:
            taken.append(path)
            path.rmdir()
        with contextlib.nullcontext(True) if opened and path in taken else real(path, **options) as ours:
            yield ours

    monkeypatch.setattr(files, "locked", locked)
    with replacing_folder(tmp_path / "x") as beside:
        (beside / "a").write_text("1")
    assert len(taken) == 1
    assert names(tmp_path) == ["x"]


def test_a_link_is_followed_and_kept(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "file").write_text("old")
    (tmp_path / "file").symlink_to(tmp_path / "real" / "file")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    write_atomic(tmp_path / "file", "new")
    assert (tmp_path / "file").is_symlink()
    assert (tmp_path / "real" / "file").read_text() == "new"
    with replacing_folder(tmp_path / "folder") as beside:
        (beside / "a").write_text("1")
    assert (tmp_path / "folder").is_symlink()
    assert names(tmp_path / "real") == ["a"]


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    """`--output /dev/stdout`."""
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()))
    reader.start()
    write_atomic(tmp_path / "pipe", "hello")
    reader.join(10)
    assert read == ["hello"]
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("exchange", [True, False])
def test_a_file_where_a_folder_should_be_stays(exchange, tmp_path, monkeypatch):
    if not exchange:
        monkeypatch.setattr(files, "_exchange", lambda *_: False)
    (tmp_path / "x").write_text("a person's own")
    with pytest.raises(NotADirectoryError, match="A file is where a folder should be"), replacing_folder(tmp_path / "x"):
        pass
    assert (tmp_path / "x").read_text() == "a person's own"
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("at", [1, 2])
def test_a_rename_that_is_refused_is_told_as_it_is(at, tmp_path, monkeypatch):
    """Not as a hundred attempts against other processes."""
    monkeypatch.setattr(files, "_exchange", lambda *_: False)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a").write_text("old")
    real, calls = os.rename, []

    def rename(source, target):
        calls.append(target)
        if len(calls) == at:
            raise PermissionError(errno.EACCES, "Permission denied", str(source), None, str(target))
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(PermissionError) as caught, replacing_folder(tmp_path / "x"):
        pass
    assert caught.value.filename == str(tmp_path / "x")
    assert (tmp_path / "x" / "a").read_text() == "old"
    assert names(tmp_path) == ["x"]


def test_a_folder_that_others_replace_without_end(tmp_path, monkeypatch):
    def rename(source, target):
        raise OSError(errno.ENOTEMPTY, "Directory not empty", source, None, target)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(OSError, match="Other processes replaced it 100 times") as caught, replacing_folder(tmp_path / "x"):
        pass
    assert (caught.value.errno, caught.value.filename) == (errno.EBUSY, str(tmp_path / "x"))
    assert names(tmp_path) == []


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EIO])
def test_a_file_system_that_cannot_flush_folders(number, tmp_path, monkeypatch):
    """That there is none of it is no failure; that it failed is one."""
    real = os.fsync

    def fsync(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match="Input/output") if number == errno.EIO else contextlib.nullcontext():
        write_atomic(tmp_path / "x", "whole")
    assert (tmp_path / "x").read_text() == "whole"
    assert names(tmp_path) == ["x"]


def test_who_takes_up_a_run_clears_its_folder(subjects, tmp_path):
    (stopped,) = (subjects / "stopped" / "camera.trained").iterdir()
    run = Run.open(shutil.copytree(stopped, tmp_path / "1"))
    (run.path / ".run.json.0123abcd.part").write_text("half")
    (run.path / "checkpoints" / ".step-000000009.safetensors.0123abcd.part").write_text("half")
    with run.hold():
        assert not list(run.path.rglob("*.part"))
