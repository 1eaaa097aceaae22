"""Whole numbers throughout: `"int8-static"`.

What comes into each linear layer and convolution is a byte, its weights are bytes, its sums are 32-bit: scales are fixed before,
weights' a filter or row, what comes in by training examples (Krishnamoorthi 2018, arXiv 1806.08342, sections 2 and 3).

Every scale is a power of two (Jain et al. 2020, arXiv 1903.08066), and every sum of products, whatever its order, is less than
2²⁴ of its steps. So float32 holds every sum exactly, and rounding it to the next layer's byte is the same in float64, in float32
and in 32-bit integers: PyTorch, onnxruntime at each level of optimisation and its fused integer kernels have the same bytes.
Weights have ±63 steps: two products of such with bytes fit into the 16 bits in which processors without VNNI add them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from zoo.errors import ExportError

if TYPE_CHECKING:
    from zoo.data.dataset import Dataset
    from zoo.progress import Progress
    from zoo.spec import ModelSpec
    from zoo.training.task import Task

LARGEST = 63
"""Steps of a weight, on either side of 0."""
BYTE = 255
MIDDLE = 128
"""Byte of 0 where what comes in has negative numbers; else that is 0."""
EXACT = 2**24
"""Up to which float32 holds every whole number."""
EXAMPLES = 256
"""Training examples that say how large what comes into a layer is."""
SAMPLE = 2**20
"""Numbers of what comes into a layer, at most, that are looked at for each batch of them."""
FINER = range(-6, 2)
"""Powers of two that are tried: of the scale at which the largest number just fits."""


@dataclass(frozen=True)
class Bytes:
    """What comes into a layer, rounded to bytes: a hook that runs before it.

    Args:
        scale: of a step, a power of two.
        zero: byte of 0.
    """

    scale: float
    zero: int

    def __call__(self, _: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """The layer's input [...] as multiples of `scale`."""
        return (self.rounded(inputs[0]), *inputs[1:])

    def rounded(self, x: Tensor) -> Tensor:
        """[...] → the nearest multiples of `scale` that a byte holds; while it is traced, the two operators that say so."""
        if not torch.onnx.is_in_onnx_export():
            return ((x / self.scale).round() + self.zero).clamp(0, BYTE).sub(self.zero) * self.scale
        steps = (torch.tensor(self.scale), torch.tensor(self.zero, dtype=torch.uint8))
        taken = torch.onnx.ops.symbolic("QuantizeLinear", (x, *steps), dtype=torch.uint8, shape=x.shape)
        return torch.onnx.ops.symbolic("DequantizeLinear", (taken, *steps), dtype=torch.float32, shape=x.shape)


def in_bytes(module: nn.Module, spec: ModelSpec, task: Task, dataset: Dataset, progress: Progress) -> nn.Module:
    """`module` with its linear layers and convolutions rounded, and hooks that round what comes into them.

    Args:
        module: on the CPU, in evaluation mode, float32; changed in place.
        spec: of it.
        task: that feeds it.
        dataset: whose training split says how large numbers become.
        progress: who is told.

    Raises:
        ExportError: it takes text, it has no such layer, or there are no training examples.
    """
    if any(tensor.dtype == "string" for tensor in spec.inputs):
        raise ExportError(
            f"{spec.id} takes text, and int8-static is for one pass of linear layers and convolutions over numbers; "
            "--precision int8 or int8-dynamic is for texts."
        )
    train = dataset.splits.get("train", {})
    if not len(next(iter(train.values()), ())):
        raise ExportError(
            f"{dataset.id} has no training examples, from which int8-static takes its scales; --precision int8 needs none."
        )
    examples = {name: array[:EXAMPLES] for name, array in train.items()}
    if not calibrate(module, lambda: task.examine(module, examples, torch.device("cpu"), progress)):
        raise ExportError(f"{spec.id} has no linear layer or convolution, which int8-static is for; --precision int8 can store it.")
    return module


def calibrate(module: nn.Module, feed: Callable[[], object]) -> int:
    """Round the linear layers and convolutions of `module` and put hooks before them.

    Args:
        module: on the CPU, in evaluation mode, float32; changed in place.
        feed: has it answer examples; what comes into a layer meanwhile says how large it becomes.

    Returns:
        How many layers were rounded. One that was not called stays as it is.
    """
    seen: dict[nn.Module, list[Tensor]] = {layer: [] for layer in module.modules() if isinstance(layer, nn.Linear | nn.Conv2d)}
    hooks = [layer.register_forward_pre_hook(_Look(numbers)) for layer, numbers in seen.items()]
    feed()
    for hook in hooks:
        hook.remove()
    used = {layer: bytes_of(torch.cat(numbers)) for layer, numbers in seen.items() if numbers}
    for layer, taken in used.items():
        with torch.no_grad():
            _round_layer(layer, taken)
        layer.register_forward_pre_hook(taken)
    return len(used)


@dataclass(frozen=True)
class _Look:
    """A hook that keeps some of what comes into a layer."""

    numbers: list[Tensor]

    def __call__(self, _: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        flat = inputs[0].detach().flatten()  # [numbers]
        self.numbers.append(flat[:: -(-len(flat) // SAMPLE)].float())


def bytes_of(numbers: Tensor) -> Bytes:
    """The power of two with the least mean squared error over `numbers`, float32 [numbers]: the rare large ones may be cut."""
    zero = 0 if float(numbers.min()) >= 0 else MIDDLE
    whole = 2.0 ** _exponent(numbers.abs().max() / (BYTE - zero))
    found = [Bytes(float(whole * 2.0**finer), zero) for finer in FINER]
    return min(found, key=lambda taken: float((taken.rounded(numbers) - numbers).square().mean()))


def _round_layer(layer: nn.Module, taken: Bytes) -> None:
    """Weights to multiples of a power of two for each row or filter, biases to those of the sums' steps."""
    assert isinstance(layer, nn.Linear | nn.Conv2d)
    rows = layer.weight.flatten(1)  # [rows, numbers]
    scale = _scales(rows)
    bias = torch.zeros(len(rows), 1) if layer.bias is None else layer.bias.view(-1, 1)  # [rows, 1]
    while True:
        steps = _nearest(rows, scale)
        added = (bias / (scale * taken.scale)).round()  # [rows, 1]
        large = largest_sums(steps, added, taken.zero) >= EXACT
        if not large.any():
            break
        scale = torch.where(large, 2 * scale, scale)
    layer.weight.copy_((steps * scale).view_as(layer.weight))
    if layer.bias is not None:
        layer.bias.copy_((added * scale * taken.scale).view(-1))


def largest_sums(steps: Tensor, added: Tensor, zero: int) -> Tensor:
    """What no sum of some of the products exceeds in size, in steps, for any bytes that may come in: [rows, 1].

    Args:
        steps: of the weights [rows, numbers].
        added: of the biases [rows, 1].
        zero: byte of 0.
    """
    up, down = (side.clamp(min=0).sum(1, keepdim=True) for side in (steps, -steps))  # [rows, 1] each
    products = torch.maximum(up, down) * BYTE if zero == 0 else (up + down) * max(zero, BYTE - zero)
    return products + added.abs()


def _scales(rows: Tensor) -> Tensor:
    """For each row the power of two with the least squared error: [rows, 1]."""
    whole = 2.0 ** _exponent(rows.abs().amax(1, keepdim=True) / LARGEST)  # [rows, 1]
    best, least = whole, torch.full_like(whole, torch.inf)
    for finer in FINER:
        scale = whole * 2.0**finer
        error = (_nearest(rows, scale) * scale - rows).square().sum(1, keepdim=True)  # [rows, 1]
        best, least = torch.where(error < least, scale, best), torch.minimum(error, least)
    return best


def _nearest(rows: Tensor, scale: Tensor) -> Tensor:
    return (rows / scale).round().clamp(-LARGEST, LARGEST)


def _exponent(size: Tensor) -> Tensor:
    """Of the least power of two that is no less than each of `size`; 0 for 0."""
    fraction, exponent = torch.frexp(size)
    return torch.where(size > 0, exponent - (fraction == 0.5).int(), torch.zeros_like(exponent))
