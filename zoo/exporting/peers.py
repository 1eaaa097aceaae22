"""Who an artifact is timed beside: onnxruntime alone, and its PyTorch original. torch is imported for the latter only."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zoo.benchmark.peers import BARE, NAMES, Peer, bare
from zoo.errors import UnknownName
from zoo.registry import registry
from zoo.runtime.model import open as open_model


def peers_of(names: Sequence[str], path: Path, provider: str, runs: Sequence[Path]) -> list[Peer]:
    """The peers that `names` mean, in their order; those of PyTorch with the weights of the artifact at `path`.

    Args:
        names: `"bare"`, `"eager"`, `"compile"`.
        path: the artifact's folder.
        provider: of onnxruntime; PyTorch computes on the same device.
        runs: folders of runs that are looked in.

    Raises:
        UnknownName: a name is none of these.
        UsageError: the run is gone, or has other weights.
    """
    for name in names:
        if name not in NAMES:
            raise UnknownName("peer", name, NAMES)
    found = {BARE: bare()}
    if originals := [name for name in names if name != BARE]:
        from zoo.benchmark import against
        from zoo.exporting.products import Twin
        from zoo.exporting.source import load_graph

        manifest = open_model(path, providers=(provider,)).manifest
        graph = load_graph(manifest, runs, registry())
        # The network itself: its twin imitates the file's whole numbers, which takes PyTorch longer than anyone would bear.
        module = graph.module.module if isinstance(graph.module, Twin) else graph.module
        device = "cuda" if provider in ("cuda", "tensorrt") else "cpu"
        inputs = [tensor.name for tensor in manifest.inputs]
        found |= {peer.name: peer for peer in against.peers(originals, module, inputs, device=device, graph=graph)}
    return [found[name] for name in dict.fromkeys(names)]
