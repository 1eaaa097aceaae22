"""The tide, generated, cut into windows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo.data.dataset import Split
from zoo.spec import replaced
from zoo_forecast import HISTORY, HORIZON, Config

# Constituent: speed in degrees an hour (Schureman 1958, table 2), amplitude in m, phase in degrees.
CONSTITUENTS = {
    "M2": (28.9841042, 1.10, 20.0),
    "S2": (30.0, 0.38, 75.0),
    "N2": (28.4397295, 0.22, 340.0),
    "K1": (15.0410686, 0.14, 190.0),
    "O1": (13.9430356, 0.11, 30.0),
}
HOURS = {"train": 366 * 24, "validation": 31 * 24, "test": 91 * 24}
KEPT = 0.97
"""Share of the weather's height that is left after an hour."""
GUST = 0.03
"""Standard deviation of what an hour of weather adds, in m."""


def heights(hours: int, seed: int = 0) -> np.ndarray:
    """Heights of the sea over its mean, in m: float32 [hours]."""
    time = np.arange(hours)  # [hours]
    tide = sum(size * np.cos(np.deg2rad(speed * time - phase)) for speed, size, phase in CONSTITUENTS.values())
    weather, gusts = np.zeros(hours), np.random.default_rng(seed).normal(0, GUST, hours)
    for hour in range(1, hours):
        weather[hour] = KEPT * weather[hour - 1] + gusts[hour]
    return np.asarray(tide + weather, np.float32)


def load(files: Mapping[str, Path]) -> dict[str, dict[str, np.ndarray]]:
    """`train`, `validation` and `test`, one after the other in time, no hour in two of them.

    Args:
        files: none; the series is generated.

    Returns:
        Each with `history`, float32 [n, 72], and `future`, float32 [n, 24], in m: a window begins at each hour.
    """
    del files
    series, splits, start = heights(sum(HOURS.values())), {}, 0
    for name, hours in HOURS.items():
        windows = np.lib.stride_tricks.sliding_window_view(series[start : start + hours], HISTORY + HORIZON)  # [n, 96]
        splits[name] = {"history": windows[:, :HISTORY].copy(), "future": windows[:, HISTORY:].copy()}
        start += hours
    return splits


def fit(config: Config, splits: Mapping[str, Split]) -> Config:
    """The config with mean and deviation of the training split."""
    history = splits["train"]["history"].astype(float)  # [n, 72]
    return replaced(config, mean=float(history.mean()), deviation=float(history.std()) or 1.0)
