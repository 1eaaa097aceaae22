"""Forecasts beside what came, and how the error grows with the hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.report.plot import Plot
from zoo.report.sheet import BODY, Sheet
from zoo.report.style import SMALL, STRONG, Theme

WIDTH, HEIGHT, LEFT, BELOW = 400.0, 200.0, 56.0, 96.0
"""Of a panel in pixels; room left of it, and under it."""
NAMES = ("best forecast", "median forecast", "worst forecast")


@dataclass(frozen=True)
class Forecasts(Plot):
    """Three windows of the test split, and the errors of all.

    Args:
        id: of the model.
        windows: indices of the best, the median and the worst by mean absolute error, int64 [3].
        history: float32 [3, 72], in m.
        future: what came, float32 [3, 24], in m.
        made: what was forecast, float32 [3, 24], in m.
        naive: the heights a season before, float32 [3, 24], in m.
        by_hour: mean absolute error of each hour ahead over the whole split, float [24], in m.
        naive_by_hour: of the season before.
    """

    id: str
    windows: np.ndarray
    history: np.ndarray
    future: np.ndarray
    made: np.ndarray
    naive: np.ndarray
    by_hour: np.ndarray
    naive_by_hour: np.ndarray

    @property
    def shows(self) -> str:
        return (
            f"mean error {self.by_hour.mean():.3f} m over {len(self.by_hour)} hours ahead, {self.by_hour[0]:.3f} m in the first "
            f"and {self.by_hour[-1]:.3f} m in the last; {self.naive_by_hour.mean():.3f} m for the height a lunar day before"
        )

    @property
    def lesson(self) -> str:
        return (
            "The moon's and the sun's tides can be known; the weather's can be known for some hours only, so that the error grows "
            "with the hours and never falls to nothing. The height a lunar day before is the forecast to beat."
        )

    def facts(self) -> dict[str, Any]:
        return {
            "windows": self.windows.tolist(),
            "mae_by_hour": self.by_hour.tolist(),
            "naive_mae_by_hour": self.naive_by_hour.tolist(),
        }

    def draw(self, theme: Theme) -> Sheet:
        sheet = Sheet(theme, f"{self.id}: forecasts beside what came", [self.lesson], BODY, 2 * (HEIGHT + BELOW) + 14)
        truth: dict[str, Any] = {"color": theme.ink, "linewidth": 1.4, "linestyle": "-", "marker": ""}
        ours: dict[str, Any] = {"color": theme.second, "linewidth": 1.4, "linestyle": "-", "marker": "o", "markersize": 3}
        before: dict[str, Any] = {"color": theme.first, "linewidth": 1.2, "linestyle": (0, (4, 2)), "marker": ""}
        x = sheet.key(0, 8, "what came", **truth)
        x = sheet.key(x + 36, 8, "forecast", **ours)
        sheet.key(x + 36, 8, "a lunar day before", **before)
        ahead = np.arange(1, self.future.shape[1] + 1)  # [hours]
        past = np.arange(1 - self.history.shape[1], 1)[-2 * len(ahead) :]  # [hours]
        for number in range(4):
            left = LEFT + (number % 2) * (BODY - WIDTH - LEFT)
            top = 66 + (number // 2) * (HEIGHT + BELOW)
            axes = sheet.panel(left, top, WIDTH, HEIGHT)
            if number < len(NAMES):
                error = float(np.abs(self.made[number] - self.future[number]).mean())
                sheet.text(left, top - 18, f"{NAMES[number]}: {error:.3f} m off", STRONG)
                known = np.concatenate([self.history[number][-len(past) :], self.future[number]])  # [hours]
                axes.plot(np.concatenate([past, ahead]), known, **truth, zorder=2)
                axes.plot(ahead, self.naive[number], **before, zorder=3)
                axes.plot(ahead, self.made[number], **ours, zorder=4)
                axes.axvline(0.5, color=theme.muted, linewidth=0.7, linestyle=(0, (2, 2)), marker="", zorder=1)
                axes.set_xticks([-48, -24, 0, 24])
            else:
                sheet.text(left, top - 18, "mean error of all test windows", STRONG)
                axes.plot(ahead, self.naive_by_hour, **before, zorder=3)
                axes.plot(ahead, self.by_hour, **ours, zorder=4)
                axes.set_ylim(0, 1.1 * float(max(self.naive_by_hour.max(), self.by_hour.max())))
                axes.set_xticks([1, 6, 12, 18, 24])
            sheet.letter_ticks(axes)
            sheet.text(left + WIDTH, top + HEIGHT + 40, "hours ahead", SMALL, theme.muted, align="right")
            unit = "height, m" if number < len(NAMES) else "error, m"
            sheet.text(left + WIDTH, top - 16, unit, SMALL, theme.muted, align="right")
        return sheet
