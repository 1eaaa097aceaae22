"""Convolutional networks on MNIST.

| id | network | training |
|---|---|---|
| `cnn.fast` | a small net with batch normalisation | one-cycle AdamW, 3 epochs: above 99.4 % in seconds on two CPU cores |
| `cnn.keras-3x3` | two 3×3 convolutions, dense 128 | Adadelta, 12 epochs: the example that Keras shipped for years |
| `cnn.tf-5x5` | two 5×5 convolutions, dense 1024 | Adam, 10,000 steps: the example that TensorFlow shipped for years |
| `cnn.keras-5x5` | the same, Glorot uniform weights | Adam, 10 epochs |
| `cnn.keras-5x5-best` | the same | Adam, 10 epochs on 54,000 digits; the epoch that is best on the other 6,000 is kept |
| `cnn.best` | five 3×3 convolutions with batch normalisation | one-cycle AdamW, 30 epochs of shifted, turned, elastic digits |

Input: 28×28 grey pixels 0 … 255; output: probabilities of the ten digits.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from zoo.hookspecs import hookimpl
from zoo.spec import ModelSpec, Spec


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


@hookimpl
def zoo_models() -> Iterable[ModelSpec]:
    """Convolutional networks on MNIST."""
    from zoo_cnn.recipes import MODELS

    return MODELS
