"""The course's studies of perceptrons: how wide, how deep, and how the weights start."""

from __future__ import annotations

from zoo.study import Axis, StudySpec
from zoo_mlp.recipes import KERAS

HUNDREDS = {activation: [{"units": 100, "activation": activation}] * 4 for activation in ("tanh", "relu")}

STUDIES = (
    StudySpec(
        name="mlp-width",
        model="mlp.sgd-512",
        summary="One hidden layer of 2 to 2,048 ReLU",
        source=KERAS,
        grid={
            "config.layers.0.units": Axis(
                values=tuple(2**power for power in range(1, 12)), title="units of the hidden layer", log=2
            )
        },
        split="test",
        plot="line",
        expectation="the accuracy saturates near 2⁷ units",
    ),
    StudySpec(
        name="mlp-depth",
        model="mlp.sgd-512",
        summary="One to ten hidden layers of 512 ReLU, by SGD and by RMSprop",
        source=KERAS,
        fixed={"precision": "auto"},  # 7.5 seconds an epoch of five layers become 4.5 where a core multiplies in bfloat16
        grid={
            "config.layers": Axis(
                values=tuple([{"units": 512}] * number for number in range(1, 11)),
                labels=tuple(range(1, 11)),
                title="hidden layers of 512",
            )
        },
        cases={"SGD, lr 0.01": {}, "RMSprop, lr 0.001": {"optimiser": "rmsprop"}},
        split="test",
        plot="line",
        expectation="SGD is best near 7 layers; with RMSprop the accuracy falls with depth, most at 10",
    ),
    StudySpec(
        name="mlp-init",
        model="mlp.sgd-512",
        summary="How the weights of four hidden layers of 100 start",
        source="course: deep learning with Keras, weight initialisation",
        fixed={"batch_size": 64, "epochs": 30, "validation": 10_000},
        cases={
            "tanh, uniform ±0.05": {"config.layers": HUNDREDS["tanh"], "config.weights": "uniform"},
            "tanh, Glorot normal": {"config.layers": HUNDREDS["tanh"], "config.weights": "glorot-normal"},
            "ReLU, He normal": {"config.layers": HUNDREDS["relu"], "config.weights": "he"},
        },
        plot="curves",
        expectation="Glorot's first epoch is far higher than that of uniform ±0.05",
    ),
)
