"""Own pictures as four idx files with the names that MNIST's have."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from zoo.data.compressed import SUFFIXES
from zoo.data.dataset import Dataset
from zoo.data.idx import read_idx
from zoo.errors import DataError
from zoo.spec import Picture

SPLITS = {"train": ("train",), "test": ("t10k", "test")}
ARRAYS = {"image": ("images", 3), "label": ("labels", 1)}
LABELS = "labels.txt"


def _find(folder: Path, split: str, array: str) -> Path | None:
    """The file of one array, in the first of the spellings that exist (`images-idx3` and `images.idx3` are both about)."""
    kind, axes = ARRAYS[array]
    for prefix in SPLITS[split]:
        for mark in "-.":
            for suffix in SUFFIXES:
                path = folder / f"{prefix}-{kind}{mark}idx{axes}-ubyte{suffix}"
                if path.is_file():
                    return path
    return None


def fits(folder: Path) -> bool:
    """Whether any of the four files is there."""
    return any(_find(folder, split, array) for split in SPLITS for array in ARRAYS)


def read(folder: Path, picture: Picture) -> Dataset:
    """The data set in a folder with the four files; the labels are named by `labels.txt` (one a line), else by their numbers.

    Raises:
        DataError: a file is missing, the pictures have another size than `picture`, counts differ, names are too few.
        IntegrityError: a file is damaged.
    """
    size = (picture.height, picture.width)
    splits = {split: {array: _array(folder, split, array) for array in ARRAYS} for split in SPLITS}
    for split, arrays in splits.items():
        images, labels = arrays["image"], arrays["label"]
        if images.shape[1:] != size:
            found = f"{images.shape[2]}×{images.shape[1]}"
            raise DataError(f"The {split} pictures in {folder} are {found} pixels; this model takes {size[1]}×{size[0]}.")
        if len(images) != len(labels):
            raise DataError(f"The {split} split in {folder} has {len(images):,} pictures but {len(labels):,} labels.")
        if not len(images):
            raise DataError(f"The {split} split in {folder} is empty; it should have pictures.")
        arrays["label"] = labels.astype(np.int64)
    note = ""
    if max(int(arrays["image"].max()) for arrays in splits.values()) == 1:
        # As `predict` takes an array of 0 and 1: as brightness out of 255 they would both be black.
        for arrays in splits.values():
            arrays["image"] = arrays["image"] * np.uint8(255)
        note = "; multiplied by 255, for no value is above 1"
    most = max(int(arrays["label"].max()) for arrays in splits.values())
    classes = _class_names(folder / LABELS, most)
    rim = splits["train"]["image"]
    mean = np.concatenate([rim[:, 0], rim[:, -1], rim[:, :, 0], rim[:, :, -1]], axis=1).mean()
    return Dataset(
        id=folder.resolve().name,
        splits=splits,
        classes=classes,
        origin=f"own idx files in {folder}{note}",
        picture=Picture(height=size[0], width=size[1], background="bright" if mean > 127 else "dark", framing="whole"),
    )


def _array(folder: Path, split: str, array: str) -> np.ndarray:
    path = _find(folder, split, array)
    if path is None:
        kind, axes = ARRAYS[array]
        names = " or ".join(f"{prefix}-{kind}-idx{axes}-ubyte" for prefix in SPLITS[split])
        raise DataError(f"{folder} lacks {names} (raw or .gz); it should have pictures and labels of both splits.")
    return read_idx(path, axes=ARRAYS[array][1])


def _class_names(path: Path, most: int) -> tuple[str, ...]:
    """The names of labels 0 … `most`, from a file with one a line, else their numbers."""
    if most < 1:
        raise DataError(f"All labels in {path.parent} are 0; there should be at least two classes.")
    if not path.is_file():
        return tuple(str(number) for number in range(most + 1))
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8-sig").rstrip().splitlines()]
    except UnicodeDecodeError:
        raise DataError(f"{path} is no UTF-8 text; it should have the name of one class in each line.") from None
    if len(names) <= most:
        raise DataError(f"{path} names {len(names)} classes, but the labels go up to {most}; it should have {most + 1} lines.")
    if "" in names or len(set(names)) < len(names):
        fault = "an empty line" if "" in names else f"{next(n for n in names if names.count(n) > 1)!r} twice"
        raise DataError(f"{path} has {fault}; it should have the name of one class in each line.")
    return tuple(names)
