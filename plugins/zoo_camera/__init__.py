"""A camera with four pixels, small enough to work out every weight by hand.

Pictures are 2×2 pixels, each −1 (dark) or +1 (bright); eight of the sixteen possible ones bear a name: solid, vertical,
diagonal and horizontal, each with its negative.

| id | weights |
|---|---|
| `camera.hand` | set by hand: sums and differences of pixels, a unit for each sign |
| `camera.trained` | random start, RMSprop, 8 epochs, as in the course: about three starts in four find the answer |
| `camera.trained-stable` | a better start and schedule: every one of 20 seeds finds it |

Input: `pixels` float32 [batch, 2, 2]; output: probabilities of the four classes. 116 parameters.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from zoo.hookspecs import hookimpl
from zoo.signatures import CLASSIFIER_EXPORTS, CLASSIFIER_TASK, LABEL, probabilities
from zoo.spec import DatasetSpec, LinearDecay, ModelSpec, Picture, Recipe, Reference, RMSprop, Spec, TensorSpec

CLASSES = ("solid", "vertical", "diagonal", "horizontal")
COURSE = "course: a neural network by hand, four-pixel camera"


class Config(Spec):
    """How the weights start.

    Args:
        weights: by hand, or random: Glorot uniform with zero biases.
        relu_bias: start of the ReLU units' biases. Above zero, every unit passes a gradient for every picture at first; at zero, a
            unit that is off for all eight pictures never learns, and a class may be left without one.
    """

    weights: Literal["hand", "glorot"] = "glorot"
    relu_bias: float = 0.0


PIXELS = TensorSpec(
    name="pixels",
    dtype="float32",
    shape=("batch", 2, 2),
    meaning="picture of four pixels, rows from the top; −1 is dark, +1 bright",
    low=-1,
    high=1,
)


@hookimpl
def zoo_datasets() -> Iterable[DatasetSpec]:
    """The generated pictures."""
    return [
        DatasetSpec(
            id="camera",
            summary="2×2 pictures in four classes, 4,000 to train and 1,000 to test",
            source="generated with seed 0",
            licence="CC0-1.0",
            load="zoo_camera.data:load",
            classes=CLASSES,
            picture=Picture(height=2, width=2, background="dark", framing="whole"),
        )
    ]


def _spec(tag: str, summary: str, config: Config, recipe: Recipe | None, references: tuple[Reference, ...]) -> ModelSpec:
    return ModelSpec(
        architecture="camera",
        tag=tag,
        summary=summary,
        source=COURSE,
        task=CLASSIFIER_TASK,
        build="zoo_camera.model:build",
        config=config,
        recipe=recipe,
        dataset="camera",
        inputs=(PIXELS,),
        outputs=(LABEL, probabilities(len(CLASSES))),
        exports=CLASSIFIER_EXPORTS,
        prove="zoo_camera.proof:prove",
        references=references,
    )


@hookimpl
def zoo_models() -> Iterable[ModelSpec]:
    """The camera, by hand and trained."""
    return [
        _spec(
            "hand",
            "Four-pixel camera with weights set by hand",
            Config(weights="hand"),
            None,
            (
                Reference(metric="accuracy", value=1.0, rule="exact", source=COURSE),
                Reference(metric="loss", value=0.765615, rule="exact", tolerance=1e-6, source=COURSE),
            ),
        ),
        _spec(
            "trained",
            "The same network from a random start",
            Config(),
            Recipe(optimiser=RMSprop(lr=1e-3, rho=0.9, eps=1e-7), batch_size=32, epochs=8),
            (
                Reference(metric="accuracy", value=1.0, source=COURSE),
                Reference(metric="loss", value=0.2202, better="lower", source=COURSE),
            ),
        ),
        _spec(
            "trained-stable",
            "The same network, trained so that every seed finds the answer",
            Config(relu_bias=0.5),
            Recipe(optimiser=RMSprop(lr=0.01, rho=0.9, eps=1e-7), schedule=LinearDecay(), batch_size=32, epochs=8),
            (Reference(metric="accuracy", value=1.0, rule="exact", source="goal of this zoo: 20 of 20 seeds"),),
        ),
    ]
