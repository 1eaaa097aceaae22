"""Own pictures as a folder for each class, perhaps parted into `train/` and `test/` or `val/`."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from zoo.data import class_layout
from zoo.data.class_layout import Files, printable
from zoo.data.dataset import Dataset, Split
from zoo.errors import DataError
from zoo.pictures.decode import KINDS, open_picture
from zoo.pictures.grey import Background, background_of, to_grey
from zoo.pictures.prepare import prepare
from zoo.spec import Picture

TEST_SHARE = 7
"""One picture in so many is held out for the test, as in MNIST."""
SEED = 0
SURVEY = 256
"""So many pictures at most are looked at to tell the background."""


def fits(folder: Path) -> bool:
    """Whether there is any sub-folder that may be a class."""
    return bool(class_layout.inner_folders(folder))


def read(folder: Path, picture: Picture) -> Dataset:
    """The data set in a folder of class folders; each picture goes the way it goes when the model is asked about it.

    The classes are the folders' names in order. Where there are no `train/` and `test/` (or `val/`, and the like) with
    class folders inside, one picture in seven of each class (at least one) is held out for the test, by a fixed seed.

    Raises:
        DataError: fewer than two classes, an empty class, a class with too few pictures, most files are no pictures, a class
            with a name that is no UTF-8, or a folder of folders where a class should be.
    """
    layout = class_layout.find(folder)
    parted = "train" in layout.files
    found = layout.files["train" if parted else ""]
    classes = tuple(found)
    if len(classes) < 2:
        raise DataError(f"{folder} has {len(classes)} class folder ({', '.join(classes)}); at least two classes are needed.")
    if strange := [name for name in layout.files.get("test", {}) if name not in found]:
        test, train = layout.folders["test"], layout.folders["train"]
        raise DataError(f"{test} has a class {strange[0]!r} that {train} has not.")
    picture = Picture(
        height=picture.height, width=picture.width, background=_background(found, picture.background), framing="whole"
    )
    reader = _Reader(picture)
    arrays = {split: {name: reader.read(paths) for name, paths in files.items()} for split, files in layout.files.items()}
    reader.check(folder)
    for split, by_class in arrays.items():
        for name, images in by_class.items():
            if not len(images):
                raise DataError(f"The class folder {layout.folders[split] / name} holds no picture; fill it or remove it.")
    random = np.random.default_rng(SEED)
    halves = (arrays["train"], arrays["test"]) if parted else _parted(arrays[""], folder, random)
    splits = {split: _joined(half, classes, random) for split, half in zip(("train", "test"), halves, strict=True)}
    origin = "; ".join([f"own pictures in {folder}", *layout.news, *reader.news()])
    return Dataset(id=folder.resolve().name, splits=splits, classes=classes, origin=origin, picture=picture)


def _background(files: Files, otherwise: Background) -> Background:
    """The background that most pictures have, by a sample taken evenly over the classes."""
    paths = [path for of_class in files.values() for path in of_class]
    votes: Counter[Background] = Counter()
    for path in paths[:: -(-len(paths) // SURVEY) or 1]:
        with contextlib.suppress(DataError):
            votes[background_of(to_grey(open_picture(path), otherwise))] += 1
    return votes.most_common(1)[0][0] if votes else otherwise


class _Reader:
    """Prepares pictures and keeps count of what was done, because one line for each of 10,000 would help nobody."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.total = 0
        self.bad: list[Path] = []
        self.done: Counter[str] = Counter()

    def read(self, paths: list[Path]) -> np.ndarray:
        """uint8 [pictures, height, width] of those files that are pictures."""
        images = []
        for path in paths:
            self.total += 1
            try:
                image, notes = prepare(open_picture(path), self.picture)
            except DataError:
                self.bad.append(path)
                continue
            images.append(image)
            self.done.update(note.partition(":")[0] for note in notes)
        size = (self.picture.height, self.picture.width)
        return np.stack(images) if images else np.empty((0, *size), np.uint8)

    def check(self, folder: Path) -> None:
        """Raise `DataError` when most files are no pictures: then the folder is not what it was taken for."""
        if 2 * len(self.bad) > self.total:
            raise DataError(
                f"{len(self.bad):,} of {self.total:,} files in {folder} are no pictures that can be read ({self._names()}); "
                f"they should be {KINDS}."
            )

    def news(self) -> list[str]:
        """What was done, in a few words each."""
        words = {
            "scaled": f"scaled to {self.picture.width}×{self.picture.height}",
            "inverted": f"inverted to a {self.picture.background} background",
            "blank": "blank",
            "unturned": "taken as they lie, for their EXIF data are damaged",
        }
        read = self.total - len(self.bad)
        news = [f"{self.done[word]:,} of {read:,} {what}" for word, what in words.items() if self.done[word]]
        if self.bad:
            news.append(f"{len(self.bad):,} of {self.total:,} files left out, no pictures ({self._names()})")
        return news

    def _names(self) -> str:
        more = f" and {len(self.bad) - 3:,} more" if len(self.bad) > 3 else ""
        return ", ".join(printable(f"{path.parent.name}/{path.name}") for path in self.bad[:3]) + more


def _parted(
    arrays: Mapping[str, np.ndarray], folder: Path, random: np.random.Generator
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Hold out one picture in seven of each class, at least one."""
    train, test = {}, {}
    for name, images in arrays.items():
        if len(images) < 2:
            raise DataError(f"The class folder {folder / name} holds one picture; training and test each need one.")
        order = random.permutation(len(images))
        held_out = max(1, len(images) // TEST_SHARE)
        test[name], train[name] = images[np.sort(order[:held_out])], images[np.sort(order[held_out:])]
    return train, test


def _joined(arrays: Mapping[str, np.ndarray], classes: Sequence[str], random: np.random.Generator) -> Split:
    """All classes in one split, in a fixed random order: a recipe may hold the last examples out for validation."""
    labels = np.concatenate([np.full(len(arrays[name]), number) for number, name in enumerate(classes) if name in arrays])
    images = np.concatenate([arrays[name] for name in classes if name in arrays])
    order = random.permutation(len(labels))
    return {"image": images[order], "label": labels[order].astype(np.int64)}
