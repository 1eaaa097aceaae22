"""The peers in PyTorch: the module as it is, and through `torch.compile`. This file alone of the benchmark imports torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from zoo.benchmark.peers import ORIGINALS, Answer, Peer
from zoo.errors import UnknownName

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from zoo.graph import Graph
    from zoo.runtime.model import Model

COMPILED_SHAPES = 64
"""Batch sizes, times numbers of threads, that `torch.compile` may specialise on; beyond its own limit of 8 it would go back to
eager without a word."""


def peers(
    names: Sequence[str], module: nn.Module, inputs: Sequence[str], *, device: str = "cpu", graph: Graph | None = None
) -> tuple[Peer, ...]:
    """Peers that run a trained module in inference mode.

    They set PyTorch's number of threads for the whole process when they are prepared and, on CUDA, TF32 is switched off, as the
    artifact has it.

    Args:
        names: `"eager"`, `"compile"`.
        module: raw input tensors → the float outputs of the graph, one tensor or a tuple.
        inputs: names of the graph's inputs, in the module's order.
        device: the module is moved there; inputs and outputs are moved in each call, as onnxruntime does it.
        graph: that the module is of, where it has fronts: what they and the heads do is done in Python, and timed as well.

    Raises:
        UnknownName: a name is none of these.
    """
    import torch

    for name in names:
        if name not in ORIGINALS:
            raise UnknownName("peer", name, ORIGINALS)
    if device.startswith("cuda"):
        cudnn: Any = torch.backends.cudnn
        cudnn.conv.fp32_precision = "ieee"
        torch.backends.cuda.matmul.fp32_precision = "ieee"
    module = module.eval().to(device)
    return tuple(_peer(name, _compiled(module) if name == "compile" else module, inputs, device, graph) for name in names)


def _peer(name: str, module: Callable[..., Any], inputs: Sequence[str], device: str, graph: Graph | None) -> Peer:
    import torch

    own = torch.get_num_threads()  # before anyone sets it

    def prepare(model: Model, threads: int | None) -> Answer:
        del model
        if torch.get_num_threads() != (threads or own):
            torch.set_num_threads(threads or own)
        return _of_text(module, graph, inputs, device) if graph and graph.fronts else _caller(module, inputs, device)

    return Peer(name, prepare)


def _compiled(module: nn.Module) -> Callable[..., Any]:
    import torch
    import torch._dynamo

    torch._dynamo.config.recompile_limit = max(torch._dynamo.config.recompile_limit, COMPILED_SHAPES)
    compiled: Callable[..., Any] = torch.compile(module, dynamic=False)
    return compiled


def _caller(module: Callable[..., Any], inputs: Sequence[str], device: str) -> Callable[[dict[str, np.ndarray]], list[np.ndarray]]:
    import torch

    def call(feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        with torch.inference_mode():
            outputs = module(*(torch.from_numpy(feeds[name]).to(device) for name in inputs))
            return [output.cpu().numpy() for output in (outputs if isinstance(outputs, tuple) else (outputs,))]

    return call


def _of_text(
    module: Callable[..., Any], graph: Graph, inputs: Sequence[str], device: str
) -> Callable[[dict[str, np.ndarray]], list[np.ndarray]]:
    import torch

    def call(feeds: dict[str, np.ndarray]) -> list[np.ndarray]:
        given, values = graph.read({name: feeds[name] for name in inputs})
        with torch.inference_mode():
            made = module(*(torch.from_numpy(array).to(device) for array in given))
        outputs = made if isinstance(made, tuple) else (made,)
        values |= {name: output.cpu().numpy() for name, output in zip(graph.outputs, outputs, strict=True)}
        answers = [head.decide(values) for head in graph.heads]
        return [*answers, *(values[name] for name in graph.outputs)]

    return call
