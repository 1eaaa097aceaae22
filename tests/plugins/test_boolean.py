"""Boolean functions of threshold units: gates by hand, any function by its normal form; every input, in both engines."""

from __future__ import annotations

import functools
import subprocess
import sys
import time

import msgspec
import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from zoo import api
from zoo.benchmark.bench import bench
from zoo.errors import PluginError, UnknownName, UsageError
from zoo.exporting.given import configured
from zoo.exporting.trace import trace
from zoo.registry import registry
from zoo.spec import replaced
from zoo_boolean import Function, Gate
from zoo_boolean.function import rows, table_of
from zoo_boolean.model import build, export
from zoo_boolean.units import gate, layers_of

TABLES = {"and": "0001", "or": "0111", "not": "10", "xor": "0110"}


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
    content, _ = trace(export(build(config).eval(), None), spec.inputs, spec.outputs, name="test", metadata={})
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


@pytest.mark.parametrize("tag", TABLES)
def test_a_gate_is_right_on_every_input_in_both_engines(tag, tmp_path):
    expected = bits(TABLES[tag])
    inputs = rows(len(expected).bit_length() - 1)
    with torch.inference_mode():
        assert (api.load(f"boolean.{tag}")(torch.from_numpy(inputs)).numpy() == expected).all()
    (artifact,) = api.export(f"boolean.{tag}", output=tmp_path)
    assert (api.open(artifact.path).run(inputs=inputs)["output"] == expected).all()
    assert artifact.manifest["metrics"] == {"accuracy": 1.0}
    assert artifact.manifest["config"] == {"gate": tag, "inputs": inputs.shape[1]}
    assert artifact.certificate.audit.examples == len(expected)
    assert artifact.certificate.hidden["sum"].torch_error == 0
    assert not artifact.certificate.changed


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


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"table": "011"}, r"3 are given, and 2 or 4 would do"),
        ({"table": "1"}, r"at least 2; 1 is given"),
        ({"table": "0121"}, r"'2' is value 3"),
        ({"table": "0" * (1 << 17)}, r"17 variables; at most 16"),
        ({"expr": " | ".join(f"v{number}" for number in range(17))}, r"17 variables; at most 16"),
        ({"expr": "a", "table": "01"}, r"not both: expr is 'a'"),
        ({"expr": "a & x", "variables": "a,b"}, r"no variable among a, b called 'x'"),
        ({"expr": "a", "variables": "a,a"}, r"'a' is given twice"),
        ({"expr": "a", "variables": "and"}, r"'and' cannot be the name"),
        ({"table": "0110", "variables": "a"}, r"has 2 variables, not 1"),
        ({"exp": "a"}, r"did you mean expr"),
        ({"expr": "a & | b"}, r"position 5 there is '\|'"),
        ({"variables": ["a"]}, r"cannot be the name"),
    ],
)
def test_a_config_that_means_no_function_is_refused(changes, error, tmp_path):
    with pytest.raises(UsageError, match=error):
        api.export("boolean.dnf", config=changes, output=tmp_path)
    assert not list(tmp_path.iterdir())


def test_gates_refuse_what_they_are_not(tmp_path):
    for tag, changes, error in (
        ("not", {"inputs": 2}, "has 1 input, not 2"),
        ("and", {"inputs": 17}, "2 to 16 inputs, not 17"),
        ("and", {"inputs": 1}, "2 to 16 inputs, not 1"),
        ("and", {"gate": "or"}, "is the gate and, not or"),
        ("and", {"gate": "nand"}, "nand"),
        ("and", {"inputs": "two"}, "does not take"),
    ):
        with pytest.raises(UsageError, match=error):
            api.export(f"boolean.{tag}", config=changes, output=tmp_path)


def test_a_named_function_is_an_artifact_like_any_other(tmp_path):
    (artifact,) = api.export("boolean.dnf", config={"expr": "a ^ b ^ c"}, name="parity3", output=tmp_path)
    assert artifact.id == "boolean.parity3"
    manifest = artifact.manifest
    assert (manifest["base"], manifest["config"]["expr"], manifest["config"]["variables"]) == ("boolean.dnf", "a ^ b ^ c", "a,b,c")
    assert manifest["inputs"][0]["names"] == ("a", "b", "c") or manifest["inputs"][0]["names"] == ["a", "b", "c"]
    model = api.open(artifact.path)
    assert (model.run(inputs=rows(3))["output"] == rows(3).sum(1) % 2).all()
    assert model.manifest.config == manifest["config"]
    assert api.verify(artifact.path).passed
    assert bench(artifact.path, batches=(1,), threads=(None,), seconds=0.01).rows
    # The PyTorch original comes back from the manifest alone: three inputs, the sums on the right sides of 0.
    with torch.inference_mode():
        sums = api.load_exported(model.manifest)(torch.from_numpy(rows(3))).numpy()
    assert ((sums > 0) == rows(3).sum(1) % 2).all()
    assert np.abs(sums).min() == 0.5
    assert {node.op_type for node in onnx.load(artifact.path / "model.onnx").graph.node} <= {
        "Cast", "Gemm", "MatMul", "Add", "Greater", "Squeeze", "Reshape",
    }  # fmt: skip
    card = (artifact.path / "README.md").read_text()
    assert "a ^ b ^ c by its disjunctive normal form" in card


def test_names_and_changes_are_for_given_weights_alone(tmp_path):
    for arguments in ({"config": {"expr": "a"}}, {"name": "mine"}):
        with pytest.raises(UsageError, match="given weights"):
            api.export("logreg", output=tmp_path, **arguments)
    with pytest.raises(UsageError, match="model of the zoo already"):
        api.export("boolean.dnf", name="xor", output=tmp_path)
    with pytest.raises(UsageError, match="lower-case letters"):
        api.export("boolean.dnf", name="Mine", output=tmp_path)


def test_another_plugins_given_weights_can_be_changed_too(tmp_path):
    (artifact,) = api.export("camera.hand", config={"config.relu_bias": 0.25}, name="biased", output=tmp_path)
    assert artifact.manifest["config"]["relu_bias"] == 0.25
    assert artifact.manifest["metrics"]["loss"] != pytest.approx(0.765615, abs=1e-6)
    with pytest.raises(UnknownName, match="nothing to learn"):
        api.export("camera.hand", config={"epochs": 3}, output=tmp_path)


def test_a_configure_that_gives_something_else_is_the_plugins_fault():
    spec = replaced(registry().model("boolean.dnf"), configure="builtins:repr")
    with pytest.raises(PluginError, match="should return its spec and its splits"):
        configured(spec, {})


def test_sixteen_variables_are_exported_and_right(tmp_path):
    """Parity is the worst function: 32,768 terms, none of which can be spared; the gate needs 16 units for it."""
    inputs = rows(16)
    (artifact,) = api.export("boolean.xor", config={"inputs": 16}, name="parity16", output=tmp_path)
    assert artifact.certificate.audit.examples == 65_536
    assert (api.open(artifact.path).answer({"inputs": inputs}, batch=4096)["output"] == inputs.sum(1) % 2).all()


def test_a_random_function_of_sixteen_variables_is_right():
    table = np.random.default_rng(0).random(1 << 16) < 0.03
    hidden, last = layers_of(Function(expr="", table="".join(map(str, table.astype(int)))))
    fired = rows(16).astype(np.float32) @ hidden.weights.T + hidden.biases > 0
    assert ((fired.astype(np.float32) @ last.weights[0] + last.biases[0] > 0) == table).all()
    assert len(hidden.biases) <= table.sum()


def zoo(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "zoo", *arguments], capture_output=True, text=True, timeout=240, check=False, encoding="utf-8"
    )


def test_the_command_line_from_an_expression_to_an_answer(tmp_path):
    made = zoo("run", "boolean.dnf", "--set", "table=10010110", "--output", str(tmp_path))
    assert made.returncode == 0, made.stderr
    found = str(tmp_path / "exported")
    for given in (["101"], ["1", "0", "1"], ["a=1,b=0,c=1"], ["c=1", "b=0", "a=1"], ["1,0,1"]):
        answered = zoo("predict", "boolean.dnf", *given, "--artifacts", found, "-q")
        assert (answered.stdout, answered.returncode) == ("1\n", 0), answered.stderr
    table = zoo("predict", "boolean.dnf", "000", "001", "--artifacts", found)
    assert [line.split() for line in table.stdout.splitlines()] == [["a", "b", "c", "output"], [*"0001"], [*"0010"]]
    answers = msgspec.json.decode(zoo("predict", "boolean.dnf", "001", "--json", "--artifacts", found).stdout)["answers"]
    assert answers == [{"inputs": {"a": False, "b": False, "c": True}, "output": False}]
    for given, error in (
        (["10"], "should be 3 values"),
        (["1", "2", "1"], "should be 3 values"),
        (["a=1,d=1"], "called 'd'"),
        (["a=1,a=1,b=1,c=1"], "a twice"),
        (["a=1,b=0"], "also needs c"),
        (["a=1,b=0,c=maybe"], "'maybe'"),
    ):
        refused = zoo("predict", "boolean.dnf", *given, "--artifacts", found)
        assert refused.returncode == 2
        assert error in refused.stderr


def test_the_place_of_a_mistake_is_marked(tmp_path):
    refused = zoo("export", "boolean.dnf", "--set", "expr=(a & b | c", "--output", str(tmp_path))
    assert refused.returncode == 2
    sentence, shown, caret = refused.stderr.splitlines()
    assert sentence.startswith("error: The expression cannot be read: at position 11 it ends where")
    assert shown[: caret.index("^")] == "  (a & b | c"


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
