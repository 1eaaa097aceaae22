"""Every trial is laid out once, in a fixed order, and what does not fit is refused before the first is trained."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.errors import UnknownName, UsageError
from zoo.registry import registry
from zoo.spec import replaced
from zoo.studies.points import Plan, plan
from zoo.study import Axis, Range, StudySpec

FIXED = {"validation": 500}


def laid(**fields) -> Plan:
    return plan(StudySpec(**{"name": "mine", "model": "camera.trained", "fixed": FIXED, **fields}), registry())


@given(
    st.lists(st.integers(1, 10_000), min_size=1, max_size=8, unique=True),
    st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=8, unique=True),
    st.lists(st.sampled_from(["a", "b", "c", "d"]), max_size=4, unique=True),
)
def test_a_grid_has_each_combination_once(batches, rates, cases):
    found = laid(grid={"batch_size": batches, "lr": rates}, cases={name: {} for name in cases})
    points = found.points()
    combinations = [tuple(point.parameters.values()) for point in points]
    assert combinations == list(itertools.product(batches, rates, *([cases] if cases else [])))
    assert [point.index for point in points] == list(range(found.size))
    for point in points:
        recipe, _ = found.resolved(point.parameters, 3)
        assert (recipe.batch_size, recipe.optimiser.lr, recipe.seed) == (
            point.parameters["batch_size"],
            point.parameters["lr"],
            3,
        )


def test_whole_lists_bear_labels_and_cases_change_several_fields():
    found = laid(
        model="mlp.sgd-512",
        grid={"config.layers": Axis(values=tuple([{"units": 8}] * n for n in (1, 3)), labels=(1, 3))},
        cases={"sgd": {}, "rms": {"optimiser": "rmsprop", "lr": 0.5}},
    )
    assert [tuple(point.parameters.values()) for point in found.points()] == [(1, "sgd"), (1, "rms"), (3, "sgd"), (3, "rms")]
    recipe, config = found.resolved(found.points()[3].parameters, 0)
    assert [layer.units for layer in config.layers] == [8, 8, 8]
    assert (type(recipe.optimiser).__name__, recipe.optimiser.lr) == ("RMSprop", 0.5)
    unlabelled = laid(model="mlp.sgd-512", grid={"config.layers": ([{"units": 8}], [{"units": 4}])})
    assert [point.parameters["config.layers"] for point in unlabelled.points()] == ['[{"units":8}]', '[{"units":4}]']


def test_sampling_repeats_the_grid():
    found = laid(grid={"batch_size": (50, 100)}, space={"lr": Range(low=1e-4, high=1e-2, log=True)}, trials=3)
    assert [point.parameters["batch_size"] for point in found.points()] == [50, 100] * 3


def test_the_studies_of_the_plugins_have_the_sizes_of_the_courses():
    sizes = {name: plan(owned.spec, registry()).size for name, owned in registry().studies.items()}
    assert sizes["logreg-l1l2"] == 400
    assert (sizes["mlp-width"], sizes["mlp-depth"], sizes["mlp-init"]) == (11, 20, 3)


def test_only_what_decides_the_figures_changes_the_fingerprint():
    one = laid(grid={"lr": (0.1, 0.2)})
    assert one.fingerprint == laid(grid={"lr": (0.1, 0.2)}, summary="other words", plot="line").fingerprint
    others = [
        laid(grid={"lr": (0.1, 0.3)}),
        laid(grid={"lr": (0.2, 0.1)}),
        laid(grid={"lr": (0.1, 0.2)}, seeds=(1,)),
        laid(grid={"lr": (0.1, 0.2)}, metric="loss"),
        laid(grid={"lr": (0.1, 0.2)}, fixed={"validation": 501}),
    ]
    assert len({one.fingerprint, *(other.fingerprint for other in others)}) == 6
    few, many = (laid(space={"lr": Range(low=0.1, high=0.2)}, trials=n) for n in (2, 9))
    assert few.fingerprint == many.fingerprint


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"grid": {"learning_rate": (0.1,)}}, "There is no recipe field 'learning_rate'"),
        ({"grid": {"config.relu_bais": (0.1,)}}, "did you mean config.relu_bias"),
        ({"grid": {"lr": (0.1, -0.2)}}, "does not take"),
        ({"grid": {"lr": (0.1, 0.2, 0.1)}}, "lr takes 0.1 twice"),
        ({"grid": {"lr": (0.1,)}, "fixed": {}}, "holds out none"),
        ({"grid": {"lr": (0.1,)}, "model": "camera.hand"}, "nothing to learn"),
        ({"grid": {"lr": (0.1,)}, "model": "camera.trianed"}, "There is no model"),
        ({"space": {"batch_size": Range(low=0.5, high=2.5)}, "trials": 2}, "does not take"),
        ({"grid": {f: tuple(range(1, 100)) for f in ("batch_size", "epochs", "validation")}, "fixed": {}}, "at most 20,000"),
    ],
)
def test_what_does_not_fit_is_refused(fields, said):
    with pytest.raises(UsageError, match=said):
        laid(**fields)


def test_what_a_study_varies_cannot_be_set():
    spec = StudySpec(name="mine", model="camera.trained", fixed={"validation": 500, "steps": 5}, grid={"lr": (0.1, 0.2)})
    with pytest.raises(UsageError, match="lr is what mine varies"):
        plan(spec, registry(), {"lr": 0.3})
    recipe, _ = plan(spec, registry(), {"epochs": 2}).resolved({"lr": 0.1}, 0)
    assert (recipe.epochs, recipe.steps) == (2, None)
    with pytest.raises(UnknownName):
        plan(replaced(spec, model="nothing"), registry())


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "varies something"),
        ({"space": {"lr": Range(low=0.1, high=0.2)}}, "trials says"),
        ({"grid": {"lr": (0.1,)}, "trials": 3}, "trials says"),
        ({"grid": {"lr": (0.1,)}, "split": "test"}, "published curve"),
        ({"space": {"lr": Range(low=0.1, high=0.2)}, "trials": 2, "split": "test", "source": "x"}, "never"),
        ({"grid": {"lr": (0.1,)}, "fixed": {"lr": 1}}, "set twice"),
        ({"grid": {"seed": (1, 2)}}, "under seeds"),
        ({"grid": {"lr": (0.1,)}, "seeds": (1, 1)}, "different numbers"),
        ({"grid": {"lr": ()}}, "needs values"),
        ({"grid": {"lr": (0.1,)}, "name": "No Name"}, "lower-case"),
    ],
)
def test_a_study_that_contradicts_itself_is_none(fields, said):
    with pytest.raises(ValueError, match=said):
        laid(**fields)
