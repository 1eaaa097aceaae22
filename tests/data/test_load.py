from pathlib import Path

import numpy as np
import pytest

from zoo.data.dataset import Dataset
from zoo.data.load import load_dataset
from zoo.errors import PluginError, UsageError
from zoo.spec import Picture

IMAGES, LABELS = np.zeros((3, 2, 2), np.uint8), np.zeros(3, np.int64)
SPLIT = {"image": IMAGES, "label": LABELS}


@pytest.fixture
def loading(monkeypatch):
    """Lets every reference lead to a function that returns `result`."""

    def make(result):
        monkeypatch.setattr("zoo.data.load.resolve", lambda reference, owner: lambda *args: result)

    return make


def load(spec, progress, own=None, name=None):
    return load_dataset(spec, own=own, name=name, progress=progress)


def test_wraps_what_the_plugin_loads(mirror, spec, progress, monkeypatch):
    seen = []

    def function(files):
        seen.append({name: path.read_bytes()[:4] for name, path in files.items()})
        return {"train": SPLIT, "test": SPLIT}

    monkeypatch.setattr("zoo.data.load.resolve", lambda reference, owner: function)
    picture = Picture(height=2, width=2)
    dataset = load(spec(classes=("a", "b"), picture=picture), progress)
    assert seen == [{"images": bytes(range(4)), "labels": b"labe"}]
    assert (dataset.id, dataset.classes, dataset.picture, dataset.licence) == ("made", ("a", "b"), picture, "CC0")
    assert dataset.origin == f"mirror {mirror}"
    assert load(spec(), progress).origin == "cache"


def test_the_arguments_of_a_spec_are_given_to_its_function(mirror, spec, progress, monkeypatch):
    seen = []

    def function(files, *, source, target):
        seen.append((sorted(files), source, target))
        return {"train": SPLIT, "test": SPLIT}

    monkeypatch.setattr("zoo.data.load.resolve", lambda reference, owner: function)
    load(spec(arguments={"source": "de", "target": "en"}), progress)
    assert seen == [(["images", "labels"], "de", "en")]


def test_generated_data(spec, progress, loading):
    loading({"train": SPLIT, "test": SPLIT})
    assert load(spec(files=()), progress).origin == "generated"


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        ({}, "gives no split 'train', only none"),
        ({"train": SPLIT, "valid": SPLIT}, "gives no split 'test', only train, valid"),
        ({"train": SPLIT, "test": {"image": IMAGES, "label": LABELS[1:]}}, "split 'test' .* gives image 3, label 2"),
        ({"train": {}, "test": SPLIT}, "split 'train' .* gives no array"),
        ({"train": SPLIT, "test": {"label": LABELS[:0]}}, "split 'test' .* gives label 0"),
    ],
)
def test_splits_are_checked(spec, progress, loading, splits, words):
    loading(splits)
    with pytest.raises(PluginError, match=f"nowhere:load of data set 'made' .*{words}"):
        load(spec(files=()), progress)


def test_a_reference_that_leads_nowhere(spec, progress):
    with pytest.raises(PluginError, match="'nowhere:load' of made leads nowhere"):
        load(spec(files=()), progress)


def test_own_data(spec, progress, loading):
    own = Dataset(id="folder", splits={"train": SPLIT, "test": SPLIT}, classes=("x", "y"), origin="own pictures in /folder")
    loading(own)
    assert load(spec(own="some:reader"), progress, own=Path("/folder"), name="mine").id == "mine"
    assert load(spec(own="some:reader"), progress, own=Path("/folder")).id == "folder"
    assert progress.notes[0] == "mine: own pictures in /folder"


def test_own_data_where_they_have_no_meaning(spec, progress):
    with pytest.raises(UsageError, match="The data of 'made' are generated, so they cannot be replaced by /folder"):
        load(spec(files=()), progress, own=Path("/folder"), name="mine")
    with pytest.raises(UsageError, match="cannot be replaced by /folder; leave out --data"):
        load(spec(), progress, own=Path("/folder"), name="mine")


def test_a_reader_that_returns_something_else(spec, progress, loading):
    loading({"train": SPLIT})
    with pytest.raises(PluginError, match="should return a Dataset, not a dict"):
        load(spec(own="some:reader"), progress, own=Path("/folder"))
