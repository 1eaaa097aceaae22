"""A declared graph → one ONNX file of standard operators, checked."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import onnx
import onnx_ir as ir
import torch

from zoo.errors import ExportError, UsageError
from zoo.exporting.join import check_text, join, module_inputs, traced_example
from zoo.exporting.qdq import inexact, without_bytes
from zoo.exporting.store import store
from zoo.graph import CLASSES, SCOPES, Graph
from zoo.runtime.manifest import STATIC
from zoo.sample import sample_input
from zoo.spec import TensorSpec, replaced

DEFAULT_OPSET = 20
OPSETS = range(17, 26)
"""What torch's exporter was measured to write rightly; asked for 26, it wrote an invalid file of opset 18 without a word."""
STANDARD = {"", "ai.onnx", "ai.onnx.ml"}
TRACED_SIZE = 2
"""Of every dynamic axis while tracing: never 1, which the exporter may take for a constant."""
KEPT_METADATA = (SCOPES, CLASSES)
"""Of each node: which layer it came from. Stack traces hold paths of the exporting machine and are dropped."""


class Traced(NamedTuple):
    """A file.

    Args:
        content: its bytes.
        outputs: as they came out: fixed axes with their true sizes.
        stored: numbers in fewer bits than float32's.
        plain: the same network in float32; nothing where all is.
    """

    content: bytes
    outputs: tuple[TensorSpec, ...]
    stored: int = 0
    plain: bytes = b""


def check_opset(opset: int) -> None:
    """Refuse an opset that cannot be written rightly.

    Raises:
        UsageError: it is outside `OPSETS`.
    """
    if opset not in OPSETS:
        raise UsageError(
            f"--opset {opset} cannot be written; it must be from {OPSETS[0]} to {OPSETS[-1]} (default {DEFAULT_OPSET})."
        )


def trace(
    graph: Graph,
    inputs: Sequence[TensorSpec],
    outputs: Sequence[TensorSpec],
    *,
    name: str,
    opset: int = DEFAULT_OPSET,
    metadata: Mapping[str, str],
    precision: str = "fp32",
) -> Traced:
    """The ONNX file of `graph`.

    Args:
        graph: module in evaluation mode on the CPU, float32.
        inputs: of the whole graph, in order.
        outputs: of the whole graph, in order.
        name: of the graph.
        opset: version of the operator set.
        metadata: put into the file's `metadata_props`.
        precision: that large weights are stored in; the module's are already rounded to it.

    Raises:
        UsageError: the opset cannot be written, or has no operators for the graph's text.
        ExportError: the module cannot be traced, or what came out is not what was declared.
    """
    check_opset(opset)
    check_text(graph, inputs, name, opset)
    model = _traced(graph, inputs, opset)
    model.graph.name = name
    values = join(model, graph, inputs)
    missing = [spec.name for spec in outputs if spec.name not in values]
    if missing:
        raise ExportError(f"{name} declares the output {missing[0]!r}, but its export makes only {', '.join(values)}.")
    model.graph.outputs[:] = [values[spec.name] for spec in outputs]
    _strip(model)
    model.metadata_props.update(metadata)
    if precision == STATIC:
        _check_exact(graph, outputs, model, name)
    plain = b"" if precision == "fp32" else ir.to_proto(without_bytes(model)).SerializeToString()
    stored = store(model, precision)
    proto = ir.to_proto(model)
    _check(proto, name, opset)
    shaped = tuple(_shaped(spec, values[spec.name], name) for spec in outputs)
    return Traced(proto.SerializeToString(deterministic=True), shaped, stored, plain)


def _traced(graph: Graph, inputs: Sequence[TensorSpec], opset: int) -> ir.Model:
    """The module alone as an onnx-ir model."""
    inputs = module_inputs(graph, inputs)
    encoded = {name: array for front in graph.fronts for name, array in traced_example(front).items()}
    examples = tuple(
        torch.from_numpy(
            encoded[spec.name] if spec.name in encoded else sample_input(spec, dict.fromkeys(_axes(spec), TRACED_SIZE))
        )
        for spec in inputs
    )
    dimensions = {axis: torch.export.Dim(axis) for spec in inputs for axis in _axes(spec)}
    shapes = tuple({place: dimensions[axis] for place, axis in enumerate(spec.shape) if isinstance(axis, str)} for spec in inputs)
    try:
        with quiet_export():
            program = torch.onnx.export(
                graph.module,
                examples,
                dynamo=True,
                input_names=[spec.name for spec in inputs],
                output_names=list(graph.outputs),
                dynamic_shapes=shapes,
                external_data=False,
                opset_version=opset,
                verbose=False,
            )
    except Exception as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ExportError(f"The module cannot be traced: {first}") from error
    assert program is not None
    return program.model


@contextlib.contextmanager
def quiet_export() -> Iterator[None]:
    """torch's exporter tells its own developers about itself; a user can do nothing about it."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _axes(spec: TensorSpec) -> list[str]:
    return [axis for axis in spec.shape if isinstance(axis, str)]


def _strip(model: ir.Model) -> None:
    """Leave of each node's metadata only the layer it came from."""
    for node in model.graph.all_nodes():
        kept = {key: value for key, value in node.metadata_props.items() if key in KEPT_METADATA}
        node.metadata_props.clear()
        node.metadata_props.update(kept)
        node.doc_string = None
    for value in [*model.graph.inputs, *model.graph.initializers.values(), *model.graph.outputs]:
        value.metadata_props.clear()
    for node in model.graph.all_nodes():
        for output in node.outputs:
            output.metadata_props.clear()
    model.graph.metadata_props.clear()
    model.graph.doc_string = None


def _check_exact(graph: Graph, outputs: Sequence[TensorSpec], model: ir.Model, name: str) -> None:
    """Refuse whole numbers in the end where rounding may turn a byte on the way: a step more or less moves them.

    Raises:
        ExportError: an exact output follows from a float that is no output, and a byte from more than sums of steps.
    """
    named = {spec.name for spec in outputs}
    hidden = [head.output for head in graph.heads if head.source not in named]
    if hidden and (operator := inexact(model)):
        raise ExportError(
            f"{name} cannot be exact: its {hidden[0]} is rounded to whole numbers, and what {operator} gives is rounded to bytes "
            "on the way; --precision int8 can do it."
        )


def _check(proto: onnx.ModelProto, name: str, opset: int) -> None:
    """The full checker, standard operators only, the opset asked for, everything inside.

    Raises:
        ExportError: one of them is not so.
    """
    domains = {node.domain for node in proto.graph.node} | {entry.domain for entry in proto.opset_import}
    if strange := domains - STANDARD:
        raise ExportError(f"{name} came out with operators of {', '.join(sorted(strange))}, which plain onnxruntimes do not have.")
    if proto.functions:
        raise ExportError(f"{name} came out with model-local functions, which not every onnxruntime takes.")
    found = {entry.domain: entry.version for entry in proto.opset_import}.get("")
    if found != opset:
        raise ExportError(f"{name} was to be written in opset {opset}, but came out in {found}.")
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in proto.graph.initializer):
        raise ExportError(f"{name} came out with weights outside its file.")
    try:
        onnx.checker.check_model(proto, full_check=True)
    except Exception as error:
        raise ExportError(f"{name} came out as an invalid model: {error}") from error


def _shaped(spec: TensorSpec, value: ir.Value, name: str) -> TensorSpec:
    """The declared output with the fixed axes that the graph really has.

    Raises:
        ExportError: another rank, or a fixed axis where a dynamic one was declared.
    """
    actual = [axis.value if isinstance(axis, ir.SymbolicDim) else axis for axis in (value.shape or ())]
    agrees = len(actual) == len(spec.shape) and all(
        isinstance(found, str) if isinstance(declared, str) else isinstance(found, int)
        for declared, found in zip(spec.shape, actual, strict=True)
    )
    if not agrees:
        raise ExportError(f"{name} declares {spec.name} as {list(spec.shape)}, but it came out as {actual}.")
    shape = tuple(declared if isinstance(declared, str) else found for declared, found in zip(spec.shape, actual, strict=True))
    return replaced(spec, shape=shape)
