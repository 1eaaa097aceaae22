"""Multilayer perceptrons on MNIST, as the courses of 2016 to 2018 trained them.

| id | hidden layers | training |
|---|---|---|
| `mlp.rmsprop-2x512` | 512 ReLU, 512 ReLU | RMSprop, 5 epochs |
| `mlp.rmsprop-2x512-dropout` | the same, dropout 0.2 after each | RMSprop, 5 epochs |
| `mlp.sgd-512` | 512 ReLU | SGD, 50 epochs |
| `mlp.linear-512` | 512 without an activation: no better than softmax regression | SGD, 50 epochs |
| `mlp.adadelta-3x512` | 512 ReLU, 512 ReLU, 512 tanh, dropout 0.2 and 0.1 | Adadelta, 50 epochs |
| `mlp.tanh-deep` | 2500, 2000, 1500, 1000, 500 tanh | RMSprop, 10 epochs |
| `mlp.relu-100-dropout` | 100 ReLU, dropout 0.5 | SGD, 2,000 steps |
| `mlp.batchnorm` | 100 tanh with batch normalisation, 100 tanh | SGD on the sum of sigmoid cross-entropies, 2,000 steps |
| `mlp.frozen-encoder` | those of `adadelta-3x512` on the 32 numbers of a trained, frozen encoder | Adadelta, 50 epochs |
| `mlp.on-reconstructions` | those of `adadelta-3x512`, trained on digits as an autoencoder gives them back | Adadelta, 50 epochs |

Input: 28×28 grey pixels 0 … 255; output: probabilities of the ten digits. Weights start as Keras's Dense does, Glorot uniform with
zero biases, where the recipe's source does not say otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from zoo.hookspecs import hookimpl
from zoo.spec import ModelSpec, Spec
from zoo.study import StudySpec


class Layer(Spec):
    """One hidden layer.

    Args:
        units: its width.
        activation: applied to its sums.
        norm: batch normalisation after the activation.
        dropout: share of its outputs set to zero while training (Srivastava et al. 2014).
    """

    units: int
    activation: Literal["relu", "tanh", "linear"] = "relu"
    norm: bool = False
    dropout: float = 0.0


class Config(Spec):
    """Shape of the network.

    Args:
        layers: hidden layers from the input on.
        pixels: of a picture, height × width.
        classes: number of labels.
        weights: how they start (`zoo.layers.WEIGHTS`).
        biases: what they start with: a number, or drawn as weights are.
        output_zeros: whether the weights and biases of the last layer start at zero.
        output_activation: applied to the last layer's sums.
        encoder: numbers of a code that stands before the first layer: one dense ReLU layer, adopted and never trained; 0 for none.
        reconstruct: numbers of the code of a dense autoencoder, adopted and never trained, through which the pictures go while
            training; 0 for none.
    """

    layers: tuple[Layer, ...]
    pixels: int = 784
    classes: int = 10
    weights: Literal["glorot", "glorot-normal", "he", "truncated", "uniform"] = "glorot"
    biases: float | Literal["truncated", "uniform"] = 0.0
    output_zeros: bool = False
    output_activation: Literal["linear", "tanh"] = "linear"
    encoder: int = 0
    reconstruct: int = 0


@hookimpl
def zoo_models() -> Iterable[ModelSpec]:
    """Multilayer perceptrons on MNIST."""
    from zoo_mlp.recipes import MODELS

    return MODELS


@hookimpl
def zoo_studies() -> Iterable[StudySpec]:
    """Width, depth and initialisation of perceptrons."""
    from zoo_mlp.studies import STUDIES

    return STUDIES
