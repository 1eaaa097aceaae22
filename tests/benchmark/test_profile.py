"""Times are a node's own, executions are counted, and a node that onnxruntime renamed is found again in the file."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from zoo.benchmark.modules import SCOPES, known_nodes
from zoo.benchmark.profile import BODY, CHUNKS, Cost, Profile, _own_times, profile

FREE = Cost(node=0.0, inside=0.0, more=0.0)


def node(operator: str, inputs: list[str], outputs: list[str], *, name: str, scopes: list[str] | None = None, **more: Any) -> Any:
    made = helper.make_node(operator, inputs, outputs, name=name, **more)
    if scopes is not None:
        made.metadata_props.add(key=SCOPES, value=str(scopes))
    return made


def looping() -> bytes:
    """`x` float32 [n, 4] through a layer with a ReLU that is fused with it, and five times through another in a loop."""
    value = helper.make_tensor_value_info
    body = helper.make_graph(
        [
            node("Identity", ["go"], ["still"], name="still"),
            node("MatMul", ["state", "step.cell.weight"], ["next"], name="node_cell", scopes=["linear"]),
        ],
        "body",
        [value("number", TensorProto.INT64, []), value("go", TensorProto.BOOL, []), value("state", TensorProto.FLOAT, None)],
        [value("still", TensorProto.BOOL, []), value("next", TensorProto.FLOAT, None)],
    )
    nodes = [
        node("Gemm", ["x", "layers.0.weight"], ["linear"], name="node_linear", scopes=["", "layers", "layers.0", "linear"]),
        node("Relu", ["linear"], ["relu"], name="node_relu", scopes=["", "layers", "layers.1", "relu"]),
        node("Loop", ["five", "", "relu"], ["looped"], name="node_loop", body=body),
        node("ArgMax", ["looped"], ["label"], name="label_index", axis=1, keepdims=0),
    ]
    constants = {
        "layers.0.weight": np.eye(4, dtype=np.float32),
        "step.cell.weight": np.eye(4, dtype=np.float32),
        "five": np.int64(5),
    }
    graph = helper.make_graph(
        nodes,
        "g",
        [value("x", TensorProto.FLOAT, ["n", 4])],
        [value("label", TensorProto.INT64, ["n"])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@pytest.fixture(scope="module")
def found() -> Profile:
    return profile(
        looping(),
        {"x": np.ones((3, 4), np.float32)},
        inputs=["x"],
        outputs=["label"],
        providers=("cpu",),
        threads=1,
        level="all",
        seconds=0.01,
        cost=FREE,
    )


def test_nodes_of_a_loop_are_counted_and_placed(found: Profile) -> None:
    assert found.slowed > 0
    assert len(found.plain) == CHUNKS
    times = {ran.name: ran.times / found.calls for ran in found.nodes}
    places = {name: (known.place.part, known.place.module) for name, known in found.known.items()}
    assert times["node_cell"] == 5
    assert times["node_loop"] == 1
    assert places["node_cell"] == ("search", "step.cell")  # by its weight: in a body torch's scopes have no module
    assert places["node_loop"][0] == "search"
    assert places["label_index"] == ("answer", "answer")
    (fused,) = (ran for ran in found.nodes if "Gemm" in ran.operator)
    assert fused.operator == "FusedGemm"
    assert fused.name not in ("node_linear", "node_relu")
    assert places[fused.name] == ("network", "layers.1")  # what it makes, the ReLU made


def test_arithmetic_and_bytes_are_of_what_ran(found: Profile) -> None:
    by_operator = {ran.operator: ran for ran in found.nodes}
    assert by_operator["FusedGemm"].products == found.calls * 3 * 4 * 4
    assert by_operator["MatMul"].products == found.calls * 5 * 3 * 4 * 4
    assert by_operator["MatMul"].weights == found.calls * 5 * 4 * 4 * 4
    assert {ran.provider for ran in found.nodes} == {"cpu"}


def event(name: str, operator: str, ts: int, dur: int) -> dict[str, Any]:
    args = {"op_name": operator, "input_type_shape": [{"float": [1]}] * 3, "output_type_shape": [{"float": [1]}]}
    return {"name": name, "ts": ts, "dur": dur, "args": args}


def test_own_time_is_without_bodies_and_without_the_profile() -> None:
    """A loop of 100 µs whose two bodies take 30 each; a branch of 20 in the second, with a body of 15; a node before, as long."""
    events = [
        event("before", "Relu", 0, 40),
        event("a", "Add", 52, 20),
        {"name": BODY, "ts": 51, "dur": 30},
        event("b", "Add", 92, 10),
        {"name": BODY, "ts": 91, "dur": 15},
        event("branch", "If", 90, 20),
        {"name": BODY, "ts": 89, "dur": 30},
        event("loop", "Loop", 50, 100),
        {"name": BODY, "ts": 0, "dur": 160},
    ]
    free = {event["name"]: 1e6 * own for event, own in _own_times(events, FREE)}
    assert free == pytest.approx({"before": 40, "a": 20, "b": 10, "branch": 5, "loop": 40})
    cost = Cost(node=0.0, inside=3e-6, more=0.5e-6)  # four inputs and outputs: two beyond the two that are counted in
    assert [1e6 * own for _, own in _own_times(events, cost)] == pytest.approx([36, 16, 6, 1, 36])


def chained(names: list[tuple[str, list[str], list[str]]], *, scopes: bool) -> bytes:
    nodes = []
    for name, inputs, outputs in names:
        nodes.append(node("Relu", inputs, outputs, name=name, scopes=["", f"m.{name}", "op"] if scopes else None))
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "g", [value("x", TensorProto.FLOAT, [1])], [value("y", TensorProto.FLOAT, [1])])
    return helper.make_model(graph).SerializeToString()


def test_renamed_nodes_are_found_or_said_to_be_lost() -> None:
    file = chained([("a_1", ["x"], ["u"]), ("a_2", ["u"], ["v"]), ("text_front_3", ["v"], ["y"])], scopes=True)
    run = [
        ("a_1", ["x"], ["u"]),
        ("fused", ["u"], ["v"]),  # by what it makes
        ("v_bn_nchwc", ["v"], ["r1"]),  # by a value's name, with what onnxruntime puts behind it
        ("a_12_nchwc", ["x"], ["r2"]),  # no other layer's
        ("ReorderOutput", ["r1"], ["r3"]),  # by what it reorders
        ("text_front_3", ["r3"], ["y"]),
        ("new", ["x"], ["z"]),
    ]
    known = known_nodes(file, chained(run, scopes=False), inputs=["text"], outputs=["answer"])
    assert {name: known[name].place.module for name, *_ in run} == {
        "a_1": "m.a_1",
        "fused": "m.a_2",
        "v_bn_nchwc": "m.a_2",
        "a_12_nchwc": "fused/other",
        "ReorderOutput": "m.a_2",
        "text_front_3": "text front",
        "new": "fused/other",
    }


def test_metadata_that_are_none() -> None:
    file = chained([("a", ["x"], ["y"])], scopes=True).replace(b"['', 'm.a'", b"[[[[[[[[[[")
    assert known_nodes(file, file, inputs=["x"], outputs=["y"])["a"].place.module == "nodes of no module"
