"""The data sets of the checks: the model's own, by its own routes, cut to a few examples."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from zoo.plugins import LoadedPlugin, resolve
from zoo.registry import Owned, Registry
from zoo.spec import DatasetSpec, ModelSpec, replaced

if TYPE_CHECKING:
    import numpy as np

SIZES = {"train": 512, "validation": 64, "test": 1000}
"""Examples of each split: what is looked for shows in few, and a certificate wants a thousand decisions."""
TEXTS = 64
"""Examples of a test split of texts: a search makes as many steps as an answer has words."""
BATCH = 64
"""Examples of the one batch that is to be learned."""


def few(files: Mapping[str, Path], *, of: str, sizes: str, **arguments: str) -> dict[str, dict[str, np.ndarray]]:
    """What the function `of` loads, each split cut to its first examples.

    Args:
        files: of the data set.
        of: `"module:function"`, the data set's own `load`.
        sizes: split → examples, as JSON; other splits stay whole.
        arguments: of the data set's own.
    """
    splits = resolve(of)(files, **arguments)
    wanted = json.loads(sizes)
    if any(array.dtype == object for array in splits["test"].values()):
        wanted["test"] = min(wanted["test"], TEXTS)
    return {name: {key: array[: wanted.get(name)].copy() for key, array in split.items()} for name, split in splits.items()}


def cut(registry: Registry, spec: ModelSpec, sizes: Mapping[str, int]) -> Registry:
    """The registry with `spec` in it under its id, and with few examples in its data set."""
    declared = registry.dataset(spec.dataset)
    arguments = {"of": declared.load, "sizes": json.dumps(sizes), **declared.arguments}
    small: DatasetSpec = replaced(declared, load=f"{__name__}:few", arguments=arguments)
    unknown = LoadedPlugin(name="checked", module=type(spec.config).__module__, distribution="checked", seconds=0.0)
    owner = registry.models[spec.id].owner if spec.id in registry.models else unknown
    data = registry.datasets[spec.dataset].owner
    return Registry(
        models={**registry.models, spec.id: Owned(spec, owner)},
        datasets={**registry.datasets, spec.dataset: Owned(small, data)},
        plugins=registry.plugins,
    )
