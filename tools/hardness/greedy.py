"""Seeded edits that make a small ONNX file ask for much: memory, rounds of a loop, stack."""

from __future__ import annotations

from random import Random

from onnx import AttributeProto, ModelProto, TensorProto, helper


def used(model: ModelProto, name: str, *, reduce: bool = False) -> None:
    """Let the first float output depend on the value `name`, so that nothing can leave it out."""
    output = next(value.name for value in model.graph.output if value.type.tensor_type.elem_type == TensorProto.FLOAT)
    for node in model.graph.node:
        node.output[:] = ["before" if item == output else item for item in node.output]
        node.input[:] = ["before" if item == output else item for item in node.input]
    if reduce:
        model.graph.node.append(helper.make_node("ReduceMax", [name], ["one"], keepdims=0))
        name = "one"
    model.graph.node.append(helper.make_node("Add", ["before", name], [output]))


def _initialiser(model: ModelProto, name: str, dtype: int, dims: list[int], values: list[float] | list[int]) -> str:
    model.graph.initializer.append(helper.make_tensor(name, dtype, dims, values))
    return name


def allocation(rng: Random, model: ModelProto) -> None:
    """A small file that asks for much memory, which an optimiser may do while it loads."""
    size = rng.choice([2**28, 2**31, 2**34, 2**40, 2**62])
    kind = rng.choice(["ConstantOfShape", "Expand", "Tile", "Range", "OneHot", "Pad"])
    one = _initialiser(model, "h1", TensorProto.FLOAT, [1], [1.0])
    shape = _initialiser(model, "hs", TensorProto.INT64, [1], [size])
    nodes = {
        "ConstantOfShape": lambda: helper.make_node("ConstantOfShape", [shape], ["huge"]),
        "Expand": lambda: helper.make_node("Expand", [one, shape], ["huge"]),
        "Tile": lambda: helper.make_node("Tile", [one, shape], ["huge"]),
        "Range": lambda: helper.make_node(
            "Range",
            [
                _initialiser(model, name, TensorProto.FLOAT, [], [value])
                for name, value in (("r0", 0.0), ("r1", float(size)), ("r2", 1.0))
            ],
            ["huge"],
        ),
        "OneHot": lambda: helper.make_node(
            "OneHot",
            [
                _initialiser(model, "o0", TensorProto.INT64, [1], [0]),
                _initialiser(model, "o1", TensorProto.INT64, [], [size]),
                _initialiser(model, "o2", TensorProto.FLOAT, [2], [0.0, 1.0]),
            ],
            ["huge"],
        ),
        "Pad": lambda: helper.make_node("Pad", [one, _initialiser(model, "p0", TensorProto.INT64, [2], [0, size])], ["huge"]),
    }
    model.graph.node.append(nodes[kind]())
    used(model, "huge", reduce=True)


def loop(rng: Random, model: ModelProto) -> None:
    """A loop of very many rounds, over a constant or over the input."""
    trips = rng.choice([2**40, 2**62, 2**63 - 1])
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["on"], ["on_"]),
            helper.make_node("Identity", ["v"], ["v_"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("on_", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v_", TensorProto.FLOAT, []),
        ],
    )
    if rng.random() < 0.3:  # collects what each round gives
        body.node.append(helper.make_node("Identity", ["v"], ["scan"]))
        body.output.append(helper.make_tensor_value_info("scan", TensorProto.FLOAT, []))
    trip = _initialiser(model, "trips", TensorProto.INT64, [], [trips])
    yes = _initialiser(model, "yes", TensorProto.BOOL, [], [True])
    start = _initialiser(model, "start", TensorProto.FLOAT, [], [0.0])
    outputs = ["looped", "scanned"][: len(body.output) - 1]
    model.graph.node.append(helper.make_node("Loop", [trip, yes, start], outputs, body=body))
    used(model, "looped")


def nested(rng: Random, model: ModelProto) -> bytes:
    """`If` in `If` in `If` …: a parser or a walker that recurses runs out of stack."""
    depth = rng.choice([5, 40, 90, 2000])
    yes = _initialiser(model, "yes", TensorProto.BOOL, [], [True])
    _initialiser(model, "zero", TensorProto.FLOAT, [], [0.0])
    inner = helper.make_node("Identity", ["zero"], ["n0"])
    encoded = inner.SerializeToString()
    for level in range(1, depth + 1):
        # Built from bytes: protobuf's own tree would copy every level for every level.
        value = helper.make_tensor_value_info(f"n{level - 1}", TensorProto.FLOAT, []).SerializeToString()
        graph = _field(1, encoded) + _field(2, b"g") + _field(12, value)
        branches = b"".join(
            _field(5, _field(1, name) + _field(6, graph) + b"\xa0\x01" + bytes([AttributeProto.GRAPH]))
            for name in (b"then_branch", b"else_branch")[: 2 if depth < 20 else 1]
        )
        encoded = _field(1, yes.encode()) + _field(2, f"n{level}".encode()) + _field(4, b"If") + branches
    used(model, f"n{depth}")
    # protobuf joins two fields of one message: this adds a node to the graph that the parser may be too shallow to build.
    return model.SerializeToString() + _field(7, _field(1, encoded))


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited field of a protobuf."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(value: int) -> bytes:
    """A number as protobuf writes it: seven bits a byte, the low ones first."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def functions(rng: Random, model: ModelProto) -> None:
    """Functions of the file's own: each calls the one before twice, or itself."""
    depth = rng.choice([1, 3, 20, 60])
    model.opset_import.append(helper.make_opsetid("own", 1))
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]
    for level in range(depth):
        called = f"f{level - 1}" if level else rng.choice(["f0", "Abs"])
        domain = "own" if called.startswith("f") else ""
        nodes = [helper.make_node(called, ["x"], ["y"], domain=domain), helper.make_node(called, ["y"], ["z"], domain=domain)]
        model.functions.append(helper.make_function("own", f"f{level}", ["x"], ["z"], nodes, opsets))
    start = _initialiser(model, "start", TensorProto.FLOAT, [], [0.0])
    model.graph.node.append(helper.make_node(f"f{depth - 1}", [start], ["called"], domain="own"))
    used(model, "called")
