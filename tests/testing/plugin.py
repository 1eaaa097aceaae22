"""A plugin as small as one can be: four pixels, four classes, generated data. Torch-free, as every plugin's own module."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from zoo.plugins import LoadedPlugin
from zoo.registry import Owned, Registry
from zoo.signatures import CLASSIFIER_EXPORTS, CLASSIFIER_TASK, LABEL, probabilities
from zoo.spec import DatasetSpec, ModelSpec, Recipe, Reference, RMSprop, Spec, TensorSpec


class Config(Spec):
    """Width of the hidden layer."""

    units: int = 8


PIXELS = TensorSpec(name="pixels", dtype="float32", shape=("batch", 2, 2), meaning="four pixels, −1 or +1", low=-1, high=1)
GOOD = ModelSpec(
    architecture="quadrant",
    tag="tiny",
    summary="Which of the two upper pixels are bright",
    source="the tests of the plugin kit",
    task=CLASSIFIER_TASK,
    build="tests.testing.models:build",
    config=Config(),
    recipe=Recipe(optimiser=RMSprop(lr=0.01), batch_size=32, epochs=2),
    dataset="quadrants",
    inputs=(PIXELS,),
    outputs=(LABEL, probabilities(4)),
    exports=CLASSIFIER_EXPORTS,
    references=(Reference(metric="accuracy", value=1.0, source="the tests of the plugin kit"),),
)
DATA = DatasetSpec(
    id="quadrants",
    summary="Noise of either sign",
    source="generated with seed 0",
    licence="CC0-1.0",
    load="tests.testing.models:load",
    classes=("none", "right", "left", "both"),
)


def load(files: Mapping[str, Path]) -> dict[str, dict[str, np.ndarray]]:
    """256 pictures to train with and 64 to test."""
    generator = np.random.default_rng(0)
    splits = {}
    for name, size in {"train": 256, "test": 64}.items():
        pixels = generator.choice(np.array([-1, 1], np.float32), (size, 2, 2))
        splits[name] = {"pixels": pixels, "label": (2 * (pixels[:, 0, 0] > 0) + (pixels[:, 0, 1] > 0)).astype(np.int64)}
    return splits


def registry(*models: ModelSpec, data: DatasetSpec = DATA) -> Registry:
    """As if a distribution had brought them, each in the module of its config."""

    def owner(module: str) -> LoadedPlugin:
        return LoadedPlugin(name="quadrant", module=module, distribution="tests", seconds=0.0)

    return Registry(
        models={spec.id: Owned(spec, owner(type(spec.config).__module__)) for spec in models},
        datasets={data.id: Owned(data, owner(__name__))},
    )
