"""The graph is the network as it is."""

from __future__ import annotations

from torch import nn

from zoo.graph import Assets, Graph


def forecast(module: nn.Module, assets: Assets) -> Graph:  # noqa: ARG001 - every export is given both
    """`history` → `forecast`."""
    return Graph(module, outputs=("forecast",))
