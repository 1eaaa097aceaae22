"""A person's own data as four idx files, with names for the labels."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from zoo.data.idx import write_idx
from zoo.data.pictures import read_own
from zoo.errors import DataError, IntegrityError
from zoo.spec import Picture


def images(count: int, background=0) -> np.ndarray:
    values = np.full((count, 8, 6), background, np.uint8)
    values[:, 2:6, 2:4] = 255 - background
    return values


def write_four(folder: Path, *, count=6, test="t10k", suffix="", mark="-", **more) -> None:
    for prefix, number in (("train", count), (test, 3)):
        write_idx(folder / f"{prefix}-images{mark}idx3-ubyte{suffix}", more.get("images", images)(number))
        write_idx(folder / f"{prefix}-labels{mark}idx1-ubyte{suffix}", np.arange(number, dtype=np.uint8) % 3)


@pytest.mark.parametrize("options", [{}, {"suffix": ".gz"}, {"test": "test"}, {"mark": "."}])
def test_four_idx_files(folder, like, options):
    write_four(folder, **options)
    dataset = read_own(folder, like)
    train, test = dataset.splits["train"], dataset.splits["test"]
    assert np.array_equal(train["image"], images(6))
    assert train["label"].tolist() == [0, 1, 2, 0, 1, 2]
    assert train["label"].dtype == np.int64
    assert (len(test["image"]), test["label"].tolist()) == (3, [0, 1, 2])
    assert (dataset.id, dataset.classes, dataset.licence) == ("own", ("0", "1", "2"), "unknown")
    assert dataset.picture == Picture(height=8, width=6, background="dark", framing="whole")
    assert dataset.origin == f"own idx files in {folder}"


def test_idx_files_of_masks_are_scaled_as_asked_ones_are(folder, like):
    write_four(folder, images=lambda count: images(count) // 255)
    dataset = read_own(folder, like)
    assert np.array_equal(dataset.splits["train"]["image"], images(6))
    assert dataset.origin == f"own idx files in {folder}; multiplied by 255, for no value is above 1"


def test_bright_border(folder, like):
    write_four(folder, images=lambda count: images(count, 255))
    assert read_own(folder, like).picture.background == "bright"


@pytest.mark.parametrize("text", ["boot\nbag\ncoat\n", "\ufeffboot\r\nbag\r\n coat \r\n\r\n"])
def test_names_of_the_labels(folder, like, text):
    write_four(folder)
    (folder / "labels.txt").write_text(text, encoding="utf-8", newline="")
    assert read_own(folder, like).classes == ("boot", "bag", "coat")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"boot\nbag\n", "names 2 classes, but the labels go up to 2; it should have 3 lines"),
        (b"boot\n\ncoat\n", "has an empty line"),
        (b"boot\nbag\nboot\n", "has 'boot' twice"),
        (b"\xff\xfe\xff", "is no UTF-8 text"),
    ],
)
def test_bad_names(folder, like, content, words):
    write_four(folder)
    (folder / "labels.txt").write_bytes(content)
    with pytest.raises(DataError, match=words):
        read_own(folder, like)


def test_idx_files_that_do_not_fit(folder, like):
    write_four(folder)
    write_idx(folder / "train-images-idx3-ubyte", np.zeros((6, 28, 28), np.uint8))
    with pytest.raises(DataError, match=r"train pictures in .* are 28×28 pixels; this model takes 6×8"):
        read_own(folder, like)
    write_idx(folder / "train-images-idx3-ubyte", images(7))
    with pytest.raises(DataError, match="has 7 pictures but 6 labels"):
        read_own(folder, like)
    write_idx(folder / "train-images-idx3-ubyte", np.arange(6, dtype=np.uint8))
    with pytest.raises(IntegrityError, match="begins with 0x00000801 instead of 0x00000803"):
        read_own(folder, like)
    (folder / "train-images-idx3-ubyte").unlink()
    with pytest.raises(DataError, match="lacks train-images-idx3-ubyte"):
        read_own(folder, like)
    write_idx(folder / "train-images-idx3-ubyte", images(0))
    write_idx(folder / "train-labels-idx1-ubyte", np.zeros(0, np.uint8))
    with pytest.raises(DataError, match=r"train split .* is empty"):
        read_own(folder, like)


def test_one_label_only(folder, like):
    write_four(folder, count=1)
    write_idx(folder / "t10k-images-idx3-ubyte", images(1))
    write_idx(folder / "t10k-labels-idx1-ubyte", np.zeros(1, np.uint8))
    with pytest.raises(DataError, match="should be at least two classes"):
        read_own(folder, like)


def test_a_damaged_idx_file(folder, like):
    write_four(folder)
    (folder / "train-labels-idx1-ubyte").unlink()
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(100))[:-9])
    with pytest.raises(IntegrityError, match=r"train-labels-idx1-ubyte\.gz is truncated"):
        read_own(folder, like)
