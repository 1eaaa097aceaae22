"""`Model.predict` takes what a person has, in every form, and answers as `answer` does; what does not fit is said in a sentence."""

from __future__ import annotations

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import zoo.runtime
from tests.artifacts import bar, example_images, facts, write_artifact
from tests.pictures import drawn, idx, npy, png
from tests.runtime.graphs import numbers_artifact
from zoo.errors import DataError, IntegrityError, UnknownName, UsageError

EXPORTED = Path(__file__).parents[2] / "exported"


@pytest.fixture
def model(tmp_path: Path) -> zoo.runtime.Model:
    return zoo.runtime.open(write_artifact(tmp_path))


@pytest.fixture
def numbers(tmp_path: Path) -> zoo.runtime.Model:
    return zoo.runtime.open(numbers_artifact(tmp_path))


@pytest.fixture(scope="module")
def xor() -> zoo.runtime.Model:
    return zoo.runtime.open(EXPORTED / "boolean.xor")


@pytest.fixture(scope="module")
def words() -> zoo.runtime.Model:
    return zoo.runtime.open(EXPORTED / "word2vec.skipgram.int8")


def test_a_picture_in_every_form_is_one_picture(model, tmp_path):
    path = tmp_path / "stroke.png"
    path.write_bytes(png())
    image = drawn()
    colour = np.asarray(image.convert("RGB"))
    expected = model.predict(path)
    assert expected["probabilities"].shape == (1, 10)
    for same in (
        str(path),
        png(),
        io.BytesIO(png()),
        image,
        [path],
        colour,
        np.dstack([colour, np.full(colour.shape[:2], 255, np.uint8)]),
    ):
        np.testing.assert_array_equal(model.predict(same)["probabilities"], expected["probabilities"])
    both = model.predict([path, image], png())
    np.testing.assert_array_equal(both["probabilities"], np.repeat(expected["probabilities"], 3, axis=0))


@pytest.mark.parametrize(
    "form",
    [
        lambda images: images,
        lambda images: images[..., None],
        lambda images: images[:, None],
        lambda images: images.reshape(3, 784),
        lambda images: images / 255,
        lambda images: images.astype(np.int64),
        lambda images: images.tolist(),
        list,
        npy,
        idx,
    ],
)
def test_arrays_in_every_usual_form(model, form):
    images = np.stack([bar(2), bar(14), bar(25)])
    assert model.predict(form(images))["label"].tolist() == ["0", "5", "8"]


def test_what_was_done_is_told_before_it_is_asked(model, tmp_path):
    (tmp_path / "a.png").write_bytes(png())
    given = model.prepare(tmp_path / "a.png", bar(14))
    assert given.names == [str(tmp_path / "a.png"), "input 2"]
    assert given.notes[str(tmp_path / "a.png")][0].startswith("inverted")
    assert given.arrays["image"].shape == (2, 28, 28)
    assert model.predict(given)["label"].tolist() == model.run(**given.arrays)["label"].tolist()


def test_truth_values_in_every_form(xor):
    for given in ("10", "1 0", "a=1,b=0", {"a": True, "b": False}, {"b": 0, "a": 1}, [1, 0], (True, False), np.array([[1.0, 0.0]])):
        assert xor.predict(given)["output"].tolist() == [True], given
    assert xor.predict(1, 0)["output"].tolist() == [True]
    assert xor.predict("00", {"a": 1, "b": 0}, [1, 1], np.eye(2))["output"].tolist() == [False, True, False, True, True]


def test_numbers_in_every_form(numbers, tmp_path):
    np.save(tmp_path / "x.npy", np.array([5.0, -3.5, 1]))
    for given in ("5,-3.5,1", " 5 -3.5  1.", [5, -3.5, 1], np.array([5, -3.5, 1]), tmp_path / "x.npy"):
        np.testing.assert_array_equal(numbers.predict(given)["code"], [[10, -7, 2]])
    np.testing.assert_array_equal(numbers.predict(5, -3.5, 1)["code"], [[10, -7, 2]])
    np.testing.assert_array_equal(numbers.predict("1,2,3", [[4, 5, 6], [7, 8, 9]])["code"], 2 * np.arange(1.0, 10).reshape(3, 3))


def test_what_are_no_numbers(numbers):
    for given in ("1_0,2,3", "1111 " * 60 + "x", "0x10,1,2"):
        with pytest.raises(DataError, match="There is no file"):
            numbers.predict(given)
    with pytest.raises(DataError, match="not finite"):
        numbers.predict("1,nan,2")
    with pytest.raises(DataError, match=r"has shape \[400\]; it should be \[3\]"):
        numbers.predict("1," * 400)


def test_texts_come_back_in_their_order(words):
    given = ["war", "a king and a queen", "peace"]
    found = words.predict(given)
    assert found["known"].tolist() == [True, False, True]
    assert found["neighbours"][0, 0] == words.predict("war")["neighbours"][0, 0] == "wars"
    for same in (np.array(given), np.array(given, dtype=object)):
        np.testing.assert_array_equal(words.predict(same)["vector"], found["vector"])
    np.testing.assert_array_equal(words.predict(*given, batch=1)["vector"], found["vector"])
    with pytest.raises(UsageError, match="at least 1, not 0"):
        words.predict("war", batch=0)
    assert words.predict(np.array([], dtype=object))["vector"].shape == (0, 100)
    assert words.predict("\ud800")["known"].tolist() == [False]


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ((), UsageError, "asked about nothing; give it brightness"),
        (("none.png",), DataError, r"There is no file none\.png"),
        (("",), UsageError, "An input is empty"),
        ((b"no picture at all",), DataError, "the input begins like none of the files"),
        ((b"",), IntegrityError, "the input is empty"),
        ((png()[:60],), IntegrityError, "begins like a picture but is damaged"),
        ((bar(1), b"x"), DataError, "input 2 begins like none"),
        ((np.zeros((3, 27, 28), np.uint8),), DataError, r"has shape \[3, 27, 28\]; it should be \[28, 28\]"),
        (([[1, 2], [3]],), DataError, "the input is no array"),
        ((None,), DataError, r"has shape \[\]"),
        ((np.array([["a"] * 28] * 28),), DataError, "should hold numbers"),
    ],
)
def test_what_is_no_picture(model, given, kind, said):
    with pytest.raises(kind, match=said):
        model.predict(*given)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        (("1 2",), UsageError, "should be 2 values 0 or 1, of a, b"),
        (({"a": 1, "c": 0},), UnknownName, "called 'c'"),
        (({"a": 1},), UsageError, "also needs b"),
        (({"a": 1, "b": 7},), UsageError, "gives b the value '7'"),
        (([1, 0, 1],), DataError, r"has shape \[3\]; it should be \[2\]"),
        ((0.5, 1), DataError, "other values than 0 and 1"),
        ((np.zeros((0, 2)),), DataError, "holds no example"),
    ],
)
def test_what_is_no_truth_value(xor, given, kind, said):
    with pytest.raises(kind, match=said):
        xor.predict(*given)


@pytest.mark.parametrize("given", [(5,), (b"war",), (Path("war"),), (np.array([1.0]),), ("war", None)])
def test_what_is_no_text(words, given):
    with pytest.raises(UsageError, match=r"takes text, which .* is not: a word: small, with a capital letter"):
        words.predict(*given)


def test_a_model_that_only_arrays_will_do_for(tmp_path):
    said = facts()
    said["inputs"][0] |= {"low": None, "high": None}
    said["inputs"][0]["shape"] = ["batch", 28, "width"]
    model = zoo.runtime.open(write_artifact(tmp_path, said=said))
    assert "arrays" in model.describe()
    with pytest.raises(UsageError, match="neither pictures, numbers, truth values nor text; ask it with arrays"):
        model.predict("x.png")
    assert model.run(image=bar(14)[None])["label"].tolist() == ["5"]


def test_describes_itself_in_plain_words(model, xor, tmp_path):
    said = model.describe()
    for words in (
        "cnn.fast: A classifier for tests.",
        "yes: every file",
        "image uint8 [batch, 28, 28]: brightness",
        "0, 1, 2",
        "28×28",
    ):
        assert words in said
    assert "2 truth values each" in xor.describe()
    (tmp_path / "bare.onnx").write_bytes((model.path / "model.onnx").read_bytes())
    assert "no: taken by its own word" in zoo.runtime.open(tmp_path / "bare.onnx").describe()


def test_warming_up_changes_no_answer(model, words):
    before = model.run(image=bar(14)[None])["probabilities"]
    for batch in (1, 7):
        model.warm_up(batch)
        words.warm_up(batch)
    np.testing.assert_array_equal(model.run(image=bar(14)[None])["probabilities"], before)
    with pytest.raises(UsageError, match="at least 1, not 0"):
        model.warm_up(0)


@pytest.mark.parametrize("name", ["cnn.fast", "boolean.xor", "word2vec.skipgram.int8"])
def test_many_threads_get_equal_answers(name):
    model = zoo.runtime.open(EXPORTED / name, threads=1)
    given = {"image": list(example_images(24)), "inputs": ["00", "01", "10", "11"] * 6, "word": ["war", "peace", "law"] * 8}
    each = given[model.inputs[0].name]
    expected = [model.predict(one) for one in each]
    start = threading.Barrier(16)

    def work(_: int) -> list[dict[str, np.ndarray]]:
        start.wait()
        return [model.predict(one, memory="1 MB") for one in each]

    with ThreadPoolExecutor(16) as pool:
        for answers in pool.map(work, range(16)):
            for answer, right in zip(answers, expected, strict=True):
                for output in right:
                    np.testing.assert_array_equal(answer[output], right[output])


def test_an_image_of_no_pixels_is_blank(model):
    given = model.prepare(Image.new("L", (0, 5)))
    assert given.notes == {"the input": ["blank: the picture has no pixels"]}
