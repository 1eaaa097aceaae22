"""The small parts of training: checkpoint files, augmentation, the verdict over seeds, L-BFGS."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoo import api
from zoo.errors import IntegrityError
from zoo.ledger.verdict import drawn, student, verdict
from zoo.registry import registry
from zoo.spec import LBFGS, SGD, Recipe, Reference, replaced, to_plain
from zoo.training.augment import shifted
from zoo.training.build import build_module
from zoo.training.checkpoint import hash_tensors, load_tensors, save_tensors

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(3), "c": torch.tensor([True, False])}


def test_tensors_come_back_with_their_facts(tmp_path):
    digest = save_tensors(tmp_path / "x.safetensors", TENSORS, {"step": 3, "name": "é"})
    tensors, facts, found = load_tensors(tmp_path / "x.safetensors")
    assert found == digest == hash_tensors(TENSORS)
    assert facts == {"step": 3, "name": "é"}
    assert all(torch.equal(tensors[name], tensor) for name, tensor in TENSORS.items())
    assert [path.name for path in tmp_path.iterdir()] == ["x.safetensors"]


def test_the_hash_ignores_memory_layout():
    image = torch.rand(2, 3, 4, 4)
    assert hash_tensors({"w": image}) == hash_tensors({"w": image.to(memory_format=torch.channels_last)})
    assert hash_tensors({"w": image}) != hash_tensors({"v": image})
    assert hash_tensors({"w": torch.zeros(2, 3)}) != hash_tensors({"w": torch.zeros(3, 2)})


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 10_000), bit=st.integers(0, 7), cut=st.none() | st.integers(0, 10_000))
def test_a_changed_or_cut_file_is_never_loaded_as_another(tmp_path, position, bit, cut):
    path = tmp_path / "x.safetensors"
    save_tensors(path, TENSORS, {"step": 3})
    content = bytearray(path.read_bytes())
    content[position % len(content)] ^= 1 << bit
    path.write_bytes(content if cut is None else content[: cut % len(content)])
    try:
        tensors, facts, _ = load_tensors(path)
    except IntegrityError:
        return
    assert facts == {"step": 3}
    assert hash_tensors(tensors) == hash_tensors(TENSORS)


def test_shift_moves_pictures_by_whole_pixels():
    torch.manual_seed(0)
    image = torch.randint(0, 256, (500, 6, 5), dtype=torch.uint8)
    moved = shifted(image, 2)
    padded = torch.nn.functional.pad(image, (2, 2, 2, 2))
    seen = set()
    for before, after in zip(padded, moved, strict=True):
        offsets = [(y, x) for y in range(5) for x in range(5) if torch.equal(before[y : y + 6, x : x + 5], after)]
        assert offsets
        seen.update(offsets)
    assert moved.dtype == torch.uint8
    assert len(seen) == 25
    assert torch.equal(shifted(image, 0), image)


def test_the_verdict_over_seeds():
    figure = Reference(metric="accuracy", value=0.98, source="x")
    random = Recipe(optimiser=SGD(), batch_size=100, epochs=1)
    assert verdict(figure, [0.981, 0.979, 0.982], random) == "reproduced"  # no worse
    assert verdict(figure, [0.975, 0.979, 0.970], random) == "reproduced"  # within the prediction interval
    assert verdict(figure, [0.9500, 0.9501, 0.9502], random).startswith("not reproduced (-0.0299")
    loss = Reference(metric="loss", value=0.07, source="x", better="lower")
    assert verdict(loss, [0.069, 0.07, 0.0699], random) == "reproduced"
    assert verdict(loss, [0.071, 0.0711, 0.0712], random).startswith("not")
    exact = Reference(metric="accuracy", value=0.9096, rule="exact", tolerance=2e-4, source="x")
    assert verdict(exact, [0.9097, 0.9096, 0.9095], random) == "reproduced"
    assert verdict(exact, [0.9097, 0.9096, 0.9100], random).startswith("not")


def test_few_seeds_are_open_where_chance_has_a_part():
    figure = Reference(metric="accuracy", value=0.98, source="x")
    goal, exact = replaced(figure, rule="at_least"), replaced(figure, rule="exact", tolerance=1e-6)
    random = Recipe(optimiser=SGD(), batch_size=100, epochs=1)
    whole, solved = replaced(random, batch_size=0), Recipe(optimiser=LBFGS(), batch_size=0, steps=9)
    for reference in (figure, goal, exact):
        assert verdict(reference, [0.98], random) == "open: 1 of 3 seeds (no worse)"
    assert verdict(figure, [0.979, 0.9804], random) == "open: 2 of 3 seeds (-0.0003)"
    assert verdict(exact, [0.98, 0.980002], random) == "open: 2 of 3 seeds (+0.000001)"
    assert verdict(goal, [0.98], whole) == "open: 1 of 3 seeds (no worse)"  # full batches, perhaps from random weights
    assert verdict(exact, [0.98], whole) == "reproduced"
    assert verdict(exact, [0.980002], whole) == "not reproduced (+0.000002)"
    for recipe in (solved, None):
        assert verdict(figure, [0.981], recipe) == "reproduced"
        assert verdict(figure, [0.979], recipe) == "not reproduced (-0.0010)"


def test_what_is_said_to_be_without_chance_begins_with_the_same_weights():
    """`drawn` cannot see the weights of the beginning; here they are built."""
    for owned in registry(third_party=False).models.values():
        spec = owned.spec
        if not spec.recipe or all(drawn(spec.recipe, reference) for reference in spec.references):
            continue
        built = []
        for seed in (0, 1):
            torch.manual_seed(seed)
            built.append(build_module(spec, to_plain(spec.config)).state_dict())
        assert all(torch.equal(one, other) for one, other in zip(built[0].values(), built[1].values(), strict=True)), spec.id


def test_students_quantiles():
    tables = {1: 12.706, 2: 4.303, 17: 2.110, 19: 2.093, 30: 2.042, 60: 2.000, 120: 1.980}
    assert {freedom: student(freedom) for freedom in tables} == pytest.approx(tables, abs=1e-3)


def test_lbfgs_finds_the_optimum_that_scikit_learn_finds(tmp_path, mnist, monkeypatch):
    from sklearn.linear_model import LogisticRegression

    count, l2 = 600, 3e-2  # an optimum that both find in seconds
    few = {name: array[:count] for name, array in mnist.splits["train"].items()}
    monkeypatch.setattr("zoo.training.train.hold_out", lambda dataset, recipe: (few, ("test", dict(dataset.splits["test"]))))
    run = api.train("logreg.best", recipe={"l2": l2}, output=tmp_path)
    assert run.state.metrics["gradient_max"] <= 1e-7
    # scikit-learn's objective is C·Σ loss + ½·‖W‖²; ours is mean loss + λ·‖W‖².
    other = LogisticRegression(C=1 / (2 * l2 * count), tol=1e-8, max_iter=2000)
    other.fit(few["image"].reshape(count, -1) / 255.0, few["label"])
    ours = api.load("logreg.best", run=run.path).linear.weight.detach().numpy()
    np.testing.assert_allclose(ours, other.coef_, atol=1e-5)


def test_lbfgs_does_as_many_iterations_as_it_is_given(tmp_path, small_data):
    run = api.train("logreg.best", recipe={"steps": 3}, output=tmp_path)
    assert run.state.metrics["iterations"] == 3
