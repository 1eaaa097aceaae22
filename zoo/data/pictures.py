"""A person's own pictures as a data set: a folder of idx files as MNIST has them, or of one folder a class."""

from __future__ import annotations

from pathlib import Path

from zoo.data import class_folders, idx_folder
from zoo.data.class_layout import check_name
from zoo.data.dataset import Dataset
from zoo.errors import DataError, PluginError
from zoo.pictures.decode import KINDS
from zoo.spec import DatasetSpec


def read_own(folder: Path, like: DatasetSpec) -> Dataset:
    """Read a folder of pictures for a model made for the data set `like`.

    Either four idx files, `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same with `t10k` or `test` (raw, `.gz`,
    `.xz`), or a folder for each class with pictures (PNG, JPEG, BMP, GIF, WebP), perhaps parted into `train/` and `test/`.

    Returns:
        Splits `train` and `test`, each with `image`, uint8 [n, height, width] of the size of `like`, and `label`, int64 [n].
        What was done to the pictures is said in `origin`.

    Raises:
        DataError: the folder is missing, is none, has a name that is no UTF-8, holds neither form, or what it holds does not fit.
        IntegrityError: an idx file is damaged.
    """
    if like.picture is None:
        raise PluginError(f"Data set {like.id!r} does not say how a picture enters, so it cannot be replaced by pictures.")
    if not folder.exists():
        raise DataError(f"The folder {folder} does not exist; it should hold pictures or idx files.")
    if not folder.is_dir():
        raise DataError(f"{folder} is a file; --data should be a folder of pictures or idx files.")
    check_name(folder, "folder")
    if idx_folder.fits(folder):
        return idx_folder.read(folder, like.picture)
    if class_folders.fits(folder):
        return class_folders.read(folder, like.picture)
    raise DataError(
        f"{folder} holds no data that can be read: it should have train-images-idx3-ubyte and its three fellows (raw or .gz), "
        f"or a folder for each class with {KINDS} pictures."
    )
