"""Forward and backward pass as CUDA graphs: one launch each in the place of one for each kernel."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from zoo.training.seed import generator_state, restore_generators


class Captured(nn.Module):
    """A module that captures its passes when it meets the first full batch, and replays them for every other one of that shape.

    A batch of another shape, such as an epoch's last, goes through the module itself. Capturing runs the passes a few times; what
    that does to running statistics and random numbers is undone, so that training goes on as if nothing had been.

    Args:
        module: on a CUDA device; its parameters are shared.
        batch: examples of a full batch.
    """

    def __init__(self, module: nn.Module, batch: int) -> None:
        super().__init__()
        self.module, self.batch = module, batch
        self._graphed: Any = None
        self._shapes: tuple[tuple[torch.Size, torch.dtype], ...] = ()

    def forward(self, *inputs: Tensor) -> Any:
        """As the module; under autocast, with its cache off."""
        if not self.training:
            return self.module(*inputs)
        shapes = tuple((tensor.shape, tensor.dtype) for tensor in inputs)
        if self._graphed is None and len(inputs[0]) == self.batch:
            self._capture(inputs)
            self._shapes = shapes
        return self._graphed(*inputs) if shapes == self._shapes else self.module(*inputs)

    def _capture(self, inputs: tuple[Tensor, ...]) -> None:
        device = inputs[0].device
        buffers = {name: buffer.clone() for name, buffer in self.module.named_buffers()}
        generators = generator_state(device)
        # torch would capture on the stream that it captured on first in this process, which may be another device's.
        before = torch.cuda.graph.default_capture_stream
        torch.cuda.graph.default_capture_stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        try:
            # A shell of its own: capturing replaces the forward pass of what it is given.
            self._graphed = torch.cuda.make_graphed_callables(_Shell(self.module), tuple(tensor.clone() for tensor in inputs))
        finally:
            torch.cuda.graph.default_capture_stream = before
        with torch.no_grad():
            for name, buffer in self.module.named_buffers():
                buffer.copy_(buffers[name])
        restore_generators(generators, device)


class _Shell(nn.Module):
    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> Any:
        return self.module(*inputs)
