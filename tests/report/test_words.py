"""What is shown of word vectors: which words lie side by side."""

from __future__ import annotations

import itertools
import sys
from collections import Counter

import numpy as np
import pytest
import torch

from zoo.registry import registry
from zoo.report.style import SMALL, THEMES
from zoo.report.word_map import HIGH, named
from zoo.text.similarity import unit
from zoo.views.gather import gather
from zoo.views.subject import Subject
from zoo.views.words import FUNCTION, components, meaningful
from zoo_word2vec import Config
from zoo_word2vec.model import Vectors

VIEWS = ["words", "neighbours"]
GROUPS = 6
MEANT = ["".join(parts) for parts in itertools.product(("riv", "tre", "cit", "law"), "aeiouy", ("n", "m", "sta", "lo", "ck"))]
WORDS = [*sorted(FUNCTION)[:40], "1790", "93rd", *MEANT]


def subject_of(words: list[str], vectors: np.ndarray | None = None, numbers: int = 12) -> Subject:
    """To be looked at: `vectors`, or random ones in `GROUPS` bundles, a word's being its place modulo `GROUPS`."""
    if vectors is None:
        generator = np.random.default_rng(0)
        centres = np.eye(GROUPS, numbers) * 5
        vectors = centres[np.arange(len(words)) % GROUPS] + generator.normal(size=(len(words), numbers))
    spelled = torch.frombuffer(bytearray("\n".join(words).encode()), dtype=torch.uint8)
    module = Vectors(Config(numbers=vectors.shape[1], words=len(words), letters=len(spelled))).eval()
    state = {
        "vectors": torch.from_numpy(vectors.astype(np.float32)),
        "contexts": torch.zeros(vectors.shape),
        "spelled": spelled,
        "counts": torch.arange(len(words), 0, -1) * 5,
    }
    module.load_state_dict(state)
    spec = registry().model("word2vec.skipgram")
    return Subject(spec.id, spec, module, None)


@pytest.fixture(scope="module")
def subject() -> Subject:
    return subject_of(WORDS)


@pytest.fixture(scope="module")
def plots(subject):
    return gather(subject, VIEWS).plots


def test_another_network_has_no_word_vectors(subject_of):
    assert gather(subject_of("logreg.best"), VIEWS).left_out == dict.fromkeys(VIEWS, "it is no table of word vectors")


def test_words_that_carry_meaning():
    assert [WORDS[row] for row in meaningful(WORDS)] == MEANT
    strange = [f"{word}x" for word in WORDS if word.isalpha()]  # a language that the list does not know
    assert meaningful(strange).tolist() == list(range(len(strange) // 5, len(strange)))
    assert meaningful([*strange * 3][:300]).tolist() == list(range(50, 300))


def test_neighbours_are_gensims(subject, plots):
    keyed = pytest.importorskip("gensim.models").KeyedVectors(12)
    keyed.add_vectors(WORDS, subject.module.vectors.detach().numpy())
    found = plots["neighbours"]
    assert 12 < len(found.words) <= 16  # of so few words two places fall together
    assert (found.words[0], found.words[-1]) == (MEANT[0], MEANT[-1])
    assert found.among == len(WORDS) - 1
    for word, count, nearest, cosines in zip(found.words, found.counts, found.nearest, found.cosines, strict=True):
        expected = keyed.most_similar(word, topn=10)
        assert nearest == tuple(name for name, _ in expected)
        np.testing.assert_allclose(cosines, [cosine for _, cosine in expected], atol=1e-5)
        assert count == (len(WORDS) - WORDS.index(word)) * 5
    told = found.facts()["words"][0]
    assert told["neighbours"][0] == {"word": found.nearest[0][0], "cosine": found.cosines[0, 0]}
    assert found.text().splitlines()[0].startswith(f"{MEANT[0]} (600): {found.nearest[0][0]} 0.")


def test_components_are_sklearns(subject, plots):
    pca = pytest.importorskip("sklearn.decomposition").PCA(2)
    units = unit(subject.module.vectors.detach().numpy()[len(WORDS) - len(MEANT) :].astype(np.float64))
    expected = pca.fit_transform(units)
    found = plots["words"].pca
    np.testing.assert_allclose(np.abs(found.points), np.abs(expected), atol=1e-9)
    np.testing.assert_allclose(found.shares, pca.explained_variance_ratio_)
    assert (found.points[np.abs(found.points).argmax(0), [0, 1]] > 0).all()
    np.testing.assert_allclose(components(-units)[0][:, 0].max(), np.abs(expected[:, 0]).max())


def test_the_second_map_keeps_neighbours_and_is_the_same_each_time(subject, plots):
    pytest.importorskip("sklearn")
    found = plots["words"]
    points = found.tsne.points
    assert points.shape == (len(MEANT), 2)
    apart = ((points[:, None] - points) ** 2).sum(2)
    np.fill_diagonal(apart, np.inf)
    groups = np.array([WORDS.index(word) for word in found.words]) % GROUPS
    assert (groups[apart.argmin(1)] == groups).mean() > 0.9
    assert np.ptp(points[:, 0]) > np.ptp(points[:, 1]) * 0.7
    again = gather(subject, ["words"]).plots["words"]
    np.testing.assert_array_equal(again.tsne.points, points)
    assert again.draw(THEMES["light"]).encode() == found.draw(THEMES["light"]).encode()


def test_without_scikit_learn_there_is_one_map(subject, plots, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    found = gather(subject, ["words"]).plots["words"]
    assert found.tsne is None
    assert "pip install 'onnx-zoo[words]'" in found.lesson
    assert "tsne" not in found.facts()["words"][0]
    assert len(found.draw(THEMES["light"]).figure.axes) == 1 < len(plots["words"].draw(THEMES["light"]).figure.axes)


def test_a_small_text(subject):
    assert gather(subject_of(WORDS[:29]), VIEWS).left_out == dict.fromkeys(
        VIEWS, "it knows 29 words; from 30 on there is something to see"
    )
    assert gather(subject_of(WORDS[:50]), VIEWS).left_out == dict.fromkeys(
        VIEWS, "only 8 of its 50 words are neither numbers nor function words"
    )
    small = gather(subject_of(WORDS[20:55]), VIEWS).plots
    assert len(small["words"].words) == 13
    assert small["neighbours"].cosines.shape == (len(small["neighbours"].words), 10)
    for plot in small.values():
        assert plot.draw(THEMES["light"]).encode().startswith(b"\x89PNG")


@pytest.mark.parametrize("numbers", [1, 2, 3])
def test_short_vectors(numbers):
    for plot in gather(subject_of(WORDS, numbers=numbers), VIEWS).plots.values():
        assert plot.draw(THEMES["light"]).encode().startswith(b"\x89PNG")


@pytest.mark.parametrize("theme", THEMES)
def test_both_are_drawn_on_either_card(theme, plots):
    long = [f"{'x' * 40}{word}" for word in ["日本語", "straße", *MEANT[:60]]]
    for plot in (*plots.values(), *gather(subject_of(long), VIEWS).plots.values()):
        sheet = plot.draw(THEMES[theme])
        assert 500 < sheet.width <= 1008
        assert sheet.encode().startswith(b"\x89PNG")
        assert sheet.encode("svg").startswith(b"<?xml")


def test_names_lie_over_no_other():
    points = np.random.default_rng(0).uniform(0, 400, (300, 2))
    widths = [30.0 + number % 50 for number in range(300)]
    found = named(points, widths, (400, 400))
    assert 50 < len(found) <= 200
    assert 0 in found
    boxes = np.array([(left, top, left + widths[number], top + HIGH) for number, (left, top) in found.items()])
    assert boxes.min() >= 0
    assert boxes.max() <= 400
    over = ((boxes[:, None, :2] < boxes[None, :, 2:]) & (boxes[None, :, :2] < boxes[:, None, 2:])).all(2)
    assert over.sum() == len(boxes)  # each with itself
    dots = points[list(found)]
    assert not ((dots[None] > boxes[:, None, :2]) & (dots[None] < boxes[:, None, 2:])).all(2).any()


def test_a_name_is_beside_its_point(plots):
    found = plots["words"]
    texts = Counter(text.get_text() for text in found.draw(THEMES["light"]).figure.texts)
    drawn = [word for word in found.words if texts[word]]
    assert len(drawn) > 60
    assert all(texts[word] <= 2 for word in drawn)
    assert found.words[0] in drawn
    assert SMALL.pixels < HIGH
