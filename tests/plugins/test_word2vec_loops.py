"""Word vectors that change after each position: what is drawn, the steps beside a direct loop, and when they are taken."""

from __future__ import annotations

import importlib.util
import math
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.commands import Zoo
from tests.plugins.word_vectors import LETTERS, lines_of, network, written
from tests.training.test_resume import stopped_at
from zoo import api
from zoo.errors import NonFiniteError, UsageError
from zoo.progress import Progress
from zoo.registry import registry
from zoo.spec import NegativeSampling, Recipe, replaced
from zoo.training.own import is_current
from zoo.training.run import Run
from zoo_word2vec import loops
from zoo_word2vec.negative import SkipGram
from zoo_word2vec.positions import kept
from zoo_word2vec.updates import WALKED

CPU = torch.device("cpu")


def walked(model, text=LETTERS, batch=64, negative=3, **config):
    """A task whose vectors change after each position, its module and its data set."""
    recipe = {"loss": NegativeSampling(negative=negative, update="position"), "batch_size": batch}
    return network(model, text, recipe=recipe, **config)


def positions(batch, window):
    """Of each position of a batch: its word, the words that it sees, its noise words."""
    words = batch["words"].tolist()
    for place, (left, right, noise) in enumerate(zip(batch["left"], batch["right"], batch["noise"].tolist(), strict=True)):
        middle = place + window
        yield words[middle], words[middle - left : middle] + words[middle + 1 : middle + 1 + right], noise


def sigmoid(values):
    return 1 / (1 + np.exp(-values))


def step(model, vectors, contexts, word, seen, noise, rate):
    """One position of a direct loop, in float64; the loss before it."""
    targets = [word, *noise]
    labels = np.array([1.0] + [0.0] * len(noise))
    if model == "skipgram":  # all its pairs at one point
        near, far = vectors[seen].copy(), contexts[targets].copy()
        scores = near @ far.T
        slopes = rate * (labels - sigmoid(scores))
        np.add.at(vectors, seen, slopes @ far)
        np.add.at(contexts, targets, slopes.T @ near)
    else:
        mean = vectors[seen].mean(0)
        scores = (contexts[targets] @ mean)[None]
        slopes, back = rate * (labels - sigmoid(scores[0])), np.zeros_like(mean)
        for first in range(0, len(targets), 2):  # two at one point
            pair = slice(first, first + 2)
            back += slopes[pair] @ contexts[targets[pair]]
            np.add.at(contexts, targets[pair], np.outer(slopes[pair], mean))
        for other in seen:
            vectors[other] += back  # whole, as word2vec.c has it
    return float(np.log1p(np.exp(-np.where(labels, 1, -1) * scores)).sum()), len(scores)


@pytest.mark.parametrize("model", ["skipgram", "cbow"])
@pytest.mark.parametrize(("window", "negative", "numbers"), [(2, 3, 6), (5, 5, 50), (3, 4, 33), (1, 1, 1)])
def test_steps_are_those_of_a_direct_loop(model, window, negative, numbers):
    task, module, dataset = walked(model, LETTERS * 3, negative=negative, window=window, numbers=numbers)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        module.contexts.copy_(torch.randn(module.contexts.shape, generator=generator) / 3)
        module.vectors.copy_(torch.randn(module.vectors.shape, generator=generator) / 3)
    before = [table.detach().double().numpy() for table in (module.vectors, module.contexts)]
    after = [table.copy() for table in before]
    epoch = task.order(task.resident(dataset.splits["train"], CPU), 64, 0, 0)
    for start in range(0, len(epoch), 64):
        batch = epoch[start : start + 64]
        loss, _ = task.step(module, batch, 0.1)
        found = [step(model, *after, *position, 0.1) for position in positions(batch, window) if position[1]]
        assert float(loss) == pytest.approx(sum(one for one, _ in found) / sum(many for _, many in found), rel=1e-4)
    for was, right, table in zip(before, after, (module.vectors, module.contexts), strict=True):
        assert np.abs(right - was).max() > 0.03
        assert np.allclose(table.detach().numpy(), right, atol=2e-5)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    lines=st.lists(st.lists(st.sampled_from("abcdefg"), max_size=12), min_size=1, max_size=30),
    batch=st.integers(1, 40),
    window=st.integers(1, 6),
)
def test_an_epoch_holds_every_word_once_and_no_window_leaves_its_line(lines, batch, window):
    assume(len({word for line in lines for word in line}) >= 4)
    task, _, dataset = walked("skipgram", "\n".join(" ".join(line) for line in lines), batch=batch, window=window)
    tokens = dataset.splits["train"]["token"]
    epoch = task.order(task.resident(dataset.splits["train"], CPU), batch, 0, 0)
    parts = [epoch[start : start + batch] for start in range(0, len(epoch), batch)]
    whole = lines_of(tokens)
    at = [(words, place) for words in whole for place in range(len(words))]
    met = [position for part in parts for position in positions(part, window)]
    assert sum(len(part) for part in parts) == len(tokens)
    assert len(met) == len(at)
    for (word, seen, noise), (words, place) in zip(met, at, strict=True):
        assert word == words[place]
        possible = [words[max(0, place - n) : place] + words[place + 1 : place + n + 1] for n in range(1, window + 1)]
        assert seen in possible
        assert all(0 <= other < task.config.words for other in noise)


def test_words_windows_and_noise_come_as_often_as_they_should():
    generator = np.random.default_rng(0)
    counts = np.array([60_000, 30_000, 9_000, 1_000])
    tokens = generator.permutation(np.repeat(np.arange(4, dtype=np.int32), counts))
    chance = kept(torch.from_numpy(counts), 0.05).float().numpy()
    own, alias = np.array([0.25, 1.0, 0.5, 1.0], np.float32), np.array([1, 1, 3, 3])
    words, where, left, right, noise = loops.draw(tokens, chance, own, alias, 5, 4, 7)
    found = Counter(words.tolist())
    for word, (count, likely) in enumerate(zip(counts, chance, strict=True)):
        assert abs(found[word] - count * likely) <= 5 * math.sqrt(count * likely * (1 - likely))
    assert (tokens[where] == words).all()
    assert (np.diff(where) > 0).all()
    inner = left[10:-10]  # far from both ends a position sees as many to each side
    assert (inner == right[10:-10]).all()
    for shares, likely in (
        (np.bincount(inner)[1:] / len(inner), [0.2] * 5),
        (np.bincount(noise.ravel()) / noise.size, [1 / 16, 7 / 16, 1 / 8, 3 / 8]),
    ):
        assert np.abs(shares - likely).max() < 5 * math.sqrt(0.25 / len(inner))
    assert abs(np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]) < 5 / math.sqrt(len(noise))


def decided(device="cpu", asked=(), update="auto", **changes):
    """The recipe of skip-gram after `settle`, and what was said."""
    spec, said = registry().model("word2vec.skipgram"), []
    progress = Progress()
    progress.note = said.append
    loss = replaced(spec.recipe.loss, update=update)
    return SkipGram.settle(spec, replaced(spec.recipe, loss=loss, **changes), torch.device(device), progress, asked), said


def absent(patch):
    """No numba."""
    found = importlib.util.find_spec
    patch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == "numba" else found(name, *rest))


def broken(patch):
    """One that cannot be imported."""
    patch.setitem(sys.modules, "numba", None)
    patch.delitem(sys.modules, "zoo_word2vec.loops", raising=False)
    patch.setattr(importlib.util, "find_spec", lambda name, *rest: object())


@pytest.mark.parametrize("update", ["auto", "position"])
def test_on_a_cpu_vectors_change_after_each_position(update):
    recipe, said = decided(update=update)
    assert (recipe.loss.update, recipe.batch_size, said) == ("position", WALKED, [])
    for size in (300, 1024):
        assert decided(update=update, asked=("batch_size",), batch_size=size)[0].batch_size == size
    assert decided(update="batch")[0].loss.update == "batch"
    again, _ = decided(update="position", asked=Recipe.__struct_fields__, batch_size=recipe.batch_size)
    assert again == recipe


def test_elsewhere_they_change_after_a_batch():
    recipe, said = decided(device="cuda")
    assert (recipe.loss.update, recipe.batch_size, said) == ("batch", 1024, [])
    with pytest.raises(UsageError, match=r"for a CPU, not for cuda") as refused:
        decided(device="cuda", update="position")
    assert "--device cpu" in refused.value.hint


@pytest.mark.parametrize(("without", "why"), [(absent, "numba is not installed"), (broken, "numba cannot be imported")])
def test_without_numba_they_change_after_a_batch(without, why, monkeypatch):
    without(monkeypatch)
    recipe, said = decided()
    assert (recipe.loss.update, recipe.batch_size) == ("batch", 1024)
    assert said[0].startswith(why)
    with pytest.raises(UsageError, match=f"cannot be had, since {why}") as refused:
        decided(update="position")
    assert "onnx-zoo[words]" in refused.value.hint
    assert decided(update="batch")[1] == []
    assert decided(device="cuda")[1] == []


def test_what_is_learned_after_a_batch_does_not_import_numba(tmp_path):
    text = written(tmp_path, LETTERS * 20)
    code = f"""
import sys
from pathlib import Path
from zoo import api
api.train("word2vec", data=Path({str(text)!r}), name="small", output=Path({str(tmp_path)!r}), recipe={{"loss.update": "batch"}})
assert "numba" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_a_study_that_cannot_be_had_is_refused_before_it_begins(tmp_path, monkeypatch, capfd):
    absent(monkeypatch)
    study = tmp_path / "study.toml"
    grid = '[grid]\n"loss.update" = ["position", "batch"]\n'
    study.write_text(f'model = "word2vec.skipgram"\nfixed = {{ validation = 1000 }}\n{grid}', encoding="utf-8")
    found = Zoo(monkeypatch, capfd)("sweep", study, "--device", "cpu", "--output", tmp_path / "out")
    assert found.code == 2
    assert "numba is not installed" in found.err


def test_more_noise_words_than_memory_holds_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"loss\.negative=1000 takes too much memory; at most 512"):
        api.train("word2vec", data=written(tmp_path, LETTERS), name="small", output=tmp_path, recipe={"loss.negative": 1000})


def test_a_run_that_did_not_record_how_it_is_learned_is_not_continued(tmp_path, monkeypatch):
    text = written(tmp_path, LETTERS * 200)
    recipe = {"batch_size": 512, "loss.update": "batch"}
    run = stopped_at(3, monkeypatch, tmp_path, model="word2vec.skipgram", data=text, name="small", recipe=recipe)
    old = replaced(run.recipe, loss=replaced(run.recipe.loss, update="auto"))
    monkeypatch.setattr(Run, "recipe", old)
    with pytest.raises(UsageError, match="begun by an older version"):
        api.resume(run.path)


def test_a_run_records_how_it_was_learned_and_goes_on_in_that_way_alone(tmp_path, monkeypatch, capfd):
    text = written(tmp_path, LETTERS * 200)
    run = stopped_at(3, monkeypatch, tmp_path, model="word2vec.skipgram", data=text, name="small", recipe={"batch_size": 512})
    assert run.recipe.loss.update == "position"
    with monkeypatch.context() as without:
        absent(without)
        found = Zoo(without, capfd)("train", "--resume", run.path)
    assert found.code == 2
    assert "numba is not installed" in found.err
    assert Run.open(run.path).state.status == "interrupted"
    assert api.resume(run.path).state.status == "finished"


def test_a_run_by_the_recipe_is_known_as_such(tmp_path):
    """The recipe leaves open when vectors change; the run does not, and is of that recipe on any machine."""
    text = written(tmp_path, LETTERS * 100)
    spec = registry().model("word2vec.skipgram")
    cases = [({}, True), ({"loss.update": "batch"}, True), ({"batch_size": 300}, False), ({"batch_size": 1024}, False)]
    for recipe, own in cases:
        run = api.train("word2vec", data=text, name="small", output=tmp_path / "runs", recipe=recipe)
        assert is_current(run, spec, registry(), seed=0, data=run.state.data.sha256) is own


def test_vectors_that_are_no_longer_finite_are_noticed(tmp_path):
    """The compiler may reorder sums, but not take for granted that all numbers are numbers."""
    text = written(tmp_path, "yes no red blue " * 3000)
    recipe = {"epochs": 3, "config.sample": 0.0, "lr": 1e36, "batch_size": 512}
    with pytest.raises(NonFiniteError, match="The loss became nan"):
        api.train("word2vec", data=text, name="wild", output=tmp_path, recipe=recipe)
