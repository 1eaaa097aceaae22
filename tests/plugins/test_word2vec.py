"""Word vectors: what is drawn, the gradients beside a direct loop, and what is refused."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.plugins.word_vectors import LETTERS, lines_of, network, written
from tests.training.test_resume import stopped_at
from zoo import api
from zoo.errors import NonFiniteError, UsageError
from zoo.spec import NegativeSampling, replaced
from zoo.training.run import Run
from zoo.training.words import words_of
from zoo_word2vec import Config
from zoo_word2vec.draws import Alias
from zoo_word2vec.pace import KEPT, LOOKED, Pace
from zoo_word2vec.positions import kept, windows_of

SMALL = {"loss": NegativeSampling(negative=3, shared=4), "batch_size": 64}


def sigmoid(value):
    return 1 / (1 + math.exp(-value))


def of_positions(batch, config):
    """Of each position of a batch: the place of its chunk, its word, the words that it sees."""
    chunk, reach = config.chunk, config.window
    for place, code in enumerate(batch["codes"].tolist()):
        left, right = divmod(code // chunk, reach + 1)
        assert code % chunk == place % chunk or (left, right) == (0, 0)
        middle = place + reach
        seen = [*range(middle - left, middle), *range(middle + 1, middle + right + 1)]
        yield place // chunk, int(batch["words"][middle]), [int(batch["words"][other]) for other in seen]


@pytest.mark.parametrize(("model", "window", "chunk"), [("skipgram", 2, 4), ("skipgram", 5, 3), ("cbow", 2, 4), ("cbow", 3, 7)])
def test_gradients_are_those_of_a_direct_loop(model, window, chunk):
    task, module, _ = network(model, recipe=SMALL, window=window, chunk=chunk)
    with torch.no_grad():
        module.contexts.copy_(torch.randn(module.contexts.shape, generator=torch.Generator().manual_seed(1)))
        module.vectors.mul_(20)
    train = task.resident(task.dataset.splits["train"], torch.device("cpu"))
    batch = task.order(train, 64, 0, 0)[0:64]
    vectors, contexts = module.vectors.detach().double().numpy(), module.contexts.detach().double().numpy()
    ours = [np.zeros_like(vectors), np.zeros_like(contexts)]
    with torch.no_grad():
        *both, _ = task.gradients(module, batch)
    for into, gradients in zip(ours, both, strict=True):
        for rows, change in gradients:
            np.add.at(into, rows.numpy(), change.double().numpy())
    right = [np.zeros_like(vectors), np.zeros_like(contexts)]
    pairs = 0
    for group, word, seen in of_positions(batch, task.config):
        noise = [(int(other), 3 / 4) for other in batch["noise"][group]]  # the expectation of three for each pair
        pairs += len(seen)
        if model == "skipgram":
            for other in seen:
                for target, label, weight in [(other, 1, 1.0), *((wrong, 0, share) for wrong, share in noise)]:
                    slope = weight * (sigmoid(vectors[word] @ contexts[target]) - label)
                    right[0][word] += slope * contexts[target]
                    right[1][target] += slope * vectors[word]
        elif seen:
            mean = vectors[seen].mean(0)
            back = np.zeros(len(mean))
            for target, label, weight in [(word, 1, 1.0), *((wrong, 0, share) for wrong, share in noise)]:
                slope = weight * (sigmoid(mean @ contexts[target]) - label)
                back += slope * contexts[target]
                right[1][target] += slope * mean
            for other in seen:
                right[0][other] += back  # whole, as word2vec.c has it
    assert pairs > 50
    for found, expected in zip(ours, right, strict=True):
        assert np.abs(expected).max() > 0.1
        assert np.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("model", ["skipgram", "cbow", "softmax"])
def test_the_loss_that_is_measured_has_these_gradients(model):
    task, module, _ = network(model, recipe=SMALL if model != "softmax" else {"batch_size": 64}, window=2, chunk=5)
    with torch.no_grad():
        module.contexts.copy_(torch.randn(module.contexts.shape, generator=torch.Generator().manual_seed(1)))
    train = task.resident(task.dataset.splits["train"], torch.device("cpu"))
    batch = task.order(train, 64, 0, 0)[0:64]
    total, pairs = task.measured(module, batch)
    total.backward()
    assert pairs > 0
    if model == "softmax":
        loss, metrics = task.loss(module, batch)
        assert torch.isclose(loss, total / pairs)
        assert 0 <= metrics["accuracy"] <= 1
        likely = (module.vectors @ module.contexts.T).log_softmax(1)
        right = [likely[word, other] for _, word, seen in of_positions(batch, task.config) for other in seen]
        assert torch.isclose(-torch.stack(right).sum(), total)
        return
    with torch.no_grad():
        ours, theirs, _ = task.gradients(module, batch)
    contexts = torch.zeros_like(module.contexts)
    for rows, change in theirs:
        contexts.index_add_(0, rows, change)
    assert torch.allclose(contexts, module.contexts.grad, atol=1e-5)
    if model == "skipgram":
        vectors = torch.zeros_like(module.vectors).index_add_(0, *ours[0])
        assert torch.allclose(vectors, module.vectors.grad, atol=1e-5)


def test_the_step_is_that_of_the_gradient_where_words_are_rare():
    task, module, dataset = network("skipgram", "".join(f"a{n} b{n} c{n}\n" for n in range(400)), recipe=SMALL, chunk=8)
    before = module.vectors.detach().clone()
    with torch.no_grad():
        module.contexts.copy_(torch.randn(module.contexts.shape, generator=torch.Generator().manual_seed(1)))
        train = task.resident(dataset.splits["train"], torch.device("cpu"))
        batch = task.order(train, 64, 0, 0)[0:64]
        (ours,), _, _ = task.gradients(module, batch)
        expected = before.clone().index_add_(0, ours[0], ours[1], alpha=-1e-4)
        task.step(module, batch, 1e-4)
    assert torch.allclose(module.vectors, expected, rtol=1e-4, atol=1e-7)
    assert not torch.equal(module.vectors, before)


def test_frequent_words_do_not_overshoot(tmp_path):
    """Four words, each hundreds of times in a batch: summed as they are, their gradients would grow without end."""
    text = written(tmp_path, "yes no red blue " * 10_000)
    recipe = {"epochs": 3, "config.sample": 0.0, "lr": 0.1, "loss.update": "batch"}
    run = api.train("word2vec", data=text, name="two", output=tmp_path, recipe=recipe)
    module = api.load("word2vec.two", run=run.path)
    assert float(module.vectors.detach().abs().max()) < 20
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("zoo_word2vec.negative.CURVATURE", 1e-9)
        try:
            run = api.train("word2vec", data=text, name="wild", output=tmp_path, recipe=recipe)
        except NonFiniteError:
            return
        wild = api.load("word2vec.wild", run=run.path)
        assert float(wild.vectors.detach().abs().max()) > 100


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.lists(st.sampled_from("abcdefg"), max_size=12), min_size=1, max_size=30),
    batch=st.integers(1, 40),
    window=st.integers(1, 6),
    chunk=st.integers(1, 9),
)
def test_an_epoch_holds_every_word_once_and_no_window_leaves_its_line(lines, batch, window, chunk):
    text = "\n".join(" ".join(line) for line in lines)
    assume(len({word for line in lines for word in line}) >= 4)
    task, _, dataset = network("skipgram", text, recipe={**SMALL, "batch_size": batch}, window=window, chunk=chunk)
    tokens = dataset.splits["train"]["token"]
    train = task.resident(dataset.splits["train"], torch.device("cpu"))
    epoch = task.order(train, batch, 0, 0)
    whole = lines_of(tokens)
    at = [(line, place) for line, words in enumerate(whole) for place in range(len(words))]
    met, counted = 0, 0
    for start in range(0, len(epoch), batch):
        part = epoch[start : start + batch]
        counted += len(part)
        if part["codes"].data_ptr() == epoch._drawn[0]["codes"][-chunk:].data_ptr():  # no word fell into this batch
            assert all(not seen for _, _, seen in of_positions(part, task.config))
            continue
        for _, word, seen in of_positions(part, task.config):
            if met == len(at):  # what fills the last chunk
                assert not seen
                continue
            line, place = at[met]
            met += 1
            assert word == whole[line][place]
            reach = range(1, window + 1)
            possible = [whole[line][max(0, place - n) : place] + whole[line][place + 1 : place + n + 1] for n in reach]
            assert seen in possible
    assert met == len(at)
    assert counted == len(tokens)


@pytest.mark.parametrize("update", ["position", "batch"])
def test_what_is_drawn_hangs_on_seed_epoch_and_place_alone(update, monkeypatch):
    monkeypatch.setattr("zoo_word2vec.positions.STRETCH", 128)
    recipe = {"loss": replaced(SMALL["loss"], update=update), "batch_size": 32}
    task, _, dataset = network("skipgram", LETTERS * 30, recipe=recipe, sample=0.01)
    train = task.resident(dataset.splits["train"], torch.device("cpu"))
    starts = list(range(0, len(train["token"]), 32))

    def drawn(order, seed=0, epoch=0):
        cut = task.order(train, 32, seed, epoch)
        return {start: {name: array.clone() for name, array in cut[start : start + 32].items()} for start in order}

    there, back = drawn(starts), drawn(starts[::-1])
    same = [torch.equal(there[start][name], back[start][name]) for start in starts for name in there[start]]
    assert len(starts) > 12
    assert all(same)
    for other in (drawn(starts, seed=1), drawn(starts, epoch=1)):
        assert any(there[start]["noise"].tolist() != other[start]["noise"].tolist() for start in starts)


def test_noise_words_come_as_often_as_they_should():
    weights = np.array([5.0, 0.0, 1.0, 100.0, 0.25, 20.0])
    drawn = Alias(weights, torch.device("cpu")).draw(400_000, torch.Generator().manual_seed(0))
    share = np.bincount(drawn.numpy(), minlength=len(weights)) / len(drawn)
    right = weights / weights.sum()
    assert share[1] == 0
    assert np.abs(share - right).max() < 5 * math.sqrt(0.25 / len(drawn))


def test_frequent_words_are_kept_as_word2vec_keeps_them():
    counts = torch.tensor([60_000, 3_000, 50])
    total = 63_050
    right = [min(1.0, (math.sqrt(count / (1e-3 * total)) + 1) * (1e-3 * total) / count) for count in counts.tolist()]  # word2vec.c
    assert kept(counts, 1e-3).tolist() == pytest.approx(right)
    assert kept(counts, 0.0).tolist() == [1, 1, 1]


def test_windows_weigh_what_a_position_sees_and_share_the_noise():
    config, loss = Config(window=2, chunk=3), NegativeSampling(negative=6, shared=4)
    table = windows_of(config, loss)
    assert table.shape == (27, 7 + 4)
    row = table[(1 * 3 + 2) * 3 + 1]  # one to the left, two to the right, the second of its chunk
    assert row[:7].tolist() == [0, 0, 1, 0, 1, 1, 0]
    assert row[7:].tolist() == [3 * 6 / 4] * 4


@pytest.mark.parametrize(("model", "update"), [*itertools.product(["skipgram", "cbow"], ["position", "batch"]), ("softmax", None)])
def test_a_seed_fixes_the_vectors_and_a_stop_changes_nothing(model, update, tmp_path, monkeypatch):
    text = written(tmp_path, LETTERS * 200)
    recipe = {"epochs": 2, "batch_size": 512, "seed": 4, **({"loss.update": update} if update else {})}
    options = {"data": text, "name": "small", "recipe": recipe}
    first, again = (api.train(f"word2vec.{model}", output=tmp_path / folder, **options) for folder in ("a", "b"))
    assert first.state.weights == again.state.weights
    options["recipe"]["seed"] = 5
    assert api.train(f"word2vec.{model}", output=tmp_path / "c", **options).state.weights != first.state.weights
    options["recipe"]["seed"] = 4
    run = stopped_at(7, monkeypatch, tmp_path / "d", model=f"word2vec.{model}", **options)
    assert api.resume(run.path).state.weights == first.state.weights


def test_the_number_of_threads_changes_nothing(tmp_path, monkeypatch):
    text = written(tmp_path, LETTERS * 400)
    found = set()
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        output = tmp_path / threads
        command = [
            sys.executable,
            "-m",
            "zoo",
            "train",
            "word2vec",
            "--data",
            str(text),
            "--name",
            "small",
            "--output",
            str(output),
            "--set",
            "loss.update=batch",
        ]
        subprocess.run(command, check=True, capture_output=True)
        found.add(Run.open(output / "word2vec.small" / "1").state.weights)
    assert len(found) == 1


def paced(monkeypatch, steps, seconds):
    """The number of threads of each step, where a step takes `seconds(threads, step)`."""
    clock, used = [0.0], []
    monkeypatch.setattr("zoo_word2vec.pace.time.perf_counter", lambda: clock[0])
    before, pace = torch.get_num_threads(), Pace(4)
    for step in range(steps):
        with pace():
            used.append(torch.get_num_threads())
            clock[0] += seconds(used[-1], step)
    assert torch.get_num_threads() == before
    return used


def test_the_faster_number_of_threads_is_kept(monkeypatch):
    whole = KEPT + 2 * LOOKED

    def seconds(threads, step):  # the machine has changed when it is looked at anew
        return 1.0 if (threads == 4) == (step >= KEPT) else 2.0

    used = paced(monkeypatch, 2 * whole, seconds)
    assert used[: 2 * LOOKED] == used[whole : whole + 2 * LOOKED] == [1, 4] * LOOKED
    assert set(used[2 * LOOKED : whole]) == {1}
    assert set(used[whole + 2 * LOOKED :]) == {4}


def test_threads_that_wait_in_vain_are_not_tried_again_and_again(monkeypatch):
    used = paced(monkeypatch, KEPT, lambda threads, step: 1.0 if threads == 1 else 240.0)
    assert used.count(4) == 1


@pytest.mark.parametrize(("update", "lines"), [("position", 40_000), ("batch", 8_000)])
def test_a_run_that_is_killed_in_the_middle_of_an_epoch_ends_with_the_same_vectors(update, lines, tmp_path, monkeypatch):
    """A real SIGKILL; one thread."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    text = written(tmp_path, LETTERS * lines)
    train = [sys.executable, "-m", "zoo", "train", "word2vec", "--data", str(text), "--name", "small", "--set", "epochs=2"]
    train += ["--checkpoint-every", "40", "--set", f"loss.update={update}"]
    subprocess.run([*train, "--output", str(tmp_path / "whole")], check=True, capture_output=True)
    process = subprocess.Popen([*train, "--output", str(tmp_path / "killed")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    folder = tmp_path / "killed" / "word2vec.small" / "1"
    deadline = time.monotonic() + 60
    while not list((folder / "checkpoints").glob("step-00000008*")) and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    process.wait()
    run = Run.open(folder)
    assert run.abandoned()
    assert 40 <= run.state.step < run.state.total / 2
    subprocess.run([sys.executable, "-m", "zoo", "train", "--resume", str(folder)], check=True, capture_output=True)
    assert Run.open(folder).state.weights == Run.open(tmp_path / "whole" / "word2vec.small" / "1").state.weights


@pytest.mark.parametrize("model", ["skipgram", "cbow", "softmax"])
@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"loss.update": "batch"},
        {"batch_size": 16},
        {"batch_size": 0},
        {"config.sample": 0.01},
        {"steps": 3, "epochs": None},
        {"validation": 400},
    ],
)
def test_batches_of_any_size_are_learned_from_even_empty_ones(model, recipe, tmp_path):
    """3,000 words in a row are too rare to be learned."""
    lines = "the cat and the dog\n" * 40
    if model == "softmax" and "loss.update" in recipe:
        pytest.skip("its loss has no noise words")
    text = written(tmp_path, lines + " ".join(f"r{n}" for n in range(3000)) + "\n" + lines)
    run = api.train(f"word2vec.{model}", data=text, name="gap", output=tmp_path, recipe={"epochs": 1, **recipe})
    assert math.isfinite(run.state.metrics["text_loss"])


def test_weights_of_other_words_are_refused(tmp_path):
    """Of the same letters, so that all sizes fit."""
    first, second = (written(tmp_path, f"{words} " * 500, f"{words[:3]}.txt") for words in ("cat dog sun sea", "sea sun dog cat"))
    run = api.train("word2vec", data=first, name="first", output=tmp_path / "runs")
    with pytest.raises(UsageError, match="other words"):
        api.train("word2vec", data=second, name="second", output=tmp_path / "runs", init_from=run.path)


def test_what_is_learned_is_what_stands_together(tmp_path):
    """Words that are used alike become neighbours: here colours and animals."""
    generator = np.random.default_rng(0)
    colours, animals = ["red", "blue", "green", "white"], ["cat", "dog", "horse", "cow"]
    lines = (f"a {generator.choice(colours)} thing shines while the {generator.choice(animals)} eats grass" for _ in range(4000))
    text = written(tmp_path, "\n".join(lines))
    for model in ("skipgram", "cbow"):
        recipe = {"epochs": 6, "batch_size": 512, "lr": 0.1, "config.numbers": 16, "config.window": 2}
        run = api.train(f"word2vec.{model}", data=text, name=model + "-own", output=tmp_path, recipe=recipe)
        module = api.load(f"word2vec.{model}-own", run=run.path)
        words = words_of(module)
        units = torch.nn.functional.normalize(module.vectors.detach(), dim=1)
        for kind in (colours, animals):
            for word in kind:
                near = (units @ units[words.index(word)]).topk(4).indices.tolist()
                assert {words[place] for place in near} == set(kind), model
