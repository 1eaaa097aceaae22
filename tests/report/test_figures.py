"""What is drawn: real files, nothing cut off, colours that stay apart."""

from __future__ import annotations

import io
import warnings
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.report.test_views import history
from zoo.report.attention import Attention, Looked
from zoo.report.confusion import Confusion, percent
from zoo.report.curves import Curves, running_mean, thinned
from zoo.report.filters import Bank, Filters
from zoo.report.mistakes import Mistakes
from zoo.report.samples import Samples
from zoo.report.sheet import BODY, MARGIN, Sheet, fitted, resized, shortened, width_of, wrapped
from zoo.report.style import DARK, LIGHT, SIGNED, SMALL, THEMES, TITLE, blend, grey, lightness, limit_of, rgb, signed
from zoo.report.translations import Translations
from zoo.report.weights import Weights
from zoo.views.gather import gather

LONG = ("a three with two open bowls, written quickly", "five: $5, not $6_{}", "an eight\tlike a snowman", "漢字 🦆", "x" * 300)


def pixels(content: bytes) -> np.ndarray:
    """uint8 [height, width, 3] of a PNG's bytes."""
    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def named(classes: int) -> tuple[str, ...]:
    return (LONG + tuple(f"class number {number}" for number in range(classes)))[:classes]


def made_confusion(classes: int, *, right: bool = False) -> Confusion:
    counts = np.diag(np.arange(classes) + 1000)
    if not right:
        counts = counts + np.random.default_rng(classes).integers(0, 40, (classes, classes)) ** 2 // 200
    return Confusion(id="made.up", split="test", classes=named(classes), counts=counts.astype(np.int64))


def made_mistakes(classes: int, shown: int, size: tuple[int, int] = (28, 28)) -> Mistakes:
    generator = np.random.default_rng(0)
    likely = np.array([generator.permutation(classes)[:3] for _ in range(shown)])
    return Mistakes(
        id="made.up",
        split="test",
        classes=named(classes),
        wrong=shown * 1000,
        examples=123_456,
        often=((0, 1, 1234),),
        indices=np.arange(shown) * 1000,
        pictures=generator.integers(0, 256, (shown, *size), dtype=np.uint8),
        low=0,
        high=255,
        labels=likely[:, -1],
        likely=likely,
        probabilities=np.tile([0.999, 0.0009, 0.0001][: likely.shape[1]], (shown, 1)),
    )


def made_samples(classes: int, size: tuple[int, int] = (28, 28)) -> Samples:
    pictures = np.random.default_rng(0).integers(0, 256, (20, *size), dtype=np.uint8)
    # Of one class the split has no picture.
    return Samples(
        id="own",
        split="test",
        classes=named(classes),
        pictures=tuple(pictures[: 20 - label if label != 1 else 0] for label in range(classes)),
        low=0,
        high=255,
        counts=np.full(classes, 20),
    )


def made_curves(steps: int, epoch: int) -> Curves:
    lines = history(steps, epoch)
    of_steps, of_epochs = ([line for line in lines if line["kind"] == kind] for kind in ("step", "epoch"))
    metrics = ("loss", "accuracy")
    return Curves(
        id="made.up",
        steps=np.array([line["step"] for line in of_steps]),
        by_step={name: np.array([line[name] for line in of_steps]) for name in metrics},
        epochs=np.array([line["epoch"] for line in of_epochs]),
        ends=np.array([line["step"] for line in of_epochs]),
        by_epoch={
            split: {name: np.array([line[f"{split}_{name}"] for line in of_epochs]) for name in metrics}
            for split in ("train", "test")
        }
        if of_epochs
        else {},
    )


def made_attention(read: int, written: int) -> Attention:
    weights = np.random.default_rng(0).dirichlet(np.full(read, 0.3), written)  # [written, read]
    words = [f"{'wort' * (1 + number % 12)}{number}" for number in range(max(read, written))]
    short = Looked(("Halt", "!", ""), ("Stop", "!", ""), np.eye(3))
    long = Looked((*words[: read - 1], ""), ("‹Kauderwelsch›", *words[: written - 1]), weights, cut=True)
    return Attention("made.up", (short, long, short))


def made_translations(*, references: bool) -> Translations:
    texts = ("Halt!", "", "word " * 60, "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen " * 2, "$5 or $10", "ЖЖ " * 20)
    return Translations("made.up", texts, texts[::-1], texts if references else None, -np.arange(6) / 7)


PLOTS = {
    "attention of a word": Attention("made.up", (Looked(("",), ("",), np.ones((1, 1))),)),
    "attention of long words": made_attention(14, 24),
    "translations": made_translations(references=False),
    "translations beside a person's": made_translations(references=True),
    **{f"confusion of {classes}": made_confusion(classes) for classes in (2, 5, 12, 13, 30, 100)},
    "confusion without mistakes": made_confusion(3, right=True),
    "mistakes among 2": made_mistakes(2, 15),
    "mistakes among 5": made_mistakes(5, 7),
    "one large mistake": made_mistakes(40, 1, (300, 200)),
    **{f"samples of {classes}": made_samples(classes) for classes in (2, 12, 13, 100, 250)},
    "large samples": made_samples(4, (100, 224)),
    "tiny samples": made_samples(4, (1, 1)),
    "curves of steps": made_curves(30, 100),
    "curves of epochs": made_curves(400, 4),
    "a long run": made_curves(20_000, 400),
    "wide weights": Weights("made.up", "hidden", 9, named(9), np.random.default_rng(0).normal(size=(9, 28, 28)), classes=True),
    "black weights": Weights("made.up", "hidden", 1, ("0",), np.zeros((1, 2, 2)), classes=False),
    "filters of 64 over 3": Filters("made.up", (Bank("first", 64, 3, np.random.default_rng(0).normal(size=(8, 3, 7, 5))),)),
}


@pytest.mark.parametrize("name", PLOTS)
def test_nothing_is_cut_off(name):
    """The margin stays empty, whatever the classes are called and however many there are; there is something inside."""
    sheet = PLOTS[name].draw(LIGHT)
    picture = pixels(sheet.encode())
    assert picture.shape == (sheet.height, sheet.width, 3)
    assert sheet.width <= BODY + 2 * MARGIN == 1008
    inside = np.zeros(picture.shape[:2], bool)
    inside[10:-10, MARGIN - 16 : 16 - MARGIN] = True
    assert (picture[~inside] == rgb(LIGHT.paper)).all()
    assert (picture[inside] != rgb(LIGHT.paper)).any(1).mean() > 0.01


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("model", ["cnn.fast", "camera.trained", "mlp.sgd-512"])
def test_every_view_of_a_model_is_a_real_picture(model, theme, subject_of):
    subject = replace(subject_of(model), lines=history(12, 4))
    plots = gather(subject).plots
    assert "curves" in plots
    for plot in plots.values():
        sheet = plot.draw(THEMES[theme])
        content = sheet.encode()
        picture = pixels(content)
        assert picture.shape == (sheet.height, sheet.width, 3)
        assert (picture[:8] == rgb(THEMES[theme].paper)).all()
        assert len(Image.open(io.BytesIO(content)).convert("RGB").getcolors()) > 20
        assert len(content) < 80_000
        assert plot.shows
        assert plot.lesson.endswith((".", ")"))


def test_a_pixel_of_a_picture_is_a_square_of_its_very_colour(subject_of):
    found = gather(subject_of("cnn.fast"), ["maps"]).plots["maps"]
    sheet = found.draw(LIGHT)
    picture = pixels(sheet.encode())
    top, left = sheet.top + 30, sheet.left
    shown = picture[top : top + 112, left : left + 112]
    expected = grey(found.picture, found.low, found.high)
    assert (shown == np.repeat(np.repeat(expected, 4, 0), 4, 1)).all()


def test_vector_formats_keep_letters_and_lines(subject_of):
    plot = gather(subject_of("cnn.fast"), ["confusion"]).plots["confusion"]
    sheet = plot.draw(DARK)
    svg, pdf = sheet.encode("svg"), sheet.encode("pdf")
    assert svg.startswith(b"<?xml")
    assert b"<path" in svg
    assert pdf.startswith(b"%PDF")
    assert (pixels(sheet.encode("png"))[0, 0] == rgb(DARK.paper)).all()


def test_nobodys_settings_matter_and_none_are_changed(subject_of):
    plot = made_curves(40, 10)
    plain = pixels(plot.draw(LIGHT).encode())
    settings = {
        "font.size": 30,
        "font.family": "serif",
        "axes.facecolor": "red",
        "axes.grid": True,
        "axes.grid.which": "both",
        "axes.linewidth": 5,
        "axes.spines.top": False,
        "lines.linewidth": 9,
        "lines.marker": "x",
        "xtick.top": True,
        "xtick.minor.visible": True,
        "xtick.labelsize": 30,
        "axes.formatter.limits": (0, 0),
        "axes.xmargin": 0.4,
        "savefig.bbox": "tight",
        "figure.dpi": 50,
        "figure.autolayout": True,
        "text.color": "green",
        "ytick.minor.visible": True,
        "xtick.major.pad": 20,
        "xtick.labeltop": True,
        "grid.alpha": 0.1,
    }
    with mpl.rc_context(settings):
        before = dict(mpl.rcParams)
        theirs = pixels(plot.draw(LIGHT).encode())
        assert dict(mpl.rcParams) == before
    assert theirs.shape == plain.shape
    assert (theirs == plain).all()


def test_a_script_that_the_letters_lack_is_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert made_mistakes(5, 3).draw(LIGHT).encode()


def test_colours_stay_apart_in_grey():
    for theme in THEMES.values():
        first, second, paper = (float(lightness(rgb(colour))) for colour in (theme.first, theme.second, theme.paper))
        assert abs(first - second) > 15
        assert min(abs(first - paper), abs(second - paper)) > 30
        assert abs(float(lightness(rgb(theme.ink))) - paper) > 60
        steps = np.diff([float(lightness(rgb(colour))) for colour in theme.heat])
        assert (steps * np.sign(steps[0]) > 5).all()
    ramp = lightness(signed(np.linspace(-1, 1, 9), 1.0))
    assert (np.diff(ramp) > 4).all()
    assert (signed(np.zeros(1), 3.0)[0] == rgb(SIGNED[2])).all()
    assert lightness(rgb("#ffffff")) == pytest.approx(100)
    assert lightness(rgb("#000000")) == pytest.approx(0)


def test_scales_of_colours():
    assert grey(np.array([-1.0, 1.0]), -1, 1).tolist() == [[0, 0, 0], [255, 255, 255]]
    assert grey(np.array([7], np.uint8), 7, 7).tolist() == [[0, 0, 0]]  # all of one brightness
    assert blend(("#000000", "#ffffff"), np.array([np.nan, -1, 2])).tolist() == [[0] * 3, [0] * 3, [255] * 3]
    assert limit_of(np.array([0.0, 0.0])) == 1.0
    assert limit_of(np.array([np.nan, -2.0])) == 2.0
    assert limit_of(np.concatenate([np.ones(10_000), [1000.0]])) == 1.0


@given(st.text(max_size=80), st.integers(min_value=20, max_value=400))
def test_shortened_words_fit(words, room):
    short = shortened(words, SMALL, room)
    assert width_of(short, SMALL) <= max(room, width_of("…", SMALL))
    assert len(short) <= max(len(words), 1)
    if words.isascii() and words.isprintable() and width_of(words, SMALL) <= room:
        assert short == words


def test_a_long_name_loses_its_middle():
    assert shortened("squirrel, red, of the north", SMALL, 110).startswith("squ")
    assert shortened("squirrel, red, of the north", SMALL, 110).endswith("rth")
    assert wrapped("one two three", TITLE, 1) == ["…", "…", "…"]
    lines = wrapped("one two three " * 20, SMALL, 200)
    assert " ".join(lines).split() == ["one", "two", "three"] * 20
    assert all(width_of(line, SMALL) <= 200 for line in lines)


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 200))
def test_a_picture_fits_its_box(rows, columns, box):
    height, width = fitted((rows, columns), box)
    assert 1 <= height <= box
    assert 1 <= width <= box
    if max(rows, columns) <= box:
        assert height % rows == width % columns == 0
        assert height // rows == width // columns
    colours = np.random.default_rng(0).integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    made = resized(colours, (height, width))
    assert made.shape == (height, width, 3)
    assert colours.min() <= made.min() <= made.max() <= colours.max()


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60), st.integers(1, 70))
def test_running_mean(values, width):
    half = width // 2
    expected = [np.mean(values[max(place - half, 0) : place + half + 1]) for place in range(len(values))]
    np.testing.assert_allclose(running_mean(np.array(values), width), expected, rtol=1e-9, atol=1e-6)


def test_a_thinned_line_keeps_its_peaks():
    values = np.random.default_rng(0).normal(size=30_000)
    x, y = thinned(np.arange(30_000), values, most=1000)
    assert len(x) <= 1000
    assert (values[x] == y).all()
    assert (np.diff(x) > 0).all()
    assert (y.min(), y.max()) == (values.min(), values.max())
    assert thinned(np.arange(5), values[:5])[0].tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("part", "whole", "words"),
    [(0, 0, "–"), (0, 7, "0 %"), (7, 7, "100 %"), (99_999, 100_000, "99.99 %"), (203, 10_000, "2.03 %"), (1, 3, "33.33 %")],
)
def test_a_share_in_words(part, whole, words):
    assert percent(part, whole) == words


def test_a_card_is_as_wide_as_it_must_be():
    assert Sheet(LIGHT, "title", [], 10, 10).width == 576
    assert Sheet(LIGHT, "title " * 100, ["note " * 300], BODY, 10).width == 1008
