"""Convolutional networks on MNIST.

| id | network | training |
|---|---|---|
| `cnn.fast` | a small net with batch normalisation | one-cycle AdamW, 3 epochs: above 99.4 % in seconds on two CPU cores |
| `cnn.keras-3x3` | two 3×3 convolutions, dense 128 | Adadelta, 12 epochs: the example that Keras shipped for years |
| `cnn.tf-5x5` | two 5×5 convolutions, dense 1024 | Adam, 10,000 steps: the example that TensorFlow shipped for years |
| `cnn.keras-5x5` | the same, Glorot uniform weights | Adam, 10 epochs |
| `cnn.keras-5x5-best` | the same | Adam, 10 epochs on 54,000 digits; the epoch that is best on the other 6,000 is kept |

Input: 28×28 grey pixels 0 … 255; output: probabilities of the ten digits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from zoo.hookspecs import hookimpl
from zoo.signatures import CLASSIFIER_EXPORTS, CLASSIFIER_TASK, IMAGE, LABEL, probabilities
from zoo.spec import Adadelta, AdamW, CrossEntropy, ModelSpec, OneCycle, Recipe, Reference, Shift, Spec, replaced


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
        weights: how they start: Glorot uniform (Keras), truncated normal of 0.1 (TensorFlow's examples), or He's uniform (PyTorch's
            default, of the biases too).
        biases: what they start with, but for PyTorch's default.
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
    weights: Literal["glorot", "truncated", "torch"] = "glorot"
    biases: float = 0.0
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
        loss=CrossEntropy(label_smoothing=0.1),
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


def _five_by_five() -> list[ModelSpec]:
    def config(weights: Literal["glorot", "truncated"], biases: float = 0.0) -> Config:
        return Config(
            convolutions=(
                Convolution(channels=32, kernel=5, padding=2, pool=2),
                Convolution(channels=64, kernel=5, padding=2, pool=2),
            ),
            dense=(1024,),
            dense_dropout=0.5,
            weights=weights,
            biases=biases,
        )

    tensorflow, keras = "course, after TensorFlow's example Deep MNIST for Experts", "course: deep learning with Keras, MNIST"
    steps = Recipe(optimiser=AdamW(lr=1e-4), batch_size=64, steps=10_000, precision="auto")
    epochs = Recipe(optimiser=AdamW(lr=1e-3), batch_size=64, epochs=10, precision="auto")
    return [
        _spec(
            "tf-5x5",
            "Two 5×5 convolutions, max-pooling, dense 1024, Adam",
            tensorflow,
            config("truncated", 0.1),
            steps,
            (Reference(metric="accuracy", value=0.99, rule="about", tolerance=0.01, source=tensorflow),),
        ),
        _spec(
            "keras-5x5",
            "The same net from Glorot's weights, 10 epochs",
            keras,
            config("glorot"),
            epochs,
            (Reference(metric="accuracy", value=0.99, rule="about", tolerance=0.01, source=keras),),
        ),
        _spec(
            "keras-5x5-best",
            "The same, the best of 10 epochs on held-out digits",
            keras,
            config("glorot"),
            replaced(epochs, validation=6000, keep="best"),
            (Reference(metric="accuracy", value=0.9924, source=keras),),
        ),
    ]


@hookimpl
def zoo_models() -> Iterable[ModelSpec]:
    """Convolutional networks on MNIST."""
    return [_fast(), _keras_3x3(), *_five_by_five()]
