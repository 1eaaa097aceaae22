import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from zoo.errors import DataError
from zoo.pictures.decode import FORMATS, HEAD, begins_like_picture, decode, open_picture
from zoo.pictures.prepare import prepare
from zoo.spec import Picture

CENTRED = Picture(height=28, width=28, background="dark", framing="centred")
WHOLE = Picture(height=28, width=28, background="dark", framing="whole")
INVERTED = "inverted: dark on bright became bright on dark"


def paper(height=200, width=300, brightness=255) -> np.ndarray:
    return np.full((height, width), brightness, np.uint8)


def blob(height=200, width=300, paper_=255, ink=0) -> np.ndarray:
    """An upright bar off the middle."""
    values = paper(height, width, paper_)
    values[height // 4 : height // 4 + height // 2, width // 8 : width // 8 + height // 8] = ink
    return values


def png(values: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "PNG")
    return stream.getvalue()


def scene(digit: np.ndarray, seed: int, scale=5, paper_=255, ink=0, noise=0.0, shade=0.0) -> Image.Image:
    """A digit of MNIST written large on a bright sheet of 300×200, anywhere on it."""
    random = np.random.default_rng(seed)
    large = np.asarray(Image.fromarray(digit).resize((28 * scale, 28 * scale), Image.Resampling.BICUBIC), np.float64) / 255
    cover = np.zeros((200, 300))
    top, left = random.integers(0, 200 - 28 * scale + 1), random.integers(0, 300 - 28 * scale + 1)
    cover[top : top + 28 * scale, left : left + 28 * scale] = large
    values = paper_ + (ink - paper_) * cover - shade * np.linspace(0, 1, 300) + noise * random.normal(size=cover.shape)
    return Image.fromarray(np.rint(values.clip(0, 255)).astype(np.uint8))


def distance(found: np.ndarray, digit: np.ndarray) -> float:
    """Mean absolute difference, at the best of nine shifts: the centre of mass may round the other way."""
    shifted = [np.roll(found, (i, j), (0, 1)) for i in (-1, 0, 1) for j in (-1, 0, 1)]
    return float(min(np.abs(other.astype(float) - digit).mean() for other in shifted))


@pytest.mark.parametrize(
    "conditions",
    [
        {},
        {"scale": 2},
        {"scale": 7},
        {"noise": 6},
        {"paper_": 140, "ink": 30, "noise": 4},
        {"paper_": 230, "ink": 60, "noise": 3, "shade": 60},
    ],
)
def test_digits_on_paper_become_mnist_again(mnist_test_images, conditions):
    found = [(prepare(scene(digit, seed, **conditions), CENTRED), digit) for seed, digit in enumerate(mnist_test_images[:20])]
    for (image, notes), _ in found:
        assert (image.shape, image.dtype) == ((28, 28), np.uint8)
        assert notes == [INVERTED, "centred: the subject was cut out of 300×200, scaled and put in the middle of 28×28"]
    distances = [distance(image, digit) for (image, _), digit in found]
    others = [distance(image, mnist_test_images[20 + number]) for number, ((image, _), _) in enumerate(found)]
    # A black frame would be at about 30.
    assert np.mean(distances) < 8
    assert max(distances) < 16
    assert np.mean(others) > 20


def test_mnist_is_reproduced_from_its_own_pixels(mnist_test_images):
    """Moved off the middle of a larger frame, digits come back to where MNIST has them, pixel by pixel."""
    same = 0
    for digit in mnist_test_images[:100]:
        moved = np.zeros((60, 50), np.uint8)
        moved[25:53, 3:31] = digit
        found = prepare(Image.fromarray(moved), CENTRED)[0]
        same += np.abs(found.astype(int) - digit).max() <= 1  # some have no pixel of 255, but of 254
    assert same >= 75  # the rest have only faint pixels, below the threshold, at one rim of their box


def test_mnist_itself_is_left_alone(mnist_test_images):
    for digit in mnist_test_images[:500]:
        found, notes = prepare(Image.fromarray(digit), CENTRED)
        assert notes == []
        assert np.array_equal(found, digit)
    found, notes = prepare(Image.fromarray(255 - mnist_test_images[0]), CENTRED)
    assert notes == [INVERTED]
    assert np.array_equal(found, mnist_test_images[0])


def test_centred_geometry():
    found, _ = prepare(Image.fromarray(blob()), CENTRED)
    rows, columns = np.flatnonzero(found.any(1)), np.flatnonzero(found.any(0))
    assert (rows[0], rows[-1]) == (4, 23)  # 20 of 28, in the middle
    assert (columns[0], columns[-1]) in ((11, 15), (12, 16))  # 25 of 100 wide: five
    assert found.max() == 255


@pytest.mark.parametrize("shape", [(2, 200), (200, 2), (1, 500), (500, 1)])
@pytest.mark.parametrize("picture", [CENTRED, WHOLE])
def test_extreme_shapes(shape, picture):
    values = np.zeros(shape, np.uint8)
    values[shape[0] // 3 : shape[0] // 3 + 9, shape[1] // 3 : shape[1] // 3 + 9] = 200
    found, _ = prepare(Image.fromarray(values), picture)
    assert found.shape == (28, 28)


def test_dust_is_left_out():
    clean, dusty = blob(), blob()
    dusty[5:8, 290:293] = 0
    dusty[190:192, 150:152] = 0
    assert np.array_equal(prepare(Image.fromarray(dusty), CENTRED)[0], prepare(Image.fromarray(clean), CENTRED)[0])


def test_centred_for_a_bright_background():
    dark = prepare(Image.fromarray(blob()), CENTRED)[0]
    bright, notes = prepare(Image.fromarray(blob()), Picture(height=28, width=28, background="bright", framing="centred"))
    assert np.array_equal(bright, 255 - dark)
    assert [note.split(":")[0] for note in notes] == ["centred"]


def test_whole_is_padded_with_its_background():
    values = paper(100, 50, 0)
    values[25:75, 10:40] = 200
    found, notes = prepare(Image.fromarray(values), WHOLE)
    assert notes == ["scaled: 50×100 became 28×28, padded with its background"]
    assert not found[:, :7].any()
    assert not found[:, -7:].any()
    assert found[14, 14] == 200
    assert prepare(Image.fromarray(paper(56, 56, 0)), WHOLE)[1][-1] == "scaled: 56×56 became 28×28"


def test_sides_are_not_mixed_up():
    found, _ = prepare(Image.fromarray(blob(40, 30, 0, 255)), Picture(height=20, width=15))
    assert found.shape == (20, 15)
    found, notes = prepare(Image.fromarray(blob(20, 15, 0, 255)), Picture(height=20, width=15))
    assert (found.shape, notes) == ((20, 15), [])


MODES = ["1", "L", "P", "RGB", "CMYK", "YCbCr", "HSV", "LAB", "LA", "RGBA", "La", "RGBa", "PA", "I", "I;16", "I;16B", "F"]


@pytest.mark.parametrize("mode", MODES)
def test_every_mode(mode):
    plain = Image.fromarray(blob(28, 28))
    if mode.startswith("I;16"):
        deep = blob(28, 28).astype(np.uint16) * 257
        image = Image.frombytes(mode, (28, 28), deep.astype(">u2" if mode.endswith("B") else "<u2").tobytes())
    elif mode in ("La", "RGBa"):
        image = plain.convert(mode.replace("a", "A")).convert(mode)
    elif mode == "LAB":
        image = Image.merge("LAB", (plain, *(Image.new("L", (28, 28), 128) for _ in range(2))))
    elif mode == "PA":
        image = plain.convert("P").convert("PA")
    else:
        image = plain.convert("RGB").convert(mode) if mode in ("HSV", "CMYK", "YCbCr") else plain.convert(mode)
    assert image.mode == mode
    found, notes = prepare(image, CENTRED)
    assert notes == [INVERTED]
    assert np.abs(found.astype(int) - (255 - blob(28, 28))).max() <= 2


def test_sixteen_bits_from_a_file():
    stream = io.BytesIO(png(blob(28, 28).astype(np.uint16) * 257))
    assert np.array_equal(prepare(Image.open(stream), CENTRED)[0], 255 - blob(28, 28))


def test_floats():
    values = (255 - blob(28, 28)).astype(np.float32)
    for scale in (1, 1 / 255):
        assert np.array_equal(prepare(Image.fromarray(values * scale), CENTRED)[0], 255 - blob(28, 28))
    values[0, 0], values[1, 1] = np.nan, -1e9
    assert np.array_equal(prepare(Image.fromarray(values), CENTRED)[0], 255 - blob(28, 28))


def with_alpha(ink: int, beneath: int = 0) -> Image.Image:
    """Ink on a transparent ground, whose hidden colour should not matter."""
    mask = 255 - blob(28, 28)
    return Image.merge("LA", (Image.fromarray(np.where(mask > 0, ink, beneath).astype(np.uint8)), Image.fromarray(mask)))


@pytest.mark.parametrize("ink", [0, 255])
@pytest.mark.parametrize("beneath", [0, 90, 255])
@pytest.mark.parametrize("background", ["dark", "bright"])
def test_transparent_ground_becomes_the_background(ink, beneath, background):
    """Black ink on a transparent ground would vanish on a dark one: it is put on paper, then inverted like any other."""
    found, notes = prepare(with_alpha(ink, beneath), Picture(height=28, width=28, background=background, framing="centred"))
    mask = 255 - blob(28, 28)
    assert np.array_equal(found, mask if background == "dark" else 255 - mask)
    assert bool(notes) == ((ink == 0) == (background == "dark"))


def test_transparent_palette_colour():
    image = Image.frombytes("P", (28, 28), (blob(28, 28) == 0).astype(np.uint8).tobytes())
    image.putpalette([0, 0, 0, 0, 0, 0])
    image.info["transparency"] = 0
    assert np.array_equal(prepare(image, CENTRED)[0], 255 - blob(28, 28))


def test_orientation_of_a_camera():
    values = blob(40, 60, 0, 255)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter; to be turned back clockwise
    stream = io.BytesIO()
    Image.fromarray(np.rot90(values)).save(stream, "PNG", exif=exif)
    found, _ = prepare(Image.open(stream), Picture(height=40, width=60))
    assert np.array_equal(found, values)


@pytest.mark.parametrize("exif", [b"Exif\0\0no TIFF at all", b"Exif\0\0II*\0\x08\0\0\0\xff\xff\x12"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_damaged_exif_leaves_the_picture_as_it_lies(form, exif):
    stream = io.BytesIO()
    Image.fromarray(blob(28, 28, 0, 255)).save(stream, form, exif=exif)
    image, _ = decode(stream, "x")
    found, notes = prepare(image, WHOLE)
    assert notes == ["unturned: its EXIF data are damaged, so the picture was taken as it lies"]
    assert np.abs(found.astype(int) - blob(28, 28, 0, 255)).max() < 60


@pytest.mark.parametrize("brightness", [0, 100, 255])
@pytest.mark.parametrize("picture", [CENTRED, WHOLE, Picture(height=28, width=28, background="bright", framing="centred")])
@pytest.mark.parametrize("shape", [(28, 28), (1, 1), (200, 300)])
def test_blank(brightness, picture, shape):
    found, notes = prepare(Image.fromarray(paper(*shape, brightness)), picture)
    assert found.shape == (28, 28)
    assert [note for note in notes if note.startswith("blank")] == ["blank: the picture is of one even brightness"]
    assert len(np.unique(found)) == 1


def test_nearly_blank():
    values = paper()
    values[50:100, 50:60] = 240
    found, notes = prepare(Image.fromarray(values), CENTRED)
    assert "blank: nothing stands out from the background" in notes
    assert not found.any()


@settings(max_examples=150)
@given(
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
    st.integers(0, 999),
    st.sampled_from([2, 60, 256]),
    st.sampled_from(["dark", "bright"]),
    st.sampled_from(["centred", "whole"]),
)
def test_any_pixels_end_well(shape, seed, levels, background, framing):
    values = np.random.default_rng(seed).integers(0, levels, shape, np.uint8)
    values[np.random.default_rng(seed).random(shape) < 0.9] = levels // 2
    found, notes = prepare(Image.fromarray(values), Picture(height=9, width=12, background=background, framing=framing))
    assert (found.shape, found.dtype) == ((9, 12), np.uint8)
    assert shape == (9, 12) or notes


def test_no_pixels():
    found, notes = prepare(Image.new("L", (0, 5)), CENTRED)
    assert (found.shape, found.any(), notes) == ((28, 28), False, ["blank: the picture has no pixels"])


@pytest.mark.parametrize("form", FORMATS)
def test_open_picture(tmp_path, form):
    Image.fromarray(blob(28, 28)).save(tmp_path / "a", form, **({"lossless": True} if form == "WEBP" else {}))
    assert begins_like_picture((tmp_path / "a").read_bytes()[:HEAD])
    found, notes = prepare(open_picture(tmp_path / "a"), CENTRED)
    assert notes == [INVERTED]
    assert np.abs(found.astype(int) - (255 - blob(28, 28))).max() <= (40 if form == "JPEG" else 0)


def test_open_what_is_none(tmp_path):
    whole = png(np.random.default_rng(0).integers(0, 256, (28, 28), np.uint8))
    for name, content in {"empty": b"", "text": b"hello", "cut": whole[:-200], "head": whole[:30]}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match=f"{name} is no picture that can be read; it should be a PNG"):
            open_picture(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        open_picture(tmp_path / "missing.png")


@pytest.mark.parametrize("side", [12_000, 40_000])
def test_a_decompression_bomb_is_an_error(tmp_path, side):
    """By what its header announces; Pillow warns of the smaller one and refuses the larger one."""
    content = bytearray(png(blob(28, 28)))
    content[16:24] = struct.pack(">II", side, side)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    (tmp_path / "bomb.png").write_bytes(content)
    with pytest.raises(DataError, match="too many pixels"):
        open_picture(tmp_path / "bomb.png")
