import os
from pathlib import Path

import numpy as np
import pytest

import zoo_mnist
from zoo.data.load import load_dataset
from zoo.progress import Progress
from zoo.spec import HttpsRoute, NpmRoute
from zoo_mnist import MNIST

MIRROR = os.environ.get("ZOO_MIRROR")


def test_the_hook_returns_the_data_set():
    assert list(zoo_mnist.zoo_datasets()) == [MNIST]
    assert zoo_mnist.__doc__
    assert MNIST.licence in zoo_mnist.__doc__


def test_the_routes_lead_to_the_four_files():
    first, second, npm = MNIST.routes
    assert isinstance(first, HttpsRoute)
    assert isinstance(second, HttpsRoute)
    assert first.base.startswith("https://")
    assert second.base.startswith("https://")
    assert isinstance(npm, NpmRoute)
    assert len({file.sha256 for file in MNIST.files}) == 4
    assert all(len(file.sha256) == 64 for file in MNIST.files)


@pytest.mark.skipif(
    not MIRROR or not (Path(MIRROR) / "mnist").is_dir(), reason="needs MNIST: set ZOO_MIRROR to a folder with mnist/*.gz"
)
def test_the_real_thing(tmp_path, monkeypatch):
    """What the data card says, of the real files."""
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    dataset = load_dataset(MNIST, own=None, name=None, progress=Progress())
    assert dataset.origin == f"mirror {MIRROR}"
    assert (dataset.id, dataset.classes, dataset.picture) == ("mnist", tuple("0123456789"), MNIST.picture)
    for split, count in (("train", 60_000), ("test", 10_000)):
        arrays = dataset.splits[split]
        assert (arrays["image"].shape, arrays["image"].dtype) == ((count, 28, 28), np.uint8)
        assert (arrays["label"].shape, arrays["label"].dtype) == ((count,), np.int64)
    train, test = (np.bincount(dataset.splits[split]["label"]) for split in ("train", "test"))
    assert (train[5], train.min(), train[1], train.max()) == (5421, 5421, 6742, 6742)
    assert (test[5], test.min(), test[1], test.max()) == (892, 892, 1135, 1135)
    values = np.bincount(dataset.splits["train"]["image"].ravel(), minlength=256) / 47_040_000
    mean = (values * np.arange(256)).sum() / 255
    deviation = ((values * np.arange(256) ** 2).sum() / 255**2 - mean**2) ** 0.5
    assert f"mean {mean:.4f}, standard deviation {deviation:.4f}" in zoo_mnist.__doc__
