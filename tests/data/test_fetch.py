import gzip
import lzma
import subprocess
import sys

import msgspec
import pytest

from zoo.data.fetch import fetch, verify
from zoo.errors import DataError
from zoo.spec import HttpsRoute, NpmRoute


def test_generated_data_need_no_files(spec, progress, home):
    assert fetch(spec(files=()), progress) == ({}, "generated")
    assert verify(spec(files=())) == {}
    assert not home.exists()


def test_mirror_then_cache(mirror, spec, content, progress, home):
    files, words = fetch(spec(), progress)
    assert words == f"mirror {mirror}"
    assert {name: path.read_bytes() for name, path in files.items()} == content
    assert {path.parent for path in files.values()} == {home / "data" / "made"}
    assert fetch(spec(), progress) == (files, "cache")
    assert progress.notes == []


def test_data_sets_of_the_same_files_share_a_folder(mirror, spec, content, progress, home):
    (mirror / "made").rename(mirror / "shared")
    files, words = fetch(spec(folder="shared"), progress)
    assert words == f"mirror {mirror}"
    assert {path.parent for path in files.values()} == {home / "data" / "shared"}
    assert fetch(spec(folder="shared"), progress)[1] == "cache"
    with pytest.raises(DataError, match="it has no folder made"):
        fetch(spec(), progress)


def test_mirror_with_xz(mirror, spec, content, progress):
    (mirror / "made" / "images.gz").unlink()
    (mirror / "made" / "images.xz").write_bytes(lzma.compress(content["images"]))
    assert fetch(spec(), progress)[0]["images"].read_bytes() == content["images"]


def test_a_cache_that_cannot_be_written_is_enough(mirror, spec, progress, home):
    files, _ = fetch(spec(), progress)
    folder = home / "data" / "made"
    folder.chmod(0o500)
    try:
        assert fetch(spec(), progress) == (files, "cache")
    finally:
        folder.chmod(0o700)


@pytest.mark.parametrize("damage", [b"", b"other", b"labels of the made-up data sat"])
def test_a_damaged_cached_file_is_said_and_fetched_anew(mirror, spec, content, progress, damage):
    files, _ = fetch(spec(), progress)
    files["labels"].write_bytes(damage)
    assert verify(spec()) == {"images": "ok", "labels": "damaged"}
    again, words = fetch(spec(), progress)
    assert words == f"cache, mirror {mirror}"
    assert again["labels"].read_bytes() == content["labels"]
    assert progress.notes == ["made: the cached labels is damaged, so it is fetched anew."]
    assert verify(spec()) == {"images": "ok", "labels": "ok"}


def test_verify_says_missing(spec):
    assert verify(spec()) == {"images": "missing", "labels": "missing"}


def test_a_wrong_mirror_is_said_and_the_next_route_taken(mirror, server, spec, content, progress):
    (mirror / "made" / "images.gz").write_bytes(gzip.compress(b"other"))
    server.answers = dict(content)
    files, words = fetch(spec(HttpsRoute(base=server.base)), progress)
    assert words == f"mirror {mirror}, {server.base}"
    assert server.asked == ["images"]
    assert files["images"].read_bytes() == content["images"]
    (note,) = progress.notes
    assert f"images: its raw bytes should have sha256 {spec().files[0].sha256}, they have " in note


def test_a_damaged_mirror_is_said(mirror, spec, progress):
    (mirror / "made" / "images.gz").write_bytes(b"\x1f\x8b no gzip")
    with pytest.raises(DataError, match=r"images: it is not valid gz data"):
        fetch(spec(), progress)


def test_nowhere_is_one_sentence_that_lists_all(mirror, server, spec, progress, monkeypatch):
    (mirror / "made" / "images.gz").unlink()
    monkeypatch.setenv("PATH", "")
    made = spec(HttpsRoute(base=server.base), NpmRoute(package="made-data@1.2.3", folder="package"), own="some:reader")
    with pytest.raises(DataError) as caught:
        fetch(made, progress)
    assert str(caught.value) == (
        f"Data set 'made' lacks images; tried mirror {mirror} (images: it has no made/images, nor that with .gz or .xz); "
        f"{server.base} (images: status 404 Not Found); npm package made-data@1.2.3 (npm is not installed). "
        "Try: ZOO_MIRROR=FOLDER zoo data fetch made where FOLDER/made/images (or .gz, .xz) is a copy, "
        "or give data of your own by --data FOLDER"
    )


def test_nowhere_without_a_mirror(spec, progress):
    with pytest.raises(DataError, match=r"^Data set 'made' lacks images and 1 more; tried ZOO_MIRROR \(not set\)\."):
        fetch(spec(), progress)
    assert progress.notes == []


def test_a_mirror_without_the_data_set(spec, progress, tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_MIRROR", str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"nowhere \(it has no folder made\)"):
        fetch(spec(), progress)


@pytest.mark.parametrize("after", [0, 1])
def test_interruption_leaves_whole_files_only(mirror, spec, progress, home, tmp_path, monkeypatch, after):
    from zoo.data import fetch as module

    real, calls = module.unpack, []

    def interrupted(copy, beside):
        calls.append(copy)
        if len(calls) > after:
            beside.write_bytes(b"half a fi")
            raise KeyboardInterrupt
        return real(copy, beside)

    monkeypatch.setattr(module, "unpack", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(spec(), progress)
    assert [path.name for path in home.rglob("*") if path.is_file()] == ["images"][:after]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_full_disk_is_no_fault_of_the_route(mirror, spec, progress, home, monkeypatch):
    def full(copy, beside):
        beside.write_bytes(b"half")
        raise OSError(28, "No space left on device", str(beside))

    monkeypatch.setattr("zoo.data.fetch.unpack", full)
    with pytest.raises(OSError, match="No space left"):
        fetch(spec(), progress)
    assert [path for path in home.rglob("*") if path.is_file()] == []


def test_two_processes_at_once(mirror, spec, content, home):
    script = (
        "import sys, msgspec\n"
        "from zoo.data.fetch import fetch\n"
        "from zoo.progress import Progress\n"
        "from zoo.spec import DatasetSpec\n"
        "spec = msgspec.json.decode(sys.argv[1], type=DatasetSpec); sys.stdin.read(1)\n"
        "for _ in range(5):\n"
        "    files, _ = fetch(spec, Progress())\n"
        "    files['images'].unlink(missing_ok=True)\n"
        "fetch(spec, Progress())\n"
    )
    command = [sys.executable, "-W", "error", "-c", script, msgspec.json.encode(spec()).decode()]
    children = [subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(2)]
    # Both begin when they are told to, so that they do meet.
    for child in children:
        child.stdin.write(b"!")
        child.stdin.flush()
    for child in children:
        _, news = child.communicate(timeout=60)
        assert (child.returncode, news) == (0, b"")
    left = {path.name: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert left.items() <= content.items()
    assert "labels" in left
