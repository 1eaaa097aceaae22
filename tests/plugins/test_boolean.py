"""Boolean functions of threshold units: gates by hand, any function by its normal form; every input, in both engines."""

from __future__ import annotations

import functools
import time

import msgspec
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from zoo.exporting.given import configured
from zoo.exporting.trace import trace
from zoo.registry import registry
from zoo.spec import replaced
from zoo_boolean import Function, Gate
from zoo_boolean.function import rows, table_of
from zoo_boolean.model import build, export
from zoo_boolean.units import gate, layers_of


def bits(text: str) -> np.ndarray:
    return np.array([digit == "1" for digit in text])


@pytest.mark.parametrize("config", [Function(expr="0"), Function(table="0110100110010110"), Function(expr="~a | b & c & d")])
def test_exchanged_weights_are_the_same_as_a_graph_of_its_own(config):
    """What the test of a thousand functions rests on."""
    inputs = rows(len(table_of(config)).bit_length() - 1)
    ours, theirs = traced(config), with_weights(traced_once(inputs.shape[1]), config)
    assert (answered(ours, inputs) == table_of(config)).all()
    assert (answered(theirs, inputs) == table_of(config)).all()
    nodes = [[node.op_type for node in onnx.load_from_string(content).graph.node] for content in (ours, theirs)]
    assert nodes[0] == nodes[1]


def in_torch(config, inputs: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return build(config)(torch.from_numpy(inputs)).numpy()


def in_onnxruntime(config, inputs: np.ndarray) -> np.ndarray:
    return answered(with_weights(traced_once(inputs.shape[1]), config), inputs)


def answered(content: bytes, inputs: np.ndarray) -> np.ndarray:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return session.run(["output"], {"inputs": inputs})[0]


def traced(config) -> bytes:
    spec, _ = configured(replaced(registry().model("boolean.dnf"), config=Function()), msgspec.structs.asdict(config))
    content, *_ = trace(export(build(config).eval(), None), spec.inputs, spec.outputs, name="test", metadata={})
    return content


@functools.cache
def traced_once(variables: int) -> bytes:
    """A graph of two layers, no two of its arrays the same: that of another function of as many variables has the same nodes."""
    return traced(Function(expr="", table="1" + "0" * ((1 << variables) - 1)))


def with_weights(content: bytes, config) -> bytes:
    """The traced graph with the weights of another function: tracing a thousand takes most of an hour."""
    model = onnx.load_from_string(content)
    del model.graph.value_info[:]  # there the sizes of the first function's layers stand
    places = {tensor.name: tensor for tensor in model.graph.initializer}
    for number, layer in enumerate(layers_of(config)):
        for kind, array in (("weight", layer.weights), ("bias", layer.biases)):
            name = f"network.layers.{number}.{kind}"
            places[name].CopyFrom(onnx.numpy_helper.from_array(array, name))
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


def test_the_weights_are_those_of_the_books():
    assert [(layer.weights.tolist(), layer.biases.tolist()) for layer in gate("and", 2)] == [([[1, 1]], [-1.5])]
    assert [(layer.weights.tolist(), layer.biases.tolist()) for layer in gate("or", 2)] == [([[1, 1]], [-0.5])]
    assert [(layer.weights.tolist(), layer.biases.tolist()) for layer in gate("not", 1)] == [([[-1]], [0.5])]
    assert gate("and", 7)[0].biases == [-6.5]
    hidden, last = gate("xor", 2)
    assert (hidden.weights.tolist(), hidden.biases.tolist()) == ([[1, 1], [1, 1]], [-0.5, -1.5])
    assert (last.weights.tolist(), last.biases.tolist()) == ([[1, -1]], [-0.5])


@pytest.mark.parametrize("kind", ["and", "or", "xor"])
@pytest.mark.parametrize("inputs", range(2, 11))
def test_gates_of_many_inputs(kind, inputs):
    config = Gate(gate=kind, inputs=inputs)
    assert (in_torch(config, rows(inputs)) == table_of(config)).all()


def test_one_threshold_short_is_wrong():
    """What the others count as right could be wrong: with the bias of OR, AND is wrong on two rows, and the metric says so."""
    module = build(Gate(gate="and"))
    with torch.no_grad():
        module.layers[0].bias.fill_(-0.5)
        answers = module(torch.from_numpy(rows(2))).numpy()
    assert (answers != bits("0001")).sum() == 2


@pytest.mark.parametrize(
    ("config", "table"),
    [
        (Function(), "01011101"),
        (Function(expr="0"), "00"),
        (Function(expr="1"), "11"),
        (Function(expr="a | ~a"), "11"),
        (Function(expr="a & ~a & b"), "0000"),
        (Function(expr="", table="0000"), "0000"),
        (Function(expr="", table="1111"), "1111"),
        (Function(table="0110 1001"), "01101001"),
        (Function(expr="b -> a"), "1011"),
        (Function(expr="b -> a", variables="b, a"), "1101"),
        (Function(expr="a", variables="z a"), "0101"),
        (Function(expr="x10 & ~x2"), "0100"),
    ],
)
def test_a_function_is_right_on_every_input_in_both_engines(config, table):
    expected = bits(table)
    inputs = rows(len(expected).bit_length() - 1)
    assert (table_of(config) == expected).all()
    assert (in_torch(config, inputs) == expected).all()
    assert (in_onnxruntime(config, inputs) == expected).all()


def test_a_random_function_of_sixteen_variables_is_right():
    table = np.random.default_rng(0).random(1 << 16) < 0.03
    hidden, last = layers_of(Function(expr="", table="".join(map(str, table.astype(int)))))
    fired = rows(16).astype(np.float32) @ hidden.weights.T + hidden.biases > 0
    assert ((fired.astype(np.float32) @ last.weights[0] + last.biases[0] > 0) == table).all()
    assert len(hidden.biases) <= table.sum()


def sizes_and_tables(count: int, seed: int):
    generator = np.random.default_rng(seed)
    for number in range(count):
        variables = 1 + number % 10
        yield variables, generator.random(1 << variables) < generator.uniform(0.1, 0.9)


def spelled(table: np.ndarray, variables: int) -> str:
    """The function as an expression: all its minterms, or the negation of the others'."""
    names = "abcdefghij"[:variables]
    negated = table.mean() > 0.5
    terms = [
        " & ".join(name if bit else f"~{name}" for name, bit in zip(names, row, strict=True))
        for row in rows(variables)[table != negated]
    ]
    text = " | ".join(f"({term})" for term in terms) or "0"
    return f"not ({text})" if negated else text


def wrong_rows(count: int, seed: int) -> tuple[int, int]:
    """Functions asked about and rows answered wrongly, half of them by tables and half by expressions, in both engines."""
    asked = wrong = 0
    for number, (variables, table) in enumerate(sizes_and_tables(count, seed)):
        names = ",".join("abcdefghij"[:variables])
        config = (
            Function(expr=spelled(table, variables), variables=names)
            if number % 2
            else Function(expr="", table="".join(map(str, table.astype(int))))
        )
        inputs = rows(variables)
        wrong += int((in_torch(config, inputs) != table).sum() + (in_onnxruntime(config, inputs) != table).sum())
        asked += 1
    return asked, wrong


def test_random_functions_are_right_on_all_inputs_in_both_engines():
    assert wrong_rows(100, seed=1) == (100, 0)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_thousand_random_functions_are_right_on_all_inputs_in_both_engines(capsys):
    start = time.perf_counter()
    assert wrong_rows(1000, seed=0) == (1000, 0)
    with capsys.disabled():
        print(f"\n1,000 functions: {time.perf_counter() - start:.0f} s")
