"""Convolutional networks on MNIST.

| id | network | training |
|---|---|---|
| `cnn.fast` | a small net with batch normalisation | one-cycle AdamW, 3 epochs: above 99.4 % in seconds on two CPU cores |
| `cnn.keras-3x3` | two 3×3 convolutions, dense 128 | Adadelta, 12 epochs: the example that Keras shipped for years |

Input: 28×28 grey pixels 0 … 255; output: probabilities of the ten digits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from zoo.hookspecs import hookimpl
from zoo.signatures import CLASSIFIER_EXPORTS, CLASSIFIER_TASK, IMAGE, LABEL, probabilities
from zoo.spec import Adadelta, AdamW, Loss, ModelSpec, OneCycle, Recipe, Reference, Shift, Spec


class Convolution(Spec):
    """One convolution, then max-pooling, batch normalisation and ReLU, in this order: the later steps have less to do.

    Args:
        channels: filters.
        kernel: their height and width in pixels.
        stride: step of the filter in pixels.
        padding: pixels of zeros around the picture.
        norm: batch normalisation (arXiv 1502.03167).
        pool: size and stride of the max-pooling; 1 for none.
    """

    channels: int
    kernel: int
    stride: int = 1
    padding: int = 0
    norm: bool = False
    pool: int = 1


class Config(Spec):
    """Shape of the network.

    Args:
        convolutions: from the input on.
        feature_dropout: share of the feature maps' values set to zero while training.
        dense: widths of the hidden dense layers.
        dense_dropout: share of the last hidden layer's outputs set to zero while training.
        weights: how they start: Glorot uniform with zero biases (Keras), or He's uniform (PyTorch's default).
        mean: subtracted from the pixels (0 … 1).
        deviation: by which they are then divided.
        margin: pixels cut off at each side; with `Shift(pixels=margin)` the network sees random crops while training.
        size: height and width of a picture.
        classes: number of labels.
    """

    convolutions: tuple[Convolution, ...]
    feature_dropout: float = 0.0
    dense: tuple[int, ...] = ()
    dense_dropout: float = 0.0
    weights: Literal["glorot", "torch"] = "glorot"
    mean: float = 0.0
    deviation: float = 1.0
    margin: int = 0
    size: int = 28
    classes: int = 10


def _spec(tag: str, summary: str, source: str, config: Config, recipe: Recipe, references: tuple[Reference, ...]) -> ModelSpec:
    return ModelSpec(
        architecture="cnn",
        tag=tag,
        summary=summary,
        source=source,
        task=CLASSIFIER_TASK,
        build="zoo_cnn.model:build",
        config=config,
        recipe=recipe,
        dataset="mnist",
        inputs=(IMAGE,),
        outputs=(LABEL, probabilities(10)),
        exports=CLASSIFIER_EXPORTS,
        references=references,
    )


def _fast() -> ModelSpec:
    config = Config(
        convolutions=(
            Convolution(channels=32, kernel=5, stride=2, norm=True),
            Convolution(channels=64, kernel=3, norm=True, pool=2),
            Convolution(channels=64, kernel=3, norm=True),
        ),
        weights="torch",
        mean=0.1307,  # of MNIST's training pixels
        deviation=0.3081,
        margin=2,
    )
    # Chosen on the last 6,000 training digits; the test digits had no say.
    recipe = Recipe(
        optimiser=AdamW(lr=0.01, beta2=0.99, weight_decay=0.02),
        schedule=OneCycle(warmup=0.2),
        batch_size=128,
        epochs=3,
        augment=(Shift(pixels=2),),
        loss=Loss(label_smoothing=0.1),
        precision="auto",
    )
    goal = Reference(metric="accuracy", value=0.994, rule="at_least", source="goal of this zoo, at most 30 s on two CPU cores")
    return _spec("fast", "Small convolutional net, 99.4 % in seconds", "this zoo", config, recipe, (goal,))


def _keras_3x3() -> ModelSpec:
    config = Config(
        convolutions=(Convolution(channels=32, kernel=3), Convolution(channels=64, kernel=3, pool=2)),
        feature_dropout=0.25,
        dense=(128,),
        dense_dropout=0.5,
    )
    recipe = Recipe(optimiser=Adadelta(lr=1.0, rho=0.95, eps=1e-8), batch_size=128, epochs=12, precision="auto")
    source = "course, after Keras's example mnist_cnn.py"
    references = (
        Reference(metric="accuracy", value=0.9910, source=source),
        Reference(metric="loss", value=0.0275, better="lower", source=source),
    )
    return _spec("keras-3x3", "Two 3×3 convolutions, max-pooling, dense 128", source, config, recipe, references)


@hookimpl
def zoo_models() -> Iterable[ModelSpec]:
    """Convolutional networks on MNIST."""
    return [_fast(), _keras_3x3()]
