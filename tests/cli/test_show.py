"""`zoo show`: what of a model can be set, and by which command."""

from __future__ import annotations

import pytest

from tests.commands import Zoo


@pytest.fixture
def zoo_(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Zoo:
    return Zoo(monkeypatch, capfd)


@pytest.mark.parametrize("model", ["boolean.dnf", "boolean.and", "camera.hand"])
def test_given_values_are_set_when_a_model_is_exported(model, zoo_):
    shown = zoo_("show", model).out
    assert f"network (its values are given by zoo export {model} --set KEY=VALUE)\n" in shown
    assert "none: the weights are given" in shown


def test_values_to_be_learned_are_not(zoo_):
    shown = zoo_("show", "camera.trained").out
    assert "\nnetwork\n" in shown
    assert "zoo export" not in shown
    assert "recipe (each field can be changed by zoo train --set KEY=VALUE)" in shown
