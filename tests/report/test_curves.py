"""Learning curves of runs that went wrong, and figures of any size."""

from __future__ import annotations

import numpy as np
import pytest

from zoo.report.curves import Curves
from zoo.report.style import LIGHT
from zoo.report.tables import figure


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_run_that_diverged_is_drawn(bad):
    """Every epoch's loss may be no number: the panel says so, and its places are the epochs all the same."""
    steps, nothing = np.arange(1, 5), np.full(2, bad)
    by_epoch = {"train": {"loss": nothing}, "test": {"loss": nothing, "accuracy": np.full(2, 0.1)}}
    curves = Curves("made.up", steps, {"loss": np.array([2.3, bad, bad, bad])}, steps[:2], steps[1::2], by_epoch)
    sheet = curves.draw(LIGHT)
    assert [text.get_text() for text in sheet.figure.texts].count("no finite values") == 1
    assert all(
        axes.get_xlim()[0] < 1 and axes.get_xlim()[1] > last for axes, last in zip(sheet.figure.axes, (4, 4, 2, 2), strict=True)
    )
    assert sheet.encode().startswith(b"\x89PNG")


@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e20])
def test_numbers_up_the_side_are_not_cut(scale):
    values = scale * np.array([1.0, 1.5, 2.0])
    sheet = Curves("made.up", np.arange(1, 4), {"loss": values}, np.zeros(0, np.int64), np.zeros(0, np.int64), {}).draw(LIGHT)
    sheet.encode()
    (axes,) = sheet.figure.axes
    assert all(label.get_window_extent().x0 >= 0 for label in axes.get_yticklabels())


def test_figures_of_any_size_are_short():
    assert [figure(value) for value in (1e38, -1e38, 2e-9, 0.0, 12, 0.5)] == ["1e+38", "-1e+38", "2e-09", "0.0000", "12", "0.5000"]
