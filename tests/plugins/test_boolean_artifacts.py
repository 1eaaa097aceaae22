"""Boolean functions as artifacts: what is exported, what is refused, and the command line from an expression to an answer."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
import torch

from tests.commands import Zoo
from zoo import api
from zoo.benchmark.bench import bench
from zoo.errors import PluginError, UnknownName, UsageError
from zoo.exporting.given import configured
from zoo.registry import registry
from zoo.spec import replaced
from zoo_boolean.function import rows

TABLES = {"and": "0001", "or": "0111", "not": "10", "xor": "0110"}


def bits(text: str) -> np.ndarray:
    return np.array([digit == "1" for digit in text])


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


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"table": "011"}, r"3 are given, and 2 or 4 would do"),
        ({"table": "1"}, r"at least 2; 1 is given"),
        ({"table": "0121"}, r"'2' is value 3"),
        ({"table": "0" * (1 << 17)}, r"17 variables; at most 16"),
        ({"expr": " | ".join(f"v{number}" for number in range(17))}, r"17 variables; at most 16"),
        ({"expr": "a", "table": "01"}, r"not both: expr is 'a'"),
        ({"expr": "a & x", "variables": "a,b"}, r"no variable called 'x'; there are a, b\."),
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


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_worst_normal_form_of_sixteen_variables_is_exported_and_right(tmp_path):
    """A unit for each of the 32,768 terms, asked about 65,536 rows again and again: some minutes and 3 GB."""
    table = "".join(str(row) for row in rows(16).sum(1) % 2)
    (artifact,) = api.export("boolean.dnf", config={"table": table}, name="parity16", output=tmp_path)
    assert artifact.certificate.passed
    assert artifact.certificate.audit.examples == 65_536
    assert not artifact.certificate.changed
    assert artifact.manifest["metrics"] == {"accuracy": 1.0}


@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Zoo:
    """The command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Zoo(monkeypatch, capfd)


def test_the_command_line_from_an_expression_to_an_answer(zoo):
    made = zoo("run", "boolean.dnf", "--set", "table=10010110")
    assert made.code == 0, made.err
    for given in (["101"], ["1", "0", "1"], ["a=1,b=0,c=1"], ["c=1", "b=0", "a=1"], ["1,0,1"]):
        answered = zoo("predict", "boolean.dnf", *given, "-q")
        assert (answered.out, answered.code) == ("1\n", 0), answered.err
    table = zoo("predict", "boolean.dnf", "000", "001")
    assert [line.split() for line in table.out.splitlines()] == [["a", "b", "c", "output"], [*"0001"], [*"0010"]]
    answers = msgspec.json.decode(zoo("predict", "boolean.dnf", "001", "--json").out)["answers"]
    assert answers == [{"inputs": {"a": False, "b": False, "c": True}, "output": False}]
    for given, error in (
        (["10"], "should be 3 values"),
        (["1", "2", "1"], "should be 3 values"),
        (["a=1,d=1"], "called 'd'"),
        (["a=1,a=1,b=1,c=1"], "a twice"),
        (["a=1,b=0"], "also needs c"),
        (["a=1,b=0,c=maybe"], "'maybe'"),
    ):
        refused = zoo("predict", "boolean.dnf", *given)
        assert refused.code == 2
        assert error in refused.err


def test_the_place_of_a_mistake_is_marked(zoo):
    refused = zoo("export", "boolean.dnf", "--set", "expr=(a & b | c")
    assert refused.code == 2
    sentence, shown, caret = refused.err.splitlines()
    assert sentence.startswith("error: The expression cannot be read: at position 11 it ends where")
    assert shown[: caret.index("^")] == "  (a & b | c"
