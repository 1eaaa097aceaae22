"""The perceptrons of the courses, row by row: network, recipe and published figures."""

from __future__ import annotations

from zoo.signatures import CLASSIFIER_EXPORTS, CLASSIFIER_TASK, IMAGE, LABEL, probabilities
from zoo.spec import (
    SGD,
    Adadelta,
    AdamW,
    Affine,
    Elastic,
    ModelSpec,
    OneCycle,
    Parent,
    Recipe,
    Reference,
    RMSprop,
    SigmoidCrossEntropy,
    replaced,
)
from zoo_mlp import Config, Layer

KERAS = "course: deep learning with Keras, MNIST"
TENSORFLOW = "course: deep learning with TensorFlow 1, MNIST"
WIDE = Layer(units=512)
DROPPED = Layer(units=512, dropout=0.2)
THREE = (DROPPED, WIDE, Layer(units=512, activation="tanh", dropout=0.1))
RMSPROP = Recipe(optimiser=RMSprop(lr=1e-3, rho=0.9, eps=1e-7), batch_size=128, epochs=5, precision="auto")
PLAIN = Recipe(optimiser=SGD(lr=0.01), batch_size=128, epochs=50)
ADADELTA = Recipe(optimiser=Adadelta(lr=1.0, rho=0.95, eps=1e-8), batch_size=128, epochs=50, precision="auto")
# TensorFlow's reader of MNIST put 5,000 of the 60,000 digits aside.
SHORT = Recipe(optimiser=SGD(lr=0.5), batch_size=100, steps=2000, validation=5000)


def published(source: str, accuracy: float, loss: float | None = None) -> tuple[Reference, ...]:
    """The figures of one published run."""
    figures = (Reference(metric="accuracy", value=accuracy, source=source),)
    if loss is None:
        return figures
    return (*figures, Reference(metric="loss", value=loss, better="lower", source=source))


def about(source: str, accuracy: float) -> tuple[Reference, ...]:
    """An accuracy that the source gives roughly."""
    return (Reference(metric="accuracy", value=accuracy, rule="about", tolerance=0.01, source=source),)


def model(
    tag: str,
    summary: str,
    config: Config,
    recipe: Recipe,
    references: tuple[Reference, ...],
    parent: Parent | None = None,
) -> ModelSpec:
    """One row."""
    return ModelSpec(
        architecture="mlp",
        tag=tag,
        summary=summary,
        source=references[0].source,
        task=CLASSIFIER_TASK,
        build="zoo_mlp.model:build",
        config=config,
        recipe=recipe,
        dataset="mnist",
        inputs=(IMAGE,),
        outputs=(LABEL, probabilities(10)),
        exports=CLASSIFIER_EXPORTS,
        references=references,
        parent=parent,
    )


def _deep() -> Config:
    return Config(layers=tuple(Layer(units=units, activation="tanh") for units in (2500, 2000, 1500, 1000, 500)))


def _normed() -> Config:
    first = Layer(units=100, activation="tanh", norm=True)
    return Config(
        layers=(first, Layer(units=100, activation="tanh")), weights="truncated", biases="truncated", output_activation="tanh"
    )


def _best() -> ModelSpec:
    # Chosen on the last 6,000 training digits; the test digits had no say.
    widths = (1536, 1024)
    recipe = Recipe(
        optimiser=AdamW(lr=3e-3, weight_decay=0.02),
        schedule=OneCycle(warmup=0.1),
        batch_size=256,
        epochs=100,
        augment=(Affine(degrees=10, zoom=0.15, slant=0.15), Elastic(strength=34, smoothness=4)),
        precision="auto",
    )
    goal = Reference(
        metric="accuracy", value=0.9940, rule="at_least", source="goal of this zoo; 0.9965 by Ciresan et al. 2010, arXiv 1003.0358"
    )
    config = Config(layers=tuple(Layer(units=units, norm=True) for units in widths), weights="he")
    return model("best", "Two hidden layers on digits that are never the same twice", config, recipe, (goal,))


MODELS = (
    model(
        "rmsprop-2x512",
        "Two hidden layers of 512 ReLU, RMSprop",
        Config(layers=(WIDE, WIDE)),
        RMSPROP,
        published(KERAS, 0.9825, 0.0637),
    ),
    model(
        "rmsprop-2x512-dropout",
        "The same with dropout 0.2 after each",
        Config(layers=(DROPPED, DROPPED)),
        RMSPROP,
        published(KERAS, 0.9785, 0.0765),
    ),
    model("sgd-512", "One hidden layer of 512 ReLU, SGD", Config(layers=(WIDE,)), PLAIN, published(KERAS, 0.9620, 0.1319)),
    model(
        "linear-512",
        "One hidden layer of 512 without an activation: a softmax regression in two factors",
        Config(layers=(Layer(units=512, activation="linear"),)),
        PLAIN,
        about("two linear layers are one: as good as softmax regression at its optimum", 0.9256),
    ),
    model(
        "adadelta-3x512", "Three hidden layers of 512, dropout, Adadelta", Config(layers=THREE), ADADELTA, published(KERAS, 0.9851)
    ),
    model(
        "tanh-deep",
        "Five hidden layers from 2500 to 500 tanh, RMSprop",
        _deep(),
        Recipe(optimiser=RMSprop(lr=1e-3, rho=0.9, eps=1e-7), batch_size=128, epochs=10, precision="auto"),
        published(KERAS, 0.9736, 0.1093),
    ),
    model(
        "relu-100-dropout",
        "One hidden layer of 100 ReLU, dropout 0.5, SGD",
        Config(layers=(Layer(units=100, dropout=0.5),), weights="truncated", biases="truncated", output_zeros=True),
        SHORT,
        about(TENSORFLOW, 0.97),
    ),
    model(
        "batchnorm",
        "Two hidden layers of 100 tanh, batch normalisation, ten sigmoids",
        _normed(),
        replaced(SHORT, optimiser=SGD(lr=0.01), loss=SigmoidCrossEntropy()),
        about(TENSORFLOW, 0.97),
    ),
    model(
        "frozen-encoder",
        "Three hidden layers of 512 on the 32 numbers of a trained encoder",
        Config(layers=THREE, encoder=32),
        ADADELTA,
        published(KERAS, 0.9830, 0.0603),
        Parent(id="autoencoder.linear-decoder", adopt="zoo_mlp.model:adopt_encoder"),
    ),
    model(
        "on-reconstructions",
        "Three hidden layers of 512, trained on what an autoencoder gives back, tested on the digits themselves",
        Config(layers=THREE, reconstruct=32),
        ADADELTA,
        published(KERAS, 0.9754),
        Parent(id="autoencoder.dense-32", adopt="zoo_mlp.model:adopt_autoencoder"),
    ),
    _best(),
)
"""In the order of the listing; the first is the default."""
