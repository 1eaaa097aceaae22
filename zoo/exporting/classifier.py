"""A classifier's graph: logits → probabilities and the label's name."""

from __future__ import annotations

from torch import Tensor, nn

from zoo.exporting.heads import LabelHead
from zoo.graph import Assets, Graph


class Probabilities(nn.Module):
    """A network with a softmax over its logits.

    Args:
        network: raw input → logits [batch, classes].
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, raw: Tensor) -> Tensor:
        """Raw input [batch, …] → probabilities [batch, classes]."""
        return self.network(raw).softmax(1)  # type: ignore[no-any-return]


def classifier(module: nn.Module, assets: Assets) -> Graph:
    """The export of every model whose module gives logits: `probabilities` and `label`."""
    return Graph(Probabilities(module), outputs=("probabilities",), heads=(LabelHead(assets.classes),))
