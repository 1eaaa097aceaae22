"""The exported word vectors: neighbours, analogies, sentences."""

from __future__ import annotations

import hashlib
import json
import shutil

import numpy as np
import pytest

from tests.commands import Zoo
from tests.plugins.word_vectors import written
from zoo import api
from zoo.certify.ranked import gaps
from zoo.data.dataset import texts
from zoo.errors import IntegrityError
from zoo.training.words import words_of

WORDS = [f"{kind}{number}" for kind in ("cat", "dog", "sun", "sea", "łódź") for number in range(8)]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three artifacts of vectors that were learned from a small text, and the module."""
    folder = tmp_path_factory.mktemp("words")
    generator = np.random.default_rng(0)
    groups = np.array(WORDS).reshape(5, 8)  # [kinds, words]
    lines = [" ".join(generator.choice(groups[generator.integers(5)], 9)) for _ in range(2500)]
    text = written(folder, "\n".join(lines))
    recipe = {"epochs": 4, "lr": 0.1, "config.numbers": 32, "config.sample": 0.0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo.certify.certify.HOSTILE", 32)
        patch.setattr("zoo.certify.texts.LONG", 30)
        run = api.train("word2vec", data=text, name="small", output=folder / "runs", recipe=recipe)
        found = api.export(run=run.path, output=folder / "exported")
    return {artifact.id: artifact for artifact in found}, api.load("word2vec.small", run=run.path), folder


@pytest.fixture
def zoo(monkeypatch, capfd):
    return Zoo(monkeypatch, capfd)


@pytest.fixture
def vectors(made):
    module = made[1]
    return words_of(module), module.vectors.detach().double().numpy()


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def right(words, cosines, but):
    """The words with the ten largest cosines [1, 10], and the eleven largest [1, 11]."""
    cosines = cosines.copy()
    cosines[[words.index(word) for word in but]] = -np.inf
    order = np.argsort(-cosines, kind="stable")[:11]
    return np.array([[words[place] for place in order[:10]]]), cosines[order][None]


def test_the_neighbours_of_every_word_are_its_own(made, vectors):
    words, table = vectors
    units = unit(table)
    answers = api.open(made[0]["word2vec.small"].path).answer({"word": texts(words)})
    for place, word in enumerate(words):
        near, cosines = right(words, units @ units[place], [word])
        assert gaps(cosines, near, answers["neighbours"][place][None])[0] < 1e-6  # the same words, but for rounding
        np.testing.assert_allclose(answers["similarity"][place], cosines[0, :10], atol=1e-5)
    np.testing.assert_array_equal(answers["vector"], table.astype(np.float32))
    assert answers["known"].all()
    kinds = [{name[:3] for name in answers["neighbours"][place][:7]} == {word[:3]} for place, word in enumerate(words)]
    assert np.mean(kinds) > 0.9  # it has learned what there was to learn


def test_case_is_no_matter_and_what_is_unknown_is_said_so(made):
    model = api.open(made[0]["word2vec.small"].path)
    answers = model.answer({"word": texts(["cat1", "Cat1", "CAT1", "ŁÓDŹ3", "Łódź3", "zebra", "", "cat1 dog1", " cat1"])})
    assert answers["known"].tolist() == [True] * 5 + [False] * 4
    assert (answers["neighbours"][0] == answers["neighbours"][2]).all()
    assert (answers["neighbours"][5:] == "").all()
    assert not answers["similarity"][5:].any()
    assert not answers["vector"][5:].any()


def test_analogies_are_answered_as_they_are_asked(made, vectors):
    words, table = vectors
    units = unit(table)
    generator = np.random.default_rng(1)
    asked = np.array([generator.choice(words, 3, replace=False) for _ in range(30)])
    answers = api.open(made[0]["word2vec.small.analogy"].path).answer({name: texts(asked[:, n]) for n, name in enumerate("abc")})
    for place, (a, b, c) in enumerate(asked):
        sum_ = units[words.index(b)] - units[words.index(a)] + units[words.index(c)]
        near, cosines = right(words, units @ unit(sum_), [a, b, c])
        assert gaps(cosines, near, answers["answers"][place][None])[0] < 1e-6
        np.testing.assert_allclose(answers["similarity"][place], cosines[0, :10], atol=1e-5)
        np.testing.assert_allclose(answers["vector"][place], sum_, atol=1e-5)
    one_strange = api.open(made[0]["word2vec.small.analogy"].path).answer({"a": ["cat1"], "b": ["zebra"], "c": ["dog1"]})
    assert not one_strange["known"][0]
    assert (one_strange["answers"] == "").all()
    assert not one_strange["vector"].any()


def test_a_sentence_is_the_mean_of_its_words(made, vectors):
    words, table = vectors
    asked = ["cat1 dog2, SUN3!", "zebra cat1", "", "zebra?", "cat1 " * 40]
    answers = api.open(made[0]["word2vec.small.sentence"].path).answer({"text": texts(asked)})
    of = dict(zip(words, table, strict=True))
    none = np.zeros(32)
    means = [(of["cat1"] + of["dog2"] + of["sun3"]) / 3, of["cat1"], none, none, of["cat1"]]
    np.testing.assert_allclose(answers["vector"], means, atol=1e-5)
    assert answers["known"].tolist() == [True, True, False, False, True]


def test_fewer_bits_change_little(made):
    _, _, folder = made
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo.certify.certify.HOSTILE", 32)
        run = folder / "runs" / "word2vec.small" / "1"
        (small,) = api.export(run=run, output=folder / "exported", variants=["neighbours"], precision="fp16")
    assert small.certificate.stored.numbers >= len(WORDS) * 32  # twice as many where the exporter has turned a small table, too
    whole, half = (api.open(path).answer({"word": texts(WORDS)}) for path in (made[0]["word2vec.small"].path, small.path))
    alike = [len({*a} & {*b}) / 10 for a, b in zip(whole["neighbours"], half["neighbours"], strict=True)]
    assert np.mean(alike) > 0.95


def test_predict_asks_for_neighbours_and_analogies(made, zoo, tmp_path):
    folder = made[2] / "exported"
    shown = zoo("predict", "word2vec.small", "cat1", "zebra", "--artifacts", folder)
    assert shown.code == 0
    assert "cat" in shown.out.splitlines()[1]
    assert "–" in shown.out.splitlines()[2]
    asked = zoo("predict", "word2vec.small.analogy", "cat1", "cat2", "dog1", "--artifacts", folder, "--json")
    (answer,) = json.loads(asked.out)["answers"]
    assert (answer["a"], answer["b"], answer["c"]) == ("cat1", "cat2", "dog1")
    assert len(answer["answers"]) == 10
    odd = zoo("predict", "word2vec.small.analogy", "cat1", "cat2", "--artifacts", folder)
    assert odd.code == 2
    assert "takes 3 texts at a time (a, b, c), so 2 do not come out even" in odd.err
    lines = tmp_path / "questions.tsv"
    lines.write_text("cat1\tcat2\tdog1\nsun1\tsun2\tsea3\n", encoding="utf-8")
    several = zoo("predict", "word2vec.small.analogy", "--input", lines, "--artifacts", folder, "-q")
    assert len(several.out.splitlines()) == 2
    assert several.out.splitlines()[0].split("\t") == answer["answers"]
    lines.write_text("cat1\tcat2\tdog1\nsun1 sun2\n", encoding="utf-8")
    short = zoo("predict", "word2vec.small.analogy", "--input", lines, "--artifacts", folder)
    assert short.code == 1
    assert f"Line 2 of {lines} holds 1 texts parted by tabs" in short.err


def test_eval_judges_an_artifact_and_its_run_alike(made, zoo):
    _, _, folder = made
    text = folder / "text.txt"
    by_run = zoo("eval", "--run", folder / "runs" / "word2vec.small" / "1", "--json")
    by_file = zoo("eval", folder / "exported" / "word2vec.small", "--data", text, "--json")
    if "wordvec.eval" in by_run.err:
        pytest.skip("no lists to judge by")
    ours, theirs = (json.loads(found.out)["metrics"] for found in (by_run, by_file))
    assert ours.pop("text_loss") > 0
    assert ours == theirs  # a made-up text knows none of the lists' words but "cat1" and the like: no figure in both


def tampered(folder, tmp_path, change):
    """A copy of an artifact with other golden vectors, whose hashes fit."""
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    with np.load(copy / "golden.npz") as stored:
        arrays = dict(stored)
    change(arrays)
    np.savez_compressed(copy / "golden.npz", **arrays)
    manifest = json.loads((copy / "zoo.json").read_text(encoding="utf-8"))
    manifest["golden_sha256"] = hashlib.sha256((copy / "golden.npz").read_bytes()).hexdigest()
    (copy / "zoo.json").write_text(json.dumps(manifest), encoding="utf-8")
    return copy


def lie(arrays):
    """Any names, with scores that excuse them."""
    for key in [key for key in arrays if key.endswith(":out:cosines")]:
        arrays[key] = np.zeros_like(arrays[key])
        names = key.replace("cosines", "neighbours")
        arrays[names] = np.array([[f"liar{n}" for n in range(10)]] * len(arrays[names]))


def shorten(arrays):
    for key in [key for key in arrays if key.endswith(":out:cosines")]:
        arrays[key] = arrays[key][:1]


def flatten(arrays):
    for key in [key for key in arrays if key.endswith(":out:cosines")]:
        arrays[key] = np.float64(0.5)


def repeat(arrays):
    for key in [key for key in arrays if key.endswith(":out:neighbours")]:
        arrays[key][:, 1] = arrays[key][:, 0]


@pytest.mark.parametrize("change", [lie, shorten, flatten, repeat])
def test_golden_vectors_that_prove_nothing_are_refused(change, made, tmp_path):
    copy = tampered(made[0]["word2vec.small"].path, tmp_path, change)
    with pytest.raises(IntegrityError, match=r"golden\.npz"):
        api.verify(copy)
    assert api.verify(made[0]["word2vec.small"].path).passed
