"""The tide of tomorrow: 72 hourly heights of the sea go in, the next 24 come out.

| id | network |
|---|---|
| `forecast.gru` | a GRU over the hours, and a linear layer from its last state to all 24 hours at once |
| `forecast.lstm` | the same with an LSTM |

The tide is the sum of the moon's and the sun's, whose periods are known, and of the weather's, which is not. Its simplest forecast
says of each hour what was there a lunar day (25 hours) before: `mase` is the network's mean absolute error over that one's, so
that 1 means nothing was learned.

The series is generated: the largest constituents of real tides at their true speeds, with amplitudes of a harbour that does not
exist, and weather as a first-order autoregression. What holds of it need not hold of a real harbour.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from zoo.hookspecs import hookimpl
from zoo.spec import AdamW, DatasetSpec, ModelSpec, OneCycle, Recipe, Reference, Spec, SquaredError, TensorSpec

HISTORY = 72
"""Hours that go in."""
HORIZON = 24
"""Hours that come out."""
SEASON = 25
"""A lunar day, 24.84 hours, in whole ones."""
NAIVE_MAE = 0.1632
"""Mean absolute error, in metres, of the forecast that repeats the last season, over the test split."""


class Config(Spec):
    """Shape of the network.

    Args:
        cell: of the recurrence.
        hidden: numbers of its state.
        mean: of the heights of the training split, in metres; the data decide.
        deviation: of the heights of the training split, in metres; the data decide.
    """

    cell: Literal["gru", "lstm"] = "gru"
    hidden: int = 48
    mean: float = 0.0
    deviation: float = 1.0


@hookimpl
def zoo_datasets() -> Iterable[DatasetSpec]:
    """The tide."""
    yield DatasetSpec(
        id="tide",
        summary="Hourly heights of a tide: a year to train on, a month to validate, three to test",
        source="generated with seed 0; speeds of the constituents after P. Schureman 1958, Manual of Harmonic Analysis, table 2",
        licence="CC0-1.0",
        load="zoo_forecast.data:load",
    )


def _model(cell: Literal["gru", "lstm"], source: str) -> ModelSpec:
    return ModelSpec(
        architecture="forecast",
        tag=cell,
        summary=f"{cell.upper()}: three days of a tide, and the fourth",
        source=source,
        task="zoo_forecast.task:Forecast",
        build="zoo_forecast.model:build",
        fit="zoo_forecast.data:fit",
        config=Config(cell=cell),
        recipe=Recipe(
            optimiser=AdamW(lr=4e-3),
            schedule=OneCycle(),
            batch_size=64,
            epochs=10,
            loss=SquaredError(),
            clip=1.0,
            keep="best",
        ),
        dataset="tide",
        inputs=(
            TensorSpec(
                name="history",
                dtype="float32",
                shape=("batch", HISTORY),
                meaning="heights of the sea, hour by hour, in m; the newest last",
            ),
        ),
        outputs=(
            TensorSpec(name="forecast", dtype="float32", shape=("batch", HORIZON), meaning="heights of the hours after, in m"),
        ),
        exports={"forecast": "zoo_forecast.export:forecast"},
        references=(
            Reference(metric="mae", value=NAIVE_MAE, rule="at_most", source=f"seasonal naive: the height {SEASON} hours before"),
            Reference(metric="mase", value=1.0, rule="at_most", source="the same; Hyndman & Koehler 2006, IJF 22(4)"),
        ),
        views={"forecast": "zoo_forecast.view:forecast"},
    )


@hookimpl
def zoo_models() -> Iterable[ModelSpec]:
    """One network with two kinds of cell."""
    yield _model("gru", "Cho et al. 2014, arXiv 1406.1078")
    yield _model("lstm", "Hochreiter & Schmidhuber 1997, Neural Computation 9(8)")
