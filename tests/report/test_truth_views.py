"""The inequalities of a single threshold unit, and the decision surface of a network with two inputs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from zoo import api
from zoo.errors import UsageError
from zoo.exporting.source import source_of
from zoo.progress import Progress
from zoo.registry import registry
from zoo.report.style import DARK, LIGHT
from zoo.report.surface import written
from zoo.views.gather import gather
from zoo.views.truth import contradiction, separability, solved, surface
from zoo_boolean.function import rows


def seen(tag: str, **changes: str):
    return source_of(f"boolean.{tag}", None, Path("runs"), registry(), Progress(), changes=changes).seen


def system(table: np.ndarray) -> np.ndarray:
    inputs = rows(len(table).bit_length() - 1)
    return np.where(table, 1.0, -1.0)[:, None] * np.column_stack([inputs, np.ones(len(inputs))])


@pytest.mark.parametrize(("inputs", "separable"), [(1, 4), (2, 14), (3, 104)])
def test_as_many_functions_are_separable_as_are_known_to_be(inputs, separable):
    """Of 4, 16 and 256 (Muroga 1971); each of the others comes with a proof in whole numbers."""
    count = 0
    for number in range(1 << (1 << inputs)):
        table = np.array([number >> row & 1 for row in range(1 << inputs)], bool)
        signed = system(table)
        solution = solved(signed)
        if solution is not None:
            count += 1
            assert (signed @ solution >= 0.5 - 1e-9).all()
        else:
            multipliers = contradiction(signed)
            assert multipliers.dtype.kind == "i"
            assert multipliers.any()
            assert (multipliers >= 0).all()
            assert not (multipliers @ signed.astype(int)).any()
    assert count == separable


def test_xor_is_refuted_and_the_argument_can_be_read():
    plot = separability(seen("xor"))
    assert plot.solution is None
    assert plot.multipliers.tolist() == [1, 1, 1, 1]
    text = plot.text()
    for line in ("0  1  1       w_b + b > 0        × 1", "1  1  0       w_a + w_b + b ≤ 0  × 1"):
        assert line in text
    assert "w_a + w_b + 2·b > 0. Add those of output 0: w_a + w_b + 2·b ≤ 0" in text
    assert plot.facts()["separable"] is False


@pytest.mark.parametrize(("tag", "solution"), [("and", [1, 1, -1.5]), ("or", [1, 1, -0.5]), ("not", [-1, 0.5])])
def test_the_solution_of_a_gate_is_the_one_by_hand(tag, solution):
    assert separability(seen(tag)).solution.tolist() == solution


@pytest.mark.parametrize("tag", ["and", "or", "xor"])
def test_the_surface_goes_through_the_corners(tag):
    plot = surface(seen(tag))
    side = len(plot.values)
    places = plot.low + (np.arange(side) + 0.5) * (plot.high - plot.low) / side
    for first in (0, 1):
        for second in (0, 1):
            row, column = np.abs(places[::-1] - second).argmin(), np.abs(places - first).argmin()
            assert plot.values[row, column] == plot.corners[first, second]
    assert len(plot.lines) == (2 if tag == "xor" else 1)
    assert (plot.last == "h1 − h2 − 0.5") == (tag == "xor")
    assert plot.draw(LIGHT).encode() != plot.draw(DARK).encode()


def test_views_are_drawn_where_they_apply():
    assert {"separability", "surface", "parameters"} == gather(seen("xor")).plots.keys()
    three = gather(seen("dnf"))
    assert three.left_out["surface"] == "it has 3 inputs; a surface is drawn of two"
    assert "separability" in three.plots
    five = gather(seen("dnf", expr="a & b & c & d & e"))
    assert five.left_out["separability"] == "32 inequalities are too many to be read; 16 are possible"
    assert gather(seen("dnf", expr="0", variables="a,b")).plots["surface"].values.any() == False  # noqa: E712
    long = gather(seen("dnf", expr=f"{'x' * 200} ^ {'y' * 200}"))
    assert all(plot.draw(LIGHT).encode() for plot in long.plots.values())


def test_without_scipy_there_is_a_clear_word(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    assert "pip install" in gather(seen("xor")).left_out["separability"]
    with pytest.raises(UsageError, match=r"no picture separability of boolean\.xor: scipy is not installed \(pip install"):
        api.plot("boolean.xor", only=["separability"], output=tmp_path)
    assert not list(tmp_path.iterdir())


def test_plot_writes_and_tells(tmp_path):
    plotted = api.plot("boolean.xor", output=tmp_path, only=["separability", "surface"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["separability.png", "surface.png"]
    assert plotted.facts()["figures"]["surface"]["corners"] == {"00": False, "01": True, "10": True, "11": False}


@pytest.mark.parametrize(
    ("weights", "bias", "text"),
    [
        ({"a": 1, "b": -2}, -0.5, "a − 2·b − 0.5"),
        ({"a": -1, "b": 0}, 0.5, "−a + 0.5"),
        ({"a": 0}, 0, "0"),
        ({"a": 0}, -1.5, "−1.5"),
    ],
)
def test_a_sum_is_written_as_by_hand(weights, bias, text):
    assert written(weights, bias) == text
