"""Data files made from real Debian packages, by the real apt-get, out of a repository on disk."""

import lzma
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from tests.data.packages import apt_repository, ar, deb, tar
from zoo.data import apt
from zoo.data.fetch import fetch, verify
from zoo.data.routes import RouteDeadError, RouteError
from zoo.errors import DataError
from zoo.spec import AptRoute, DataFile

needs_apt = pytest.mark.skipif(not shutil.which("apt-get"), reason="needs apt-get")
ROUTE = AptRoute(packages=("made-one", "made-two"), convert="tests.data.test_apt:join")


def join(sources, name, target):
    """The members `part` of both packages, one after the other."""
    with target.open("wb") as out:
        for source in sources:
            with tarfile.open(source) as archive:
                out.write(archive.extractfile("./usr/share/part").read())


def repository(tmp_path: Path, monkeypatch, packages: dict[str, bytes]) -> None:
    configuration = apt_repository(tmp_path / "repository", packages)
    monkeypatch.setenv("APT_CONFIG", str(configuration))
    subprocess.run(["apt-get", "update", "-q"], check=True, capture_output=True)


@pytest.fixture
def made(content):
    half = len(content["images"]) // 2
    return {
        "made-one": deb("made-one", {"./usr/share/part": content["images"][:half]}),
        "made-two": deb("made-two", {"./usr/share/part": content["images"][half:]}, suffix=".gz"),
    }


def images(spec, *, lines=None, sha256=None):
    (file, _) = spec().files
    return spec(ROUTE, files=(DataFile(name="images", sha256=sha256 or file.sha256, lines=lines),))


@needs_apt
def test_made_from_two_packages(spec, progress, made, content, home, tmp_path, monkeypatch):
    repository(tmp_path, monkeypatch, made)
    files, words = fetch(images(spec), progress)
    assert words == "Debian packages made-one and made-two"
    assert files["images"].read_bytes() == content["images"]
    assert progress.notes == ["apt-get download made-one made-two …"]
    assert [path.name for path in home.rglob("*") if path.is_file()] == ["images"]
    assert list((tmp_path / "scratch").iterdir()) == []


@needs_apt
def test_another_version_counts_by_its_lines(spec, progress, made, content, home, tmp_path, monkeypatch):
    repository(tmp_path, monkeypatch, made)
    found = content["images"].count(b"\n")
    other = images(spec, lines=(found, found), sha256="0" * 64)
    files, _ = fetch(other, progress)
    assert "images has 2,000 lines, as it should, but not the hash of the known copy" in progress.notes[-1]
    assert (home / "data" / "made" / "images.sha256").read_text().endswith("  images\n")
    assert verify(other) == {"images": "ok"}
    assert fetch(other, progress)[1] == "cache"
    files["images"].write_bytes(content["images"][:-1])
    assert verify(other) == {"images": "damaged"}
    assert fetch(other, progress)[1] == "Debian packages made-one and made-two"
    assert verify(other) == {"images": "ok"}


@needs_apt
@pytest.mark.parametrize(
    ("lines", "words"), [((2001, 9999), "2,001 to 9,999 lines, it has 2,000"), (None, "should have sha256 0000")]
)
def test_a_file_that_is_not_what_it_should_be(spec, progress, made, home, tmp_path, monkeypatch, lines, words):
    repository(tmp_path, monkeypatch, made)
    with pytest.raises(DataError, match=words):
        fetch(images(spec, lines=lines, sha256="0" * 64), progress)
    assert not [path for path in home.rglob("*") if path.is_file()]


def test_a_mirror_with_another_file_is_refused_whatever_its_lines(spec, progress, tmp_path, monkeypatch, content):
    folder = tmp_path / "mirror" / "made"
    folder.mkdir(parents=True)
    (folder / "images").write_bytes(content["images"])
    monkeypatch.setenv("ZOO_MIRROR", str(folder.parent))
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DataError, match=r"should have sha256 0000.*\(apt-get is not installed\)"):
        fetch(images(spec, lines=(1, 9999), sha256="0" * 64), progress)


@needs_apt
def test_a_package_that_is_not_there(spec, progress, made, tmp_path, monkeypatch):
    del made["made-two"]
    repository(tmp_path, monkeypatch, made)
    with pytest.raises(
        DataError, match=r"\(apt-get download failed: Unable to locate package made-two; sudo apt-get update may help\)"
    ):
        fetch(images(spec), progress)


def test_offline(spec, progress, monkeypatch):
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    with pytest.raises(DataError, match=r"Debian packages made-one and made-two \(not tried, ZOO_OFFLINE is set\)"):
        fetch(images(spec), progress)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "made.deb is damaged: it is no ar archive"),
        (b"PK\3\4 a zip", "it is no ar archive"),
        (ar([("debian-binary", b"2.0\n")]), "it has no data.tar"),
        (ar([("data.tar.lzma", b"x")]), "packed in an unknown way"),
        (ar([("data.tar.xz", b"no xz")]), "is not valid xz data"),
        (ar([("data.tar.xz", lzma.compress(b"x" * 9999)[:-20])]), "is truncated"),
        (ar([("data.tar.xz", lzma.compress(b"x" * 9999))])[:-20], "it ends within data.tar.xz"),
        (ar([("data.tar.xz", b"x")])[:40], "its ar archive is damaged"),
        (ar([("data.tar.xz", b"x")]).replace(b"1         `", b"9999999999`"), "9,999,999,999 bytes, more than"),
        (ar([("data.tar.xz", b"x")]).replace(b"1         `", b"-1        `"), "its ar archive is damaged"),
    ],
)
def test_a_damaged_package(tmp_path, content, words):
    (tmp_path / "made.deb").write_bytes(content)
    with pytest.raises(RouteDeadError) as caught:
        apt.data_of(tmp_path / "made.deb", tmp_path / "out")
    assert words in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("suffix", [".xz", ".gz", ""])
def test_how_data_may_be_packed(tmp_path, suffix):
    (tmp_path / "made.deb").write_bytes(deb("made", {"./a": b"content"}, suffix=suffix))
    with tarfile.open(apt.data_of(tmp_path / "made.deb", tmp_path / "out")) as archive:
        assert archive.getnames() == ["./a"]


@pytest.mark.skipif(not shutil.which("zstd"), reason="needs zstd")
def test_packed_by_zstd(tmp_path, monkeypatch):
    packed = subprocess.run(["zstd", "-q", "-c"], input=tar({"./a": b"content"}), capture_output=True, check=True).stdout
    (tmp_path / "made.deb").write_bytes(ar([("data.tar.zst", packed)]))
    with tarfile.open(apt.data_of(tmp_path / "made.deb", tmp_path / "out")) as archive:
        assert archive.getnames() == ["./a"]
    monkeypatch.setenv("PATH", os.devnull)
    with pytest.raises(RouteDeadError, match=r"made\.deb is packed by zstd, which is not installed"):
        apt.data_of(tmp_path / "made.deb", tmp_path / "out")


def test_a_member_name_never_becomes_a_path(tmp_path):
    (tmp_path / "made.deb").write_bytes(ar([("data.tar./../x", b"x")]))
    with pytest.raises(RouteError, match="unknown way"):
        apt.data_of(tmp_path / "made.deb", tmp_path / "out")
    assert {path.name for path in tmp_path.rglob("*")} == {"made.deb", "out.data.unknown", "scratch"}
