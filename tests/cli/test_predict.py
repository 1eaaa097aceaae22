"""`zoo predict`: every kind of input, what is shown of the answer, and never torch."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo.cli.artifacts
import zoo.runtime
from tests.artifacts import bar, example_images, example_pixels
from tests.commands import Zoo
from tests.pictures import drawn, idx, npy, png
from tests.runtime.graphs import numbers_artifact
from zoo.pictures.prepare import prepare
from zoo.spec import Picture


def expected(images: np.ndarray) -> list[str]:
    """What the artifact says to arrays, one by one."""
    model = zoo.runtime.open(Path("exported/cnn.fast"))
    return [label for image in images for label in model.run(image=image[None])["label"].tolist()]


# --- Pictures -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["png", "bmp", "gif", "webp", "jpg"])
def test_every_format_is_prepared_as_in_training(zoo_: Zoo, kind: str) -> None:
    options = {"webp": {"lossless": True}, "jpg": {"quality": 95}}.get(kind, {})
    drawn().save(f"stroke.{kind}", **options)
    with Image.open(f"stroke.{kind}") as image:
        seen, _ = prepare(image, Picture(height=28, width=28, background="dark", framing="centred"))
    result = zoo_("predict", "cnn.fast", f"stroke.{kind}", "--json")
    assert result.code == 0, result.err
    answer = json.loads(result.out)
    probabilities = zoo.runtime.open(Path("exported/cnn.fast")).run(image=seen[None])["probabilities"][0]
    assert [item["probability"] for item in answer["answers"][0]["top"]] == sorted(map(float, probabilities), reverse=True)[:3]
    assert answer["artifact"] == "exported/cnn.fast"
    assert answer["certified"] is True


def test_says_what_it_took_and_what_it_did(zoo_: Zoo) -> None:
    drawn().save("stroke.png")
    result = zoo_("predict", "cnn.fast", "stroke.png")
    assert "cnn.fast from exported/cnn.fast (certified, on cpu)" in result.err
    assert "stroke.png: inverted" in result.err
    assert "centred" in result.err
    header, row = result.out.splitlines()
    assert header.split() == ["input", "label", "probability", "runners-up"]
    assert row.startswith("stroke.png")
    assert row.count("%") == 3


def test_dark_on_bright_and_bright_on_dark_are_one_picture(zoo_: Zoo) -> None:
    drawn().save("a.png")
    drawn(inverted=True).save("b.png")
    result = zoo_("predict", "cnn.fast", "a.png", "b.png", "--json")
    first, second = json.loads(result.out)["answers"]
    assert first["top"] == second["top"]
    assert "b.png: inverted" not in result.err


def test_folder_of_pictures(zoo_: Zoo) -> None:
    for name in ("pics/b.png", "pics/deep/a.PNG", "pics/.hidden.png"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        drawn().save(name)
    Path("pics/notes.txt").write_text("not a picture")
    result = zoo_("predict", "cnn.fast", "pics")
    assert [line.split()[0] for line in result.out.splitlines()[1:]] == ["pics/b.png", "pics/deep/a.PNG"]


def test_many_pictures_are_told_of_in_sum(zoo_: Zoo) -> None:
    Path("pics").mkdir()
    for number in range(25):
        drawn().save(f"pics/{number:02}.png")
    result = zoo_("predict", "cnn.fast", "pics")
    assert "25 inputs: " in result.err
    assert "inverted 25" in result.err
    assert len(result.err.splitlines()) == 2


def test_damaged_exif_leaves_the_picture_as_it_lies(zoo_: Zoo) -> None:
    drawn().save("plain.png")
    drawn().save("odd.png", exif=b"Exif\0\0no TIFF at all")
    result = zoo_("predict", "cnn.fast", "plain.png", "odd.png", "--json")
    assert result.code == 0, result.err
    first, second = json.loads(result.out)["answers"]
    assert first["top"] == second["top"]
    assert "odd.png: unturned: its EXIF data are damaged" in result.err
    # The camera's pictures take a way of their own.
    result = zoo_("predict", "camera.hand", "odd.png")
    assert (result.code, "odd.png: unturned" in result.err) == (0, True)


def test_first_frame_of_an_animation(zoo_: Zoo) -> None:
    drawn().save("moving.gif", save_all=True, append_images=[drawn(inverted=True)])
    drawn().save("still.gif")
    result = zoo_("predict", "cnn.fast", "moving.gif", "still.gif", "--json")
    first, second = json.loads(result.out)["answers"]
    assert first["top"] == second["top"]
    assert "moving.gif: the first of 2 frames was taken" in result.err


def test_prepared_shows_what_the_network_saw(zoo_: Zoo) -> None:
    drawn().save("stroke.png")
    np.save("x.npy", bar(3))
    assert zoo_("predict", "cnn.fast", "stroke.png", "x.npy", "--prepared", "seen.png").code == 0
    seen, _ = prepare(drawn(), Picture(height=28, width=28, background="dark", framing="centred"))
    with Image.open("seen.png") as image:
        sheet = np.asarray(image)
    factor = 140 // 28
    np.testing.assert_array_equal(sheet[4 : 4 + 140 : factor, 4 : 4 + 140 : factor], seen)
    np.testing.assert_array_equal(sheet[4 : 4 + 140 : factor, 148 : 148 + 140 : factor], bar(3))


# --- Arrays ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape", [(3, 28, 28), (3, 28, 28, 1), (3, 1, 28, 28), (3, 784)], ids=lambda shape: "x".join(map(str, shape))
)
def test_layouts_of_arrays(zoo_: Zoo, shape: tuple[int, ...]) -> None:
    images = example_images(3)
    np.save("x.npy", images.reshape(shape))
    result = zoo_("predict", "cnn.fast", "x.npy", "-q")
    assert (result.out.split(), result.err) == (expected(images), "")


@pytest.mark.parametrize("shape", [(28, 28), (28, 28, 1), (784,), (1, 784)])
def test_a_single_picture_as_array(zoo_: Zoo, shape: tuple[int, ...]) -> None:
    np.save("x.npy", bar(20).reshape(shape))
    result = zoo_("predict", "cnn.fast", "x.npy")
    assert result.out.splitlines()[1].split()[:2] == ["x.npy", "7"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda image: image / 255, "multiplied by 255 and rounded"),
        (lambda image: image.astype(np.float32), "rounded to whole numbers"),
        (lambda image: image.astype(np.int64), "taken as it is"),
        (lambda image: image.astype(">f8"), "rounded to whole numbers"),
        (lambda image: image > 0, "true became 255"),
        (lambda image: (image > 0).astype(np.uint8), "multiplied by 255, for no value is above 1"),
        (lambda image: (image > 0).astype(np.int64), "multiplied by 255, for no value is above 1"),
    ],
)
def test_values_of_arrays(zoo_: Zoo, change: object, said: str) -> None:
    images = np.stack([bar(2), bar(25)])
    np.save("x.npy", change(images))  # type: ignore[operator]
    result = zoo_("predict", "cnn.fast", "x.npy", "--json")
    answers = json.loads(result.out)["answers"]
    assert [answer["label"] for answer in answers] == ["0", "8"]
    assert [answer["input"] for answer in answers] == ["x.npy[0]", "x.npy[1]"]
    assert said in result.err


def test_npz_and_idx(zoo_: Zoo) -> None:
    images = example_images(5)
    np.savez("x.npz", b=images[:2], a=images[2:3])
    Path("t10k-images-idx3-ubyte").write_bytes(idx(images[3:]))
    Path("packed.gz").write_bytes(gzip.compress(idx(images[3:])))
    result = zoo_("predict", "cnn.fast", "x.npz", "t10k-images-idx3-ubyte", "packed.gz", "-q")
    assert result.out.split() == expected(images[[0, 1, 2, 3, 4, 3, 4]])
    result = zoo_("predict", "cnn.fast", "x.npz")
    assert [line.split()[0] for line in result.out.splitlines()[1:]] == ["x.npz:b[0]", "x.npz:b[1]", "x.npz:a"]


def test_more_examples_than_a_batch(zoo_: Zoo) -> None:
    images = example_images(1030)
    np.save("x.npy", images)
    assert zoo_("predict", "cnn.fast", "x.npy", "-q").out.split() == expected(images)


def test_stdin(zoo_: Zoo) -> None:
    drawn().save("x.png")
    same = json.loads(zoo_("predict", "cnn.fast", "x.png", "--json").out)["answers"][0]["top"]
    answer = json.loads(zoo_("predict", "cnn.fast", "-", "--json", stdin=png()).out)["answers"][0]
    assert (answer["input"], answer["top"]) == ("stdin", same)
    for content in (npy(bar(20)), idx(bar(20)[None]), gzip.compress(idx(bar(20)[None]))):
        assert zoo_("predict", "cnn.fast", "-", "-q", stdin=content).out == "7\n"


# --- The camera -----------------------------------------------------------------------------------------------------------


def test_camera_takes_pictures_and_patterns(zoo_: Zoo) -> None:
    Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).save("diagonal.png")
    Image.fromarray(np.array([[0, 200], [0, 200]], np.uint8)).resize((100, 100), Image.Resampling.NEAREST).save("large.png")
    result = zoo_("predict", "camera.hand", "diagonal.png", "large.png")
    assert [line.split()[1] for line in result.out.splitlines()[1:]] == ["diagonal", "vertical"]
    assert "brightness of 128 and above became +1, below -1" in result.err
    assert "large.png: scaled: 100×100 became 2×2" in result.err


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1, 1], [-1, -1]], np.float32),
        np.array([[1, 1], [-1, -1]], np.int8),
        np.array([[[1, 1], [-1, -1]]], np.float64),
        np.array([1, 1, -1, -1]),
        np.array([[True, True], [False, False]]),
        np.array([[255, 128], [127, 0]], np.uint8),
    ],
)
def test_camera_takes_arrays(zoo_: Zoo, array: np.ndarray) -> None:
    np.save("x.npy", array)
    assert zoo_("predict", "camera.hand", "x.npy", "-q").out == "horizontal\n"


@pytest.mark.parametrize("array", [np.array([[0, 1], [1, 0]], np.uint8), np.array([[0.5, 1], [1, 1]]), np.array([[2, 1], [1, 1]])])
def test_camera_does_not_guess(zoo_: Zoo, array: np.ndarray) -> None:
    np.save("x.npy", array)
    result = zoo_("predict", "camera.hand", "x.npy")
    assert result.code == 1
    assert "they should be -1 and 1, or uint8 brightness" in result.err


def test_all_sixteen_patterns(zoo_: Zoo) -> None:
    np.save("x.npy", example_pixels(16))
    result = zoo_("predict", "camera.hand", "x.npy", "--json")
    labels = [answer["label"] for answer in json.loads(result.out)["answers"]]
    assert [labels[bits] for bits in (0, 15, 10, 5, 9, 6, 12, 3)] == [
        *("solid", "solid", "vertical", "vertical", "diagonal", "diagonal", "horizontal", "horizontal")
    ]


# --- Numbers --------------------------------------------------------------------------------------------------------------


def test_numbers_may_be_negative(zoo_: Zoo, here: Path) -> None:
    numbers_artifact(here / "exported")
    for arguments in (("-5.1,3.5,1",), ("-q", "-5.1,3.5,1"), ("-5.1 3.5 1", "-q"), ("--", "-5.1,3.5,1")):
        found = zoo_("predict", "numbers.twice", *arguments)
        assert (found.code, "-10.2" in found.out) == (0, True), found.err
    assert json.loads(zoo_("predict", "numbers.twice", "-1,-2,-3", "--json").out)["answers"][0]["input"] == "-1,-2,-3"
    assert zoo_("predict", "numbers.twice", "-5x,1").code == 2


def test_a_file_goes_before_a_number_of_its_name(zoo_: Zoo, here: Path) -> None:
    numbers_artifact(here / "exported")
    (here / "1,2,3").write_bytes(npy(np.array([4.0, 5, 6])))
    assert zoo_("predict", "numbers.twice", "1,2,3", "-q").out.split() == ["8", "10", "12"]
    assert zoo_("predict", "numbers.twice", "1_0,2,3").err.endswith("There is no file 1_0,2,3.\n")


# --- Output ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("top", "shown"), [(1, 1), (4, 4), (10, 10), (99, 10)])
def test_top(zoo_: Zoo, top: int, shown: int) -> None:
    np.save("x.npy", bar(1))
    answer = json.loads(zoo_("predict", "cnn.fast", "x.npy", "--json", "--top", top).out)["answers"][0]
    assert len(answer["top"]) == shown
    assert answer["top"][0] == {"label": answer["label"], "probability": answer["probability"]}
    probabilities = [item["probability"] for item in answer["top"]]
    assert probabilities == sorted(probabilities, reverse=True)


def test_label_comes_first_in_a_tie(zoo_: Zoo) -> None:
    np.save("x.npy", np.zeros((28, 28), np.uint8))
    answer = json.loads(zoo_("predict", "cnn.fast", "x.npy", "--json").out)["answers"][0]
    assert [item["label"] for item in answer["top"]] == ["0", "1", "2"]


SCRIPT = """
import sys
from zoo.cli.main import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
heavy = {"torch", "onnx", "onnxscript", "matplotlib", "rich"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.mark.parametrize("name", ["x.png", "x.npy"])
def test_never_imports_torch(here: Path, name: str) -> None:
    drawn().save("x.png")
    np.save("x.npy", bar(1))
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, "predict", "cnn.fast", name],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(path or str(here) for path in sys.path)},
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[1].startswith(name)
