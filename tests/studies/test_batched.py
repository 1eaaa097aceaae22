"""Hundreds of softmax regressions as one computation give what each gives by itself."""

from __future__ import annotations

import pytest

import zoo.studies.batched
import zoo.studies.evaluate
import zoo.studies.ready
import zoo.training.train
from zoo import api
from zoo.progress import Progress
from zoo.registry import registry
from zoo.spec import replaced
from zoo.studies.batched import Together
from zoo.studies.board import Claimed, Result
from zoo.studies.points import Plan, plan
from zoo.studies.sweep import sweep
from zoo.study import Axis, CannotBatch

CORNERS = (0.0, 0.05, 0.95)


@pytest.fixture
def cut(small_data, monkeypatch):
    """512 training and 1,000 test examples for studies, too."""
    for module in (zoo.studies.batched, zoo.studies.evaluate, zoo.studies.ready):
        monkeypatch.setattr(module, "load_dataset", zoo.training.train.load_dataset)


def few(**changes):
    """The course's study on nine of its points."""
    spec = registry().study("logreg-l1l2")
    axes = {path: replaced(axis, values=CORNERS) for path, axis in spec.axes.items()}
    return replaced(spec, **{"name": "few", "grid": axes, **changes})


def test_batched_and_single_agree(cut, tmp_path):
    swept = sweep(few(together=4), output=tmp_path / "study")  # three computations: of four, four and one
    assert (swept.trained, len(swept.record.trials)) == (9, 9)
    for trial in swept.record.trials:
        run = api.train("logreg.gd", recipe={"steps": 10, "penalise_biases": True, **trial.parameters}, output=tmp_path / "runs")
        assert trial.value == pytest.approx(run.state.metrics["accuracy"], abs=0.004)  # of 1,000 examples
        assert trial.metrics[0]["loss"] == pytest.approx(run.state.metrics["loss"], rel=0.01)
        assert trial.runs == ()
    accuracies = {tuple(trial.parameters.values()): trial.value for trial in swept.record.trials}
    assert max(accuracies, key=accuracies.__getitem__) == (0.0, 0.0), "any penalty lowers the accuracy"


def test_without_penalties_they_agree_to_rounding(cut, tmp_path):
    spec = few(
        grid={"l1": Axis(values=(0.0,)), "l2": Axis(values=(0.0, 0.05))}, fixed={"steps": 3, "penalise_biases": True, "lr": 0.1}
    )
    for trial in sweep(spec, output=tmp_path / "study").record.trials:
        recipe = {"steps": 3, "penalise_biases": True, "lr": 0.1, **trial.parameters}
        run = api.train("logreg.gd", recipe=recipe, output=tmp_path / "runs")
        assert trial.metrics[0]["loss"] == pytest.approx(run.state.metrics["loss"], rel=2e-6)
        assert trial.value == run.state.metrics["accuracy"]


def together(laid: Plan) -> list[Result]:
    """What comes of the first two trials as one computation."""
    claimed = [Claimed(point.index, point.index, point.parameters) for point in laid.points()[:2]]
    return Together(laid, "cpu", registry(), Progress())(claimed)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"model": "mlp.sgd-512", "fixed": {"batch_size": 0, "steps": 1, "penalise_biases": True}}, "which mlp.sgd-512 is not"),
        ({"grid": {"config.classes": Axis(values=(10, 12))}}, "their networks differ"),
    ],
)
def test_other_networks_are_not_computed_as_softmax_regressions(fields, said, cut):
    with pytest.raises(CannotBatch, match=said):
        together(plan(few(**fields), registry()))


@pytest.mark.parametrize(
    "changes",
    [{"batch_size": 100}, {"momentum": 0.9}, {"penalise_biases": False}, {"label_smoothing": 0.1}, {"schedule": "linear"}],
)
def test_what_cannot_be_computed_together_is_trained_one_by_one(changes, cut, tmp_path):
    with pytest.raises(CannotBatch):
        together(plan(few(), registry(), changes))
    if "batch_size" in changes:
        spec = few(grid={"l1": Axis(values=(0.0,)), "l2": Axis(values=(0.0, 0.05))})
        swept = sweep(spec, output=tmp_path, changes={**changes, "steps": 2})
        assert all(trial.runs for trial in swept.record.trials)
