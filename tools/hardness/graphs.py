"""Seeded edits of ONNX graphs: what a parser or a shape inference may trip over; what asks for too much is in `greedy`."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

import onnx
from onnx import ModelProto, TensorProto, helper

from tools.hardness.corruption import VALUES, edit_json
from tools.hardness.greedy import allocation, functions, loop, nested, used, varint

Edit = Callable[[Random, ModelProto], bytes | None]
"""Changes the model, or gives the bytes of a changed one."""

HUGE = (-1, 0, 2**31 - 1, 2**31, 2**32, 2**40, 2**62, 2**63 - 1, -(2**63))
STANDARD_OPS = (
    "Add",
    "Gemm",
    "Conv",
    "Reshape",
    "Gather",
    "Concat",
    "Cast",
    "Softmax",
    "If",
    "Scan",
    "Pad",
    "Resize",
    "Einsum",
    "LSTM",
)


def _tensor(rng: Random, model: ModelProto) -> TensorProto:
    return rng.choice(list(model.graph.initializer))


def _raw(rng: Random, model: ModelProto) -> None:
    """The bytes of a tensor: fewer or more than its shape has, or in a field of another type."""
    tensor = _tensor(rng, model)
    content = tensor.raw_data
    tensor.raw_data = rng.choice([b"", content[:-1], content[: len(content) // 2], content + b"\0", content * 3])
    if rng.random() < 0.3:
        tensor.float_data.extend([1.0] * rng.choice([1, 1000]))
    if rng.random() < 0.2:
        tensor.string_data.extend([b"\xff\xfe"])


def _dims(rng: Random, model: ModelProto) -> None:
    tensor = _tensor(rng, model)
    if tensor.dims and rng.random() < 0.7:
        tensor.dims[rng.randrange(len(tensor.dims))] = rng.choice(HUGE)
    else:
        del tensor.dims[:]
        tensor.dims.extend(rng.choice(HUGE) for _ in range(rng.choice([0, 1, 2, 8, 1000])))


def _data_type(rng: Random, model: ModelProto) -> None:
    _tensor(rng, model).data_type = rng.choice([0, *TensorProto.DataType.values(), 99, 2**31 - 1, -1])


def _external(rng: Random, model: ModelProto) -> None:
    tensor = _tensor(rng, model)
    tensor.data_location = TensorProto.EXTERNAL
    if rng.random() < 0.7:
        tensor.ClearField("raw_data")
    for key, value in (
        ("location", rng.choice(["/etc/passwd", "../../secret", "model.onnx", "", "/dev/zero", "*/_ORT_MEM_ADDR_/*"])),
        ("offset", rng.choice(["0", "-1", "99999999999999999999", "x"])),
        ("length", rng.choice(["0", "4", "-1", "99999999999999999999"])),
    ):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value


def _sparse(rng: Random, model: ModelProto) -> None:
    """A tensor of few values that would be large if it were written out."""
    sparse = model.graph.sparse_initializer.add()
    sparse.dims.extend(rng.choice([[2**33], [2**20, 2**20], [4], [-1], []]))
    sparse.values.CopyFrom(helper.make_tensor("sparse", TensorProto.FLOAT, [1], [1.0]))
    sparse.indices.CopyFrom(helper.make_tensor("at", TensorProto.INT64, [1], [rng.choice([0, -1, 2**62])]))
    used(model, "sparse", reduce=True)


def _node(rng: Random, model: ModelProto) -> None:
    """A node: another operator, domain, input, output or attribute; one too few, one twice, another order, a cycle."""
    nodes = model.graph.node
    place = rng.randrange(len(nodes))
    node = nodes[place]
    kind = rng.randrange(9)
    if kind == 0:
        node.op_type = rng.choice(["", "Nothing", "\x00", "x" * 100_000, *STANDARD_OPS])
    elif kind == 1:
        node.domain = rng.choice(["com.microsoft", "ai.onnx.ml", "own", "ai.onnx.training", "\xff"])
    elif kind == 2 and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(["", "nothing", nodes[-1].output[0], node.output[0], "x" * 100_000])
    elif kind == 3 and node.output:
        node.output[rng.randrange(len(node.output))] = rng.choice(["", "nothing", nodes[0].output[0], model.graph.input[0].name])
    elif kind == 4:
        del nodes[place]
    elif kind == 5:
        nodes.append(node)
    elif kind == 6:
        other = rng.randrange(len(nodes))
        copy = onnx.NodeProto()
        copy.CopyFrom(nodes[other])
        nodes[other].CopyFrom(node)
        node.CopyFrom(copy)
    elif kind == 7:
        node.attribute.append(
            helper.make_attribute(rng.choice(["axis", "to", "x", "perm", "shape", "value"]), rng.choice([2**62, -1, "x", 1.5]))
        )
    elif node.attribute:
        attribute = node.attribute[rng.randrange(len(node.attribute))]
        attribute.type = rng.choice([0, *range(1, 15)])
        attribute.i = rng.choice(HUGE)
    del node.input[50:]


def _header(rng: Random, model: ModelProto) -> None:
    """What the file says of itself: versions, opsets, names, inputs and outputs."""
    kind = rng.randrange(7)
    if kind == 0:
        model.ir_version = rng.choice([0, 1, 3, 99, 2**62, -1])
    elif kind == 1:
        model.opset_import[0].version = rng.choice([0, 1, 7, 12, 999, 2**62, -1])
    elif kind == 2:
        model.opset_import.append(helper.make_opsetid(rng.choice(["", "com.microsoft", "own"]), rng.choice([1, 5, 2**40])))
    elif kind == 3:
        del model.opset_import[:]
    elif kind == 4:
        value = rng.choice([*model.graph.input, *model.graph.output])
        value.type.tensor_type.elem_type = rng.choice([0, 1, 7, 8, 16, 99])
    elif kind == 5:
        shape = rng.choice([*model.graph.input, *model.graph.output]).type.tensor_type.shape
        if shape.dim:
            shape.dim[rng.randrange(len(shape.dim))].dim_value = rng.choice(HUGE)
    else:
        rng.choice([*model.graph.input, *model.graph.output]).name = rng.choice(["", "x", "x" * 100_000, "\x1b[2J"])


def _metadata(rng: Random, model: ModelProto) -> None:
    """What zoo wrote into the file."""
    entry = next(entry for entry in model.metadata_props if entry.key == "zoo")
    if rng.random() < 0.7:
        text = edit_json(rng, json.loads(entry.value))[1]
    else:
        text = rng.choice(["", "{}", "null", *(json.dumps(value) for value in VALUES)])
    entry.value = text


EDITS: dict[str, Edit] = {
    "tensor bytes": _raw,
    "tensor shape": _dims,
    "tensor type": _data_type,
    "external data": _external,
    "sparse tensor": _sparse,
    "large allocation": allocation,
    "long loop": loop,
    "deep nesting": nested,
    "functions": functions,
    "node": _node,
    "versions, inputs": _header,
    "zoo metadata": _metadata,
}


def edited(rng: Random, content: bytes, kind: str) -> bytes:
    """A graph after one edit of a kind of `EDITS`."""
    model = onnx.load_from_string(content)
    return EDITS[kind](rng, model) or model.SerializeToString()


def varints(rng: Random, content: bytes) -> bytes:
    """One length or number near the front of the file set to another: the outermost fields and those of the graph."""
    places = [place for place in range(min(len(content), 2000)) if content[place] < 128] or [0]
    place = rng.choice(places)
    return content[:place] + varint(rng.choice([0, 1, 127, 128, 2**31, 2**32 - 1, 2**63, 2**64 - 1])) + content[place + 1 :]
