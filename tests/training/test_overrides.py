"""`--set`: what it takes and what it refuses."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import UnknownName, UsageError
from zoo.spec import SGD, AdamW, Constant, LinearDecay, NegativeSampling, OneCycle, Recipe, Shift
from zoo.training.overrides import override, parse_assignments

RECIPE = Recipe(optimiser=SGD(lr=0.1), batch_size=32, epochs=3, augment=(Shift(pixels=2),))


def test_fields_of_the_recipe_and_its_parts():
    changed = override(RECIPE, parse_assignments(["lr=0.01", "batch_size=64", "shift.pixels=1", "l2=1e-4", "precision=bf16"]))
    assert changed.optimiser == SGD(lr=0.01)
    assert (changed.batch_size, changed.augment, changed.loss.l2, changed.precision) == (64, (Shift(pixels=1),), 1e-4, "bf16")


def test_long_names_and_other_parts_by_name():
    changed = override(
        RECIPE, parse_assignments(["schedule.warmup=0.5", "schedule=one-cycle", "optimiser=adamw", "optimiser.lr=0.002"])
    )
    assert changed.schedule == OneCycle(warmup=0.5)
    assert changed.optimiser == AdamW(lr=0.002)
    assert override(RECIPE, {"schedule": "linear"}).schedule == LinearDecay()


def test_steps_and_epochs_replace_each_other():
    assert override(RECIPE, {"steps": 10}).epochs is None
    assert override(override(RECIPE, {"steps": 10}), {"epochs": 2}).steps is None


@pytest.mark.parametrize(
    ("key", "near"), [("lrr", "lr"), ("batchsize", "batch_size"), ("optimizer", "optimiser"), ("shift.pixel", "shift.pixels")]
)
def test_a_misspelt_field_has_a_near_match(key, near):
    with pytest.raises(UnknownName, match=f"did you mean.*{near}"):
        override(RECIPE, {key: 1})


@pytest.mark.parametrize(
    "assignment",
    ["lr=fast", "batch_size=1.5", "batch_size=-1", "epochs=0", "precision=fp8", "keep=worst", "seed=-2", "lr=null", "lr=[1]"],
)
def test_a_value_of_the_wrong_type_or_range_is_refused(assignment):
    with pytest.raises(UsageError, match=assignment.split("=", maxsplit=1)[0]):
        override(RECIPE, parse_assignments([assignment]))


@pytest.mark.parametrize(
    ("assignment", "right"),
    [("keep=first", "keep is last or best"), ("loss.update=word", "update is auto, position or batch")],
)
def test_a_word_that_is_none_of_a_few_is_told_these(assignment, right):
    recipe = Recipe(optimiser=SGD(lr=0.1), batch_size=10, epochs=1, loss=NegativeSampling())
    with pytest.raises(UsageError, match=f"does not take {assignment}: {right}"):
        override(recipe, parse_assignments([assignment]))


@pytest.mark.parametrize("text", ["lr", "=3", ""])
def test_another_form_is_refused(text):
    with pytest.raises(UsageError, match="KEY=VALUE"):
        parse_assignments([text])


def test_a_field_of_two_parts_wants_its_long_name():
    recipe = Recipe(optimiser=AdamW(), batch_size=1, steps=1, schedule=OneCycle())
    assert override(recipe, {"warmup": 0.1}).schedule == OneCycle(warmup=0.1)
    assert override(recipe, {"schedule": "constant"}).schedule == Constant()


@given(
    st.dictionaries(st.text(max_size=12), st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), max_size=4)
)
def test_anything_gives_a_recipe_or_a_usage_error(changes):
    with contextlib.suppress(UsageError):
        assert isinstance(override(RECIPE, changes), Recipe)
