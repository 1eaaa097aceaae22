"""A person's own data as folders of pictures, one for each class: what is read, left out, scaled and said."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zoo.data.pictures import read_own
from zoo.errors import DataError, PluginError
from zoo.spec import Picture


def write_class(folder: Path, name: str, count: int, *, size=(6, 8), background=255, mode="L", form="png", seed=0) -> None:
    """Pictures that all differ: each has its number in the brightness of its subject."""
    (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        values = np.full((size[1], size[0]), background, np.uint8)
        values[size[1] // 4 : size[1] // 2, size[0] // 3 : size[0] // 2 + 1] = abs(background - 100 - seed - number)
        Image.fromarray(values).convert(mode).save(folder / name / f"{number:03}.{form}")


def test_class_folders(folder, like):
    write_class(folder, "shoe", 14)
    write_class(folder, "bag", 15, seed=50)
    (folder / "readme.txt").write_text("beside the classes, so it does not count")
    (folder / "bag" / ".DS_Store").write_text("nor does this")
    dataset = read_own(folder, like)
    assert dataset.classes == ("bag", "shoe")
    assert {split: np.bincount(arrays["label"]).tolist() for split, arrays in dataset.splits.items()} == {
        "train": [13, 12],
        "test": [2, 2],
    }
    for arrays in dataset.splits.values():
        assert (arrays["image"].dtype, arrays["image"].shape[1:], arrays["label"].dtype) == (np.uint8, (8, 6), np.int64)
    assert dataset.picture == Picture(height=8, width=6, background="bright", framing="whole")
    assert dataset.origin == f"own pictures in {folder}"
    # Every picture is in one split, once, with its own label.
    seen = [(image[2, 2], label) for arrays in dataset.splits.values() for image, label in zip(*arrays.values(), strict=True)]
    expected = [(155 - number, 1) for number in range(14)] + [(105 - number, 0) for number in range(15)]
    assert sorted(map(tuple, seen)) == sorted(expected)


def test_the_split_is_the_same_each_time_and_mixed(folder, like):
    write_class(folder, "a", 20)
    write_class(folder, "b", 20)
    one, two = read_own(folder, like), read_own(folder, like)
    assert one.sha256 == two.sha256
    # A recipe may hold the last examples out: they must not all be of the last class.
    assert len(set(one.splits["train"]["label"][-10:].tolist())) == 2


def test_given_train_and_test(folder, like):
    for split, count in (("train", 5), ("test", 2)):
        write_class(folder / split, "a", count, background=0)
        write_class(folder / split, "b", count, background=0)
    dataset = read_own(folder, like)
    assert {split: np.bincount(arrays["label"]).tolist() for split, arrays in dataset.splits.items()} == {
        "train": [5, 5],
        "test": [2, 2],
    }
    assert dataset.picture.background == "dark"
    write_class(folder / "test", "c", 1)
    with pytest.raises(DataError, match=r"test has a class 'c' that .*train has not"):
        read_own(folder, like)


@pytest.mark.parametrize(
    ("train", "test"),
    [("train", "val"), ("train", "valid"), ("training", "validation"), ("training", "testing"), ("Train", "Test")],
)
def test_other_names_of_the_splits(folder, like, train, test):
    for split, count in ((train, 4), (test, 2)):
        write_class(folder / split, "a", count)
        write_class(folder / split, "b", count)
    dataset = read_own(folder, like)
    assert dataset.classes == ("a", "b")
    assert {split: len(arrays["label"]) for split, arrays in dataset.splits.items()} == {"train": 8, "test": 4}
    assert dataset.origin == f"own pictures in {folder}" + ("" if test == "Test" else f"; {test} is the test split")


def test_test_goes_before_val_and_the_rest_is_said(folder, like):
    for split, count in (("train", 4), ("val", 3), ("test", 2)):
        write_class(folder / split, "a", count)
        write_class(folder / split, "b", count)
    (folder / "notes").mkdir()
    dataset = read_own(folder, like)
    assert len(dataset.splits["test"]["label"]) == 4
    assert dataset.origin == f"own pictures in {folder}; notes, val beside train and test left out"


@pytest.mark.parametrize("names", [("train", "unseen"), ("train",), ("fold1", "fold2")])
def test_folders_of_folders_are_no_classes(folder, like, names):
    for name in names:
        write_class(folder / name, "a", 2)
        write_class(folder / name, "b", 2)
        (folder / name / "labels.csv").write_text("not a picture")
    with pytest.raises(DataError, match=rf"{names[0]} holds only folders and no picture of its own, so it is no class; .*val"):
        read_own(folder, like)


def test_classes_may_have_folders_beside_their_pictures(folder, like):
    write_class(folder, "train", 3)
    write_class(folder, "test", 3)
    write_class(folder / "train", "more", 2, seed=20)
    dataset = read_own(folder, like)
    assert dataset.classes == ("test", "train")
    assert sum(int(arrays["label"].sum()) for arrays in dataset.splits.values()) == 5


def odd(folder: Path, name: bytes) -> Path:
    """A folder with a name that is no UTF-8, on systems that have such names."""
    path = folder / os.fsdecode(name)
    try:
        path.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    return path


def test_names_that_are_no_utf8(folder, like):
    write_class(folder, "a", 3)
    write_class(folder, odd(folder, b"caf\xe9").name, 3)
    with pytest.raises(DataError, match=r"class folder 'caf\\udce9' in .* is no UTF-8 text; rename it") as caught:
        read_own(folder, like)
    str(caught.value).encode()
    inner = odd(folder, b"own\xe9")
    write_class(inner, "a", 3)
    with pytest.raises(DataError, match=r"own\\udce9' has a name that is no UTF-8"):
        read_own(inner, like)


def test_a_file_left_out_may_have_any_name(folder, like):
    write_class(folder, "a", 3)
    write_class(folder, "b", 3)
    odd(folder / "b", b"x\xe9").rmdir()
    (folder / "b" / os.fsdecode(b"x\xe9")).write_text("hello")
    assert r"(b/x\udce9)" in read_own(folder, like).origin.encode().decode()


def test_a_picture_with_damaged_exif_is_taken_and_said(folder, like):
    write_class(folder, "a", 3)
    write_class(folder, "b", 3)
    with Image.open(folder / "a" / "000.png") as image:
        image.load()
        image.save(folder / "a" / "000.png", exif=b"Exif\0\0no TIFF at all")
    dataset = read_own(folder, like)
    assert dataset.origin == f"own pictures in {folder}; 1 of 6 taken as they lie, for their EXIF data are damaged"


def test_a_class_that_the_test_split_lacks_is_allowed(folder, like):
    write_class(folder / "train", "a", 3)
    write_class(folder / "train", "b", 3)
    write_class(folder / "test", "b", 2)
    assert read_own(folder, like).splits["test"]["label"].tolist() == [1, 1]


@pytest.mark.parametrize("form", ["png", "jpg", "bmp", "gif", "webp", "PNG"])
def test_formats_and_colours(folder, like, form):
    mode = "RGB" if form != "gif" else "P"
    write_class(folder, "a", 3, mode=mode, form=form)
    write_class(folder, "b", 3, mode=mode, form=form)
    assert len(read_own(folder, like).splits["train"]["label"]) == 4


def test_other_sizes_are_scaled_and_said(folder, like):
    write_class(folder, "a", 7, size=(60, 80))
    write_class(folder, "b", 7)
    dataset = read_own(folder, like)
    assert dataset.origin == f"own pictures in {folder}; 7 of 14 scaled to 6×8"


def test_the_few_the_other_way_round_are_inverted_and_said(folder, like):
    write_class(folder, "a", 7)
    write_class(folder, "b", 9)
    night = np.zeros((8, 6), np.uint8)
    night[2:6, 2:4] = 255
    Image.fromarray(night).save(folder / "a" / "night.png")
    assert read_own(folder, like).origin == f"own pictures in {folder}; 1 of 17 inverted to a bright background"


def test_a_file_that_is_no_picture_is_left_out_and_said(folder, like):
    write_class(folder, "a", 7)
    write_class(folder, "b", 7)
    for number in range(5):
        (folder / "b" / f"notes{number}.txt").write_text("hello")
    dataset = read_own(folder, like)
    assert dataset.origin == (
        f"own pictures in {folder}; 5 of 19 files left out, no pictures (b/notes0.txt, b/notes1.txt, b/notes2.txt and 2 more)"
    )
    assert sum(len(arrays["label"]) for arrays in dataset.splits.values()) == 14


def test_mostly_no_pictures(folder, like):
    for name in "ab":
        write_class(folder, name, 2)
        for number in range(3):
            (folder / name / f"x{number}.csv").write_text("1,2,3")
    with pytest.raises(DataError, match=r"6 of 10 files in .* are no pictures that can be read \(a/x0.csv"):
        read_own(folder, like)


def test_classes_that_do_not_do(folder, like):
    write_class(folder, "a", 3)
    with pytest.raises(DataError, match=r"has 1 class folder \(a\); at least two classes are needed"):
        read_own(folder, like)
    (folder / "b").mkdir()
    with pytest.raises(DataError, match=r"class folder .*/b holds no picture"):
        read_own(folder, like)
    write_class(folder, "b", 1)
    with pytest.raises(DataError, match=r"class folder .*/b holds one picture; training and test each need one"):
        read_own(folder, like)


def test_neither_form(folder, like, spec):
    with pytest.raises(DataError, match="does not exist; it should hold pictures or idx files"):
        read_own(folder / "nowhere", like)
    (folder / "file.zip").write_text("")
    with pytest.raises(DataError, match=r"file\.zip is a file; --data should be a folder"):
        read_own(folder / "file.zip", like)
    with pytest.raises(DataError, match="holds no data that can be read: it should have train-images-idx3-ubyte"):
        read_own(folder, like)
    with pytest.raises(PluginError, match="does not say how a picture enters"):
        read_own(folder, spec())


def test_training_pictures_go_the_way_of_asked_ones(folder, like):
    """The same picture becomes the same array in a data set and in a prediction."""
    from zoo.pictures.decode import open_picture
    from zoo.pictures.prepare import prepare

    write_class(folder, "a", 2, size=(90, 40))
    write_class(folder, "b", 2, size=(31, 77))
    dataset = read_own(folder, like)
    seen = {image.tobytes() for arrays in dataset.splits.values() for image in arrays["image"]}
    asked = {prepare(open_picture(path), dataset.picture)[0].tobytes() for path in folder.rglob("*.png")}
    assert seen == asked
