"""The convolutional networks, row by row: network, recipe and published figures."""

from __future__ import annotations

from typing import Literal

from zoo.signatures import CLASSIFIER_EXPORTS, CLASSIFIER_TASK, IMAGE, LABEL, probabilities
from zoo.spec import Adadelta, AdamW, Affine, CrossEntropy, Elastic, ModelSpec, OneCycle, Recipe, Reference, Shift, replaced
from zoo_cnn import Config, Convolution

MEAN, DEVIATION = 0.1307, 0.3081
"""Of MNIST's training pixels."""


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
        mean=MEAN,
        deviation=DEVIATION,
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
    # TensorFlow's reader of MNIST put 5,000 of the 60,000 digits aside.
    steps = Recipe(optimiser=AdamW(lr=1e-4), batch_size=64, steps=10_000, validation=5000, precision="auto")
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


def _best() -> ModelSpec:
    config = Config(
        convolutions=(
            Convolution(channels=32, kernel=3, norm=True),
            Convolution(channels=48, kernel=3, norm=True, pool=2),
            Convolution(channels=96, kernel=3, norm=True),
            Convolution(channels=128, kernel=3, norm=True, pool=2),
            Convolution(channels=192, kernel=3, norm=True),
        ),
        feature_dropout=0.1,
        weights="torch",
        mean=MEAN,
        deviation=DEVIATION,
        margin=2,
    )
    recipe = Recipe(
        optimiser=AdamW(lr=0.005, beta2=0.99, weight_decay=0.02),
        schedule=OneCycle(warmup=0.2),
        batch_size=128,
        epochs=30,
        augment=(Shift(pixels=2), Affine(degrees=10, zoom=0.1, slant=0.1), Elastic(strength=34, smoothness=4)),
        augment_share=0.5,
        loss=CrossEntropy(label_smoothing=0.1),
        precision="auto",
    )
    goal = Reference(
        metric="accuracy",
        value=0.9973,
        rule="at_least",
        source="goal of this zoo, mean of 5 seeds, one network, one prediction; 0.9965 by Ciresan et al. 2011, arXiv 1102.0183",
    )
    return _spec("best", "Five convolutions on digits that are never the same twice", "this zoo", config, recipe, (goal,))


MODELS = (_fast(), _keras_3x3(), *_five_by_five(), _best())
"""In the order of the listing; the first is the default."""
