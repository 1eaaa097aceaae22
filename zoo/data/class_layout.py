"""Where the class folders lie: at the top of a person's folder, or inside a training and a test folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from zoo.errors import DataError
from zoo.pictures.decode import HEAD, begins_like_picture

TRAIN = ("train", "training")
TEST = ("test", "testing", "val", "valid", "validation")
"""Names of a test folder, in any case of letters; the first of them that is there is taken."""
Files = dict[str, list[Path]]


@dataclass(frozen=True)
class Layout:
    """Which files are of which split and class.

    Args:
        folders: split → the folder with its class folders: `"train"` and `"test"`, or `""` alone where nothing is parted.
        files: split → class → its files, at any depth.
        news: what was taken or left out, for the person who asked.
    """

    folders: dict[str, Path]
    files: dict[str, Files]
    news: list[str]


def inner_folders(folder: Path) -> list[Path]:
    """The folders right inside, in order; hidden ones do not count."""
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))


def find(folder: Path) -> Layout:
    """The layout of a folder of class folders.

    Raises:
        DataError: a folder that should be a class holds only folders, or a class's name is no UTF-8.
    """
    folders, news = _splits(folder)
    if "" in folders:
        _check_classes(folder)
    return Layout(folders, {split: _files(path) for split, path in folders.items()}, news)


def _splits(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Split → its folder, and what is to be said about that."""
    inner = inner_folders(folder)
    parted = [path for path in inner if inner_folders(path)]
    train, test = (
        sorted((path for path in parted if path.name.lower() in names), key=lambda path: names.index(path.name.lower()))
        for names in (TRAIN, TEST)
    )
    if not train or not test:
        return {"": folder}, []
    news = [] if test[0].name.lower() == "test" else [f"{test[0].name} is the test split"]
    if others := [printable(path.name) for path in inner if path not in (train[0], test[0])]:
        news.append(f"{', '.join(others)} beside {train[0].name} and {test[0].name} left out")
    return {"train": train[0], "test": test[0]}, news


def _check_classes(folder: Path) -> None:
    """Raise `DataError` for a folder that holds only folders: then these may be the classes, and it a split or a copy."""
    for path in inner_folders(folder):
        if inner_folders(path) and not any(_is_picture(file) for file in path.iterdir()):
            raise DataError(
                f"The folder {printable(str(path))} holds only folders and no picture of its own, so it is no class; {folder} "
                f"should have a folder of pictures for each class, or train and test (or val) with such folders inside."
            )


def _is_picture(path: Path) -> bool:
    if path.name.startswith(".") or not path.is_file():
        return False
    with path.open("rb") as stream:
        return begins_like_picture(stream.read(HEAD))


def _files(folder: Path) -> Files:
    """Class → its files, at any depth; hidden ones (.DS_Store) do not count."""
    files = {}
    for inner in inner_folders(folder):
        if printable(inner.name) != inner.name:
            # It would go into JSON files and messages, none of which can hold it.
            raise DataError(f"The class folder {inner.name!r} in {folder} has a name that is no UTF-8 text; rename it.")
        files[inner.name] = sorted(
            path
            for path in inner.rglob("*")
            if path.is_file() and not any(part.startswith(".") for part in path.relative_to(inner).parts)
        )
    return files


def check_name(path: Path, kind: str) -> None:
    """Refuse own data whose name cannot go into a run's JSON files, which are UTF-8.

    Args:
        path: as it was given.
        kind: what it is called: `"file"`, `"folder"`.

    Raises:
        DataError: its name, or that of what it leads to, is no UTF-8 text.
    """
    if printable(name := f"{path} ({path.resolve().name})") != name:
        raise DataError(f"The {kind} {str(path)!r} has a name that is no UTF-8 text; rename it.")


def printable(name: str) -> str:
    """A file's name as UTF-8 text: what is none in it is shown as an escape."""
    return name.encode(errors="backslashreplace").decode()
