"""Autoencoders on MNIST: networks that give their input back through a code of few numbers.

| id | network | training |
|---|---|---|
| `autoencoder.dense-32` | 784-32 ReLU-784 sigmoid | squared error, Adadelta, 50 epochs |
| `autoencoder.linear-decoder` | 784-32 ReLU-784 | squared error, Adadelta, 50 epochs |
| `autoencoder.dense-32-bce` | as `dense-32` | binary cross-entropy |
| `autoencoder.denoising` | two convolutions with pooling to 7×7×32, mirrored | noisy digits in, clean ones out |
| `autoencoder.overcomplete` | 784-1024 ReLU-784 sigmoid | squared error with an L1 penalty on the code |
| `autoencoder.linear` | 784-32-784 without activations | squared error; finds the subspace of the first 32 principal components |
| `autoencoder.vae` | 784-500 tanh-2×32, 32-500 tanh-784 sigmoid | evidence lower bound |
| `autoencoder.best` | deep, code of 32 linear numbers | squared error as small as can be |

Input: 28×28 grey pixels 0 … 255; output: the picture as it is given back, 0 … 255, and its code. Each is exported whole, and as
an encoder and a decoder of their own. `mse` is the mean over test pictures and pixels of the squared error, of pixels 0 … 1.
The decoder of `linear` spans the first 32 principal components (its largest principal angle was 0.16°); the encoder need not,
as pixels that never vary keep the weights that they started with.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from zoo.hookspecs import hookimpl
from zoo.spec import ModelSpec, Spec

Activation = Literal["relu", "tanh", "silu", "linear"]


class Config(Spec):
    """Shape of the network.

    Args:
        code: numbers of the code; with `filters` it is what the last pooling leaves, and this is not used.
        encoder: widths of the dense layers before the code.
        decoder: widths of the dense layers after it.
        filters: of 3×3 convolutions in place of dense layers, each followed by 2×2 max-pooling and mirrored in the decoder.
        activation: of all layers but the code's and the last.
        norm: batch normalisation of the sums of dense layers before their activation, but for the code's and the last.
        code_activation: applied to the code.
        output: applied to the last layer's sums.
        variational: the encoder gives a mean and a spread for each number of the code.
        height: of a picture, pixels.
        width: of a picture, pixels.
    """

    code: int = 32
    encoder: tuple[int, ...] = ()
    decoder: tuple[int, ...] = ()
    filters: tuple[int, ...] = ()
    activation: Activation = "relu"
    norm: bool = False
    code_activation: Activation = "relu"
    output: Literal["sigmoid", "linear"] = "sigmoid"
    variational: bool = False
    height: int = 28
    width: int = 28

    def __post_init__(self) -> None:
        if self.filters and (self.encoder or self.decoder or self.variational):
            raise ValueError("filters stand in place of dense layers, and their code is not variational")
        if any(side % 2 ** len(self.filters) for side in (self.height, self.width)):
            raise ValueError(f"{self.height}×{self.width} pixels cannot be halved {len(self.filters)} times")

    @property
    def numbers(self) -> int:
        """Of the code."""
        if not self.filters:
            return self.code
        halved: int = 2 ** len(self.filters)
        return self.filters[-1] * (self.height // halved) * (self.width // halved)


@hookimpl
def zoo_models() -> Iterable[ModelSpec]:
    """Autoencoders on MNIST."""
    from zoo_autoencoder.recipes import MODELS

    return MODELS
