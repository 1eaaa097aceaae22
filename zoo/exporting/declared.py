"""The graph that a spec's export makes of a module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from zoo.graph import Assets, Graph
from zoo.plugins import resolve
from zoo.spec import ModelSpec, Picture

if TYPE_CHECKING:
    import numpy as np
    from torch import nn


def declared_graph(
    spec: ModelSpec,
    variant: str,
    module: nn.Module,
    *,
    classes: tuple[str, ...],
    picture: Picture | None,
    examples: Mapping[str, np.ndarray],
) -> Graph:
    """The graph, in evaluation mode.

    Args:
        spec: whose export it is.
        variant: of `spec.exports`.
        module: with its weights.
        classes: names of the labels.
        picture: how a picture enters.
        examples: arrays of the test split; an export that needs none is given none.

    Raises:
        PluginError: the plugin has no such function.
    """
    export = spec.export(variant)
    assets = Assets(export.inputs, export.outputs, classes, picture, examples)
    graph: Graph = resolve(export.target, owner=spec.id)(module, assets)
    graph.module.eval()
    return graph
