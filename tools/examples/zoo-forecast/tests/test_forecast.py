"""What every model of the zoo is checked for, and what the baseline is worth."""

import numpy as np

from zoo.testing import parametrize_checks
from zoo_forecast.data import load
from zoo_forecast.seasonal import naive


@parametrize_checks("forecast.gru")
def test_forecast(check):
    check()


def test_the_tide_of_a_lunar_day_ago_is_a_better_guess_than_the_last_height():
    test = load({})["test"]
    seasonal = np.abs(naive(test["history"]) - test["future"]).mean()
    last = np.abs(test["history"][:, -1:] - test["future"]).mean()
    assert 0.1 < seasonal < last / 3
