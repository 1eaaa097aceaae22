"""Multilayer perceptrons on MNIST, as the courses of 2016 to 2018 trained them.

| id | hidden layers | training |
|---|---|---|
| `mlp.rmsprop-2x512` | 512 ReLU, 512 ReLU | RMSprop, 5 epochs |
| `mlp.rmsprop-2x512-dropout` | the same, dropout 0.2 after each | RMSprop, 5 epochs |
| `mlp.sgd-512` | 512 ReLU | SGD, 50 epochs |

Input: 28×28 grey pixels 0 … 255; output: probabilities of the ten digits. Weights start as Keras's Dense does: Glorot uniform,
zero biases.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from zoo.hookspecs import hookimpl
from zoo.signatures import CLASSIFIER_EXPORTS, CLASSIFIER_TASK, IMAGE, LABEL, probabilities
from zoo.spec import SGD, ModelSpec, Recipe, Reference, RMSprop, Spec


class Layer(Spec):
    """One hidden layer.

    Args:
        units: its width.
        activation: applied to its sums.
        dropout: share of its outputs set to zero while training (Srivastava et al. 2014).
    """

    units: int
    activation: Literal["relu", "tanh"] = "relu"
    dropout: float = 0.0


class Config(Spec):
    """Shape of the network.

    Args:
        layers: hidden layers from the input on.
        pixels: of a picture, height × width.
        classes: number of labels.
    """

    layers: tuple[Layer, ...]
    pixels: int = 784
    classes: int = 10


def _spec(tag: str, summary: str, layers: tuple[Layer, ...], recipe: Recipe, accuracy: float, loss: float) -> ModelSpec:
    source = "course: deep learning with Keras, MNIST"
    return ModelSpec(
        architecture="mlp",
        tag=tag,
        summary=summary,
        source=source,
        task=CLASSIFIER_TASK,
        build="zoo_mlp.model:build",
        config=Config(layers=layers),
        recipe=recipe,
        dataset="mnist",
        inputs=(IMAGE,),
        outputs=(LABEL, probabilities(10)),
        exports=CLASSIFIER_EXPORTS,
        references=(
            Reference(metric="accuracy", value=accuracy, source=source),
            Reference(metric="loss", value=loss, better="lower", source=source),
        ),
    )


@hookimpl
def zoo_models() -> Iterable[ModelSpec]:
    """Multilayer perceptrons on MNIST."""
    rmsprop = Recipe(optimiser=RMSprop(lr=1e-3, rho=0.9, eps=1e-7), batch_size=128, epochs=5, precision="auto")
    wide, dropped = Layer(units=512), Layer(units=512, dropout=0.2)
    return [
        _spec("rmsprop-2x512", "Two hidden layers of 512 ReLU, RMSprop", (wide, wide), rmsprop, 0.9825, 0.0637),
        _spec("rmsprop-2x512-dropout", "The same with dropout 0.2 after each", (dropped, dropped), rmsprop, 0.9785, 0.0765),
        _spec(
            "sgd-512",
            "One hidden layer of 512 ReLU, SGD",
            (wide,),
            Recipe(optimiser=SGD(lr=0.01), batch_size=128, epochs=50),
            0.9620,
            0.1319,
        ),
    ]
