"""Matrix products of whole numbers: `"int8-dynamic"`.

Both factors of `x @ W.T` are steps of a scale: W's are those of `zoo.exporting.precision`, a scale per row; x's are found as it
comes, a scale per row too. (ONNX's DynamicQuantizeLinear has one scale for all rows, so that an answer would depend on its batch
mates.) The steps of x are ±63: on processors without VNNI, products of bytes are added two at a time in 16 bits, which larger
ones would overflow. After Krishnamoorthi 2018, arXiv 1806.08342, section 3.1.1, and Dettmers et al. 2022, arXiv 2208.07339,
section 2.1.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import onnx_ir as ir
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from zoo.errors import ExportError
from zoo.exporting.nodes import is_linear, named_node
from zoo.exporting.precision import is_large
from zoo.graph import Graph
from zoo.runtime.manifest import DYNAMIC

STEPS = 63
"""Of what comes in, on either side of 0."""
ZERO = 64
"""Byte of 0."""
TINY = 1e-30
"""In the place of a row's largest number where that is 0."""


class IntegerProducts(TorchFunctionMode):
    """PyTorch's twin: within it, what large linear layers are given is rounded to the steps that the graph's bytes have."""

    def __torch_function__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        """Round the first argument of `linear`."""
        given = {**dict(zip(("input", "weight", "bias"), args, strict=False)), **(kwargs or {})}
        if func is nn.functional.linear and isinstance(given["weight"], nn.Parameter) and is_large(given["weight"]):
            return func(to_steps(given["input"]), given["weight"], given.get("bias"))
        return func(*args, **(kwargs or {}))


def twin_of(graph: Graph, precision: str) -> Graph:
    """The declared graph of a rounded network as its file of that precision computes it."""
    return replace(graph, module=Twin(graph.module).eval()) if precision == DYNAMIC else graph


def products(precision: str) -> contextlib.AbstractContextManager[object]:
    """Within it, PyTorch computes as a file of that precision."""
    return IntegerProducts() if precision == DYNAMIC else contextlib.nullcontext()


def check_products(graph: Graph, outputs: Collection[str], name: str, precision: str) -> None:
    """Refuse numbers that are rounded to whole ones in the end: a step more or less within moves them, which is never allowed.

    Raises:
        ExportError: an exact output follows from a float that is no output.
    """
    hidden = [head.output for head in graph.heads if head.source not in outputs]
    if precision == DYNAMIC and hidden:
        raise ExportError(f"{name} cannot be exact: its {hidden[0]} is rounded to whole numbers; --precision int8 can do it.")


def to_steps(x: Tensor) -> Tensor:
    """The nearest multiples of each row's own scale, 63 of which are the row's largest number: [..., numbers]."""
    scale = x.abs().amax(-1, keepdim=True).clamp(min=TINY) / STEPS  # [..., 1]
    return (x / scale).round() * scale


class Twin(nn.Module):
    """A module that is run within `IntegerProducts`.

    Args:
        module: whose weights are rounded.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *inputs: Tensor) -> Any:
        """As the module's."""
        with IntegerProducts():
            return self.module(*inputs)


def product_of(node: ir.Node, place: int, scale: np.ndarray) -> bool | None:
    """Whether a use of a weight is a product that can be made of whole numbers, and if so, whether the weight lies there as
    [outputs, inputs] (`True`) or as [inputs, outputs] (`False`); `None` where it cannot, or where the twin does not round.

    Args:
        node: that uses the weight.
        place: among the node's inputs.
        scale: of the weight; it must be one of each output.
    """
    if not is_linear(node):
        return None
    attributes = {name: attribute.value for name, attribute in node.attributes.items()}
    by_rows, by_columns = scale.ndim == 2 and scale.shape[1] == 1, scale.ndim == 2 and scale.shape[0] == 1
    if place != 1:
        return None
    if node.op_type == "MatMul":
        return False if by_columns else None
    plain = attributes.get("alpha", 1.0) == attributes.get("beta", 1.0) == 1.0 and not attributes.get("transA", 0)
    if node.op_type == "Gemm" and plain:
        turned = bool(attributes.get("transB", 0))
        return turned if (by_rows if turned else by_columns) else None
    return None


def product_nodes(node: ir.Node, steps: ir.Value, scale: ir.Value, constants: Mapping[str, ir.Value], opset: int) -> list[ir.Node]:
    """Those in the place of a Gemm or MatMul; the last gives what it gave.

    Args:
        node: that is replaced.
        steps: of the weight, int8 [inputs, outputs].
        scale: of the weight, float32 [1, outputs].
        constants: of `product_constants`.
        opset: of the graph.
    """
    name, x = node.name or node.outputs[0].name, node.inputs[0]
    made: list[ir.Node] = []

    def put(operator: str, *inputs: ir.Value | None, **attributes: Any) -> ir.Value:
        made.append(named_node(operator, inputs, f"{name}_{len(made)}_{operator}", **attributes))
        made[-1].metadata_props.update(node.metadata_props)
        return made[-1].outputs[0]

    size = put("Abs", x)
    # Its axes became an input in opset 18.
    largest = put("ReduceMax", size, constants["last"]) if opset >= 18 else put("ReduceMax", size, axes=[-1])
    step = put("Div", put("Max", largest, constants["tiny"]), constants["steps"])
    places = put("Add", put("Round", put("Div", x, step)), constants["zero"])
    taken = put("Cast", places, to=ir.DataType.UINT8)
    total = put("Cast", put("MatMulInteger", taken, steps, constants["zero_byte"]), to=ir.DataType.FLOAT)
    result = put("Mul", put("Mul", total, scale), step)
    if len(node.inputs) > 2 and node.inputs[2] is not None:
        put("Add", result, node.inputs[2])
    return made


def product_constants() -> dict[str, np.ndarray]:
    """What all products share."""
    return {
        "last": np.array([-1], np.int64),
        "tiny": np.array(TINY, np.float32),
        "steps": np.array(STEPS, np.float32),
        "zero": np.array(ZERO, np.float32),
        "zero_byte": np.array(ZERO, np.uint8),
    }
