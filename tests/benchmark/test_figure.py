"""What is drawn: a line for each contestant and number of threads, an interval for each ratio, and the picture itself."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tests.benchmark.reports import LOUD, peer, report, row
from zoo.benchmark.compare import compare
from zoo.benchmark.figure import comparison_plot, report_plot
from zoo.benchmark.report import BenchReport
from zoo.report.style import DARK, LIGHT, Theme


def measured(*, loud: bool = False, factor: float = 1.0) -> BenchReport:
    rows = [
        row(
            factor * 0.05 * batch * share,
            batch=batch,
            threads=threads,
            against={"bare": peer(0.048 * batch * share, 0.96), "eager": peer(0.3 * batch * share, 6.0)},
            **({"noise": LOUD} if loud and batch == 1 else {}),
        )
        for threads, share in ((1, 1.0), (None, 0.6))
        for batch in (1, 8, 64)
    ]
    return report(rows)


def test_lines_of_a_report() -> None:
    plot = report_plot(measured())
    assert [(line.name, line.variant) for line in plot.times] == [
        (name, threads) for name in ("ours", "bare", "eager") for threads in ("1 thread", "all threads")
    ]
    assert plot.times[0].batches == (1, 8, 64)
    assert plot.times[0].values == pytest.approx((0.05, 0.4, 3.2))
    assert all(
        low <= value <= high for line in plot.times for low, value, high in zip(line.low, line.values, line.high, strict=True)
    )
    assert [line.name for line in plot.ratios[::2]] == ["bare", "eager", "control: ours, entered twice"]
    assert plot.ratios[2].values == (6.0, 6.0, 6.0)
    assert not any("noisy" in note for note in plot.notes)


def test_noise_and_levels_are_told() -> None:
    assert any(note.startswith("Too noisy to conclude: At batch 1") for note in report_plot(measured(loud=True)).notes)
    levels = report_plot(report([row(1.0, level="none"), row(0.5)]))
    assert [line.name for line in levels.times] == ["ours, 1 thread, level none", "ours, 1 thread, level all"]
    assert levels.variants == [""]  # of one batch size no line is drawn whose kind could be seen
    several = report_plot(report([row(1.0, level="none"), row(0.5), row(2.0, batch=8)]))
    assert [line.variant for line in several.times] == ["1 thread, level none", "1 thread, level all"]


def test_lines_of_a_comparison() -> None:
    a, b = measured(), report([*measured(factor=2.0).rows, row(9.0, batch=512)], provider="cuda")
    plot = comparison_plot(compare(a, b), a, b)
    assert {line.batches for line in plot.times} == {(1, 8, 64)}
    assert plot.ratios[0].values == pytest.approx((2.0, 2.0, 2.0))
    assert "provider: A cpu; B cuda" in plot.notes
    assert plot.margin == 0.1
    assert not any("noisy" in note for note in plot.notes)
    loud = measured(loud=True)
    assert any(note.startswith("Too noisy to conclude: B: ") for note in comparison_plot(compare(a, loud), a, loud).notes)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("single", [False, True])
def test_picture(theme: Theme, single: bool) -> None:
    """Each line's colour is on the card, and the axes show what was measured."""
    found = report([row(1.0, batch=5)]) if single else measured()
    sheet = report_plot(found).draw(theme)
    times, ratios = sheet.figure.axes
    assert times.get_yscale() == "log"
    low, high = times.get_ylim()
    assert low < min(one.latency.p50_ms for one in found.rows)
    assert high > max(one.latency.p90_ms for one in found.rows)
    assert ratios.get_ylim()[0] < 1 < ratios.get_ylim()[1]
    ticks = [label.get_text() for label in times.get_xticklabels()]
    assert [text for text in ticks if text] == (["5"] if single else ["1", "8", "64"])
    picture = np.asarray(Image.open(io.BytesIO(sheet.encode())).convert("RGB")).astype(int)
    for colour in (theme.first, theme.muted) if single else (theme.first, theme.second, theme.muted):
        wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
        assert (np.abs(picture - wanted).max(-1) < 12).sum() > 20, colour


def test_vector_formats() -> None:
    sheet = comparison_plot(compare(measured(), measured(factor=1.4)), measured(), measured(factor=1.4)).draw(LIGHT)
    assert b"<svg" in sheet.encode("svg")[:500]
