"""What the picture is drawn from."""

from __future__ import annotations

import numpy as np
import torch

from zoo.training.task import EVALUATION_BATCH
from zoo.views.subject import Subject
from zoo_forecast.plot import Forecasts
from zoo_forecast.seasonal import naive


def forecast(subject: Subject) -> Forecasts:
    """The best, the median and the worst forecast of the test split, and the error of each hour ahead."""
    module, test = subject.trained, subject.test
    history, future = torch.from_numpy(test["history"]), test["future"]  # [n, 72], [n, 24]
    with torch.inference_mode():
        made = torch.cat([module(part).float() for part in torch.split(history, EVALUATION_BATCH)]).numpy()  # [n, 24]
    off = np.abs(made - future)  # [n, 24]
    order = off.mean(1).argsort()
    shown = order[[0, len(order) // 2, -1]]
    before = naive(test["history"])  # [n, 24]
    return Forecasts(
        id=subject.id,
        windows=shown,
        history=test["history"][shown],
        future=future[shown],
        made=made[shown],
        naive=before[shown],
        by_hour=off.mean(0),
        naive_by_hour=np.abs(before - future).mean(0),
    )
