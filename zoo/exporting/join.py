"""Fronts and heads on a traced module: text before it, exact answers behind it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from zoo.errors import ExportError, UsageError
from zoo.graph import Front, Graph
from zoo.spec import TensorSpec

TEXT_OPSET = 20
"""The first with StringSplit, StringConcat and RegexFullMatch."""
ML, ML_VERSION = "ai.onnx.ml", 4
"""The domain of LabelEncoder, in the version that onnxruntimes of some years know."""
TRACED_TEXTS = ("a b", "c")
"""What a front encodes for tracing: two examples of two lengths, the longest short."""
KINDS = {
    "uint8": ir.DataType.UINT8,
    "int64": ir.DataType.INT64,
    "float32": ir.DataType.FLOAT,
    "bool": ir.DataType.BOOL,
    "string": ir.DataType.STRING,
}


def check_text(graph: Graph, inputs: Sequence[TensorSpec], name: str, opset: int) -> None:
    """Refuse a graph whose text cannot be read.

    Raises:
        UsageError: the opset has no operators for text.
        ExportError: a string input has no front, or a front no input.
    """
    texts = [spec.name for spec in inputs if spec.dtype == "string"]
    fronts = [front.input for front in graph.fronts]
    if sorted(texts) != sorted(fronts):
        raise ExportError(f"{name} takes the texts {', '.join(texts) or 'none'}, but has fronts for {', '.join(fronts) or 'none'}.")
    if texts and opset < TEXT_OPSET:
        raise UsageError(f"--opset {opset} has no operators for text, which {name} takes; it must be at least {TEXT_OPSET}.")


def module_inputs(graph: Graph, inputs: Sequence[TensorSpec]) -> list[TensorSpec]:
    """What the module takes: the graph's inputs, a text replaced by the numbers that its front gives."""
    fronts = {front.input: front for front in graph.fronts}
    return [inner for spec in inputs for inner in ((spec,) if spec.name not in fronts else numbers_of(fronts[spec.name]))]


def numbers_of(front: Front) -> tuple[TensorSpec, ...]:
    """Those of a front's outputs that the module takes."""
    return tuple(spec for spec in front.outputs if spec.dtype != "string")


def traced_example(front: Front) -> dict[str, np.ndarray]:
    """What the module is traced with in the place of a text."""
    return front.encode(np.array(TRACED_TEXTS, dtype=object))


def join(model: ir.Model, graph: Graph, inputs: Sequence[TensorSpec]) -> dict[str, ir.Value]:
    """Join fronts and heads to the traced module.

    Args:
        model: of the module alone; it becomes that of the whole graph, with the inputs of `inputs`.
        graph: as declared.
        inputs: of the whole graph, in order.

    Returns:
        Name → value of everything that may be an output.

    Raises:
        ExportError: a front does not give what it says, or a head reads what nothing gives.
    """
    values = {str(value.name): value for value in model.graph.outputs}
    if graph.fronts:
        values |= _join_fronts(model.graph, graph.fronts, inputs)
    for head in graph.heads:
        if missing := [name for name in (head.source, *head.reads) if name not in values]:
            raise ExportError(f"The output {head.output} follows from {missing[0]}, but there are only {', '.join(values)}.")
        values[head.output] = head.attach(model.graph, values)
    if graph.fronts:
        model.graph.sort()  # the fronts' nodes were put behind those that read them
        if any(node.domain == ML for node in model.graph.all_nodes()):
            model.graph.opset_imports[ML] = ML_VERSION
    return values


def _join_fronts(graph: ir.Graph, fronts: Sequence[Front], inputs: Sequence[TensorSpec]) -> dict[str, ir.Value]:
    traced = {str(value.name): value for value in graph.inputs}
    found: dict[str, ir.Value] = {}
    for front in fronts:
        (spec,) = (spec for spec in inputs if spec.name == front.input)
        text = ir.Value(name=spec.name, type=ir.TensorType(ir.DataType.STRING), shape=ir.Shape(spec.shape))
        made = front.attach(graph, text)
        if sorted(made) != sorted(spec.name for spec in front.outputs):
            raise ExportError(f"The front of {front.input} says that it gives other values than {', '.join(made)}.")
        for inner in front.outputs:
            value = made[inner.name]
            value.type, value.shape = ir.TensorType(KINDS[inner.dtype]), ir.Shape(inner.shape)
            if inner.name in traced:
                old = traced.pop(inner.name)
                old.name = f"{inner.name}_traced"  # no longer in the graph, but its name must not stand in the way
                for node, place in list(old.uses()):
                    node.replace_input_with(place, value)
            value.name = inner.name
        found |= made
        traced[front.input] = text
    graph.inputs[:] = [traced[spec.name] for spec in inputs]
    return found
