"""Inputs and outputs that several architectures share, so that runtime, server and page treat them alike."""

from __future__ import annotations

from zoo.spec import Export, TensorSpec

IMAGE = TensorSpec(
    name="image",
    dtype="uint8",
    shape=("batch", 28, 28),
    meaning="grey picture, rows from the top; 0 is background, 255 full ink",
    low=0,
    high=255,
)
"""A digit as MNIST has it."""

LABEL = TensorSpec(name="label", dtype="string", shape=("batch",), meaning="name of the most probable class")
"""A classifier's answer."""


def probabilities(classes: int) -> TensorSpec:
    """A classifier's probabilities over `classes` classes; each row sums to 1."""
    return TensorSpec(
        name="probabilities",
        dtype="float32",
        shape=("batch", classes),
        meaning="probability of each class, in the order of the labels",
        low=0,
        high=1,
    )


CLASSIFIER_TASK = "zoo.training.classification:Classification"
"""Softmax cross-entropy against integer labels."""

SOLVED_CLASSIFIER_TASK = "zoo.training.solved:SolvedClassification"
"""The same, solved as a whole by L-BFGS."""

CLASSIFIER_EXPORTS = {"classifier": "zoo.exporting.classifier:classifier"}
"""Logits → probabilities and label."""

RECONSTRUCTION = TensorSpec(
    name="reconstruction",
    dtype="uint8",
    shape=("batch", 28, 28),
    meaning="the picture as it is given back; 0 is background, 255 full ink",
    low=0,
    high=255,
)
"""An autoencoder's answer."""


def code(numbers: int) -> TensorSpec:
    """An autoencoder's code of so many numbers."""
    return TensorSpec(
        name="code",
        dtype="float32",
        shape=("batch", numbers),
        meaning="what the picture is given back from, as the encoder makes it",
    )


RECONSTRUCTION_TASK = "zoo.training.reconstruction:Reconstruction"
"""A picture is given back through a code."""


def autoencoder_exports(numbers: int) -> dict[str, str | Export]:
    """An autoencoder whole, its encoder and its decoder, for a code of so many numbers."""
    home = "zoo.exporting.autoencoder"
    return {
        "autoencoder": f"{home}:autoencoder",
        "encoder": Export(target=f"{home}:encoder", inputs=(IMAGE,), outputs=(code(numbers),)),
        "decoder": Export(target=f"{home}:decoder", inputs=(code(numbers),), outputs=(IMAGE,)),
    }
