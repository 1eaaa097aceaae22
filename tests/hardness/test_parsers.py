"""Parsers on whatever hypothesis thinks of: the value that was written, or an `IntegrityError` in one line."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoo.errors import IntegrityError
from zoo.files import LEFTOVER
from zoo.runtime.manifest import parse
from zoo.runtime.wire import check_seal, fields, refuse_functions, seal
from zoo.training.checkpoint import load_tensors, save_tensors
from zoo.training.record import RunData, RunState, parse_line, read_state, write_state

WHERE = Path("x.onnx")
QUICK = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def refused(error: IntegrityError) -> None:
    assert "\n" not in str(error)
    assert len(str(error)) < 1000


# --- The outermost fields of a graph, and its seal ------------------------------------------------------------------------


@given(st.binary(max_size=400))
def test_a_seal_is_of_its_content_alone(content):
    whole = seal(content)
    check_seal(whole, where=WHERE)
    for place in (0, len(content) // 2, len(whole) - 1):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        with pytest.raises(IntegrityError) as caught:
            check_seal(bytes(damaged), where=WHERE)
        refused(caught.value)
    with pytest.raises(IntegrityError):
        check_seal(whole[:-1], where=WHERE)
    with pytest.raises(IntegrityError):
        check_seal(whole + b"\0", where=WHERE)
    check_seal(content[:40], where=WHERE, must=False)


@given(st.binary(max_size=400))
def test_fields_of_any_bytes_end(content):
    try:
        found = list(fields(content, where=WHERE))
    except IntegrityError as error:
        refused(error)
    else:
        assert [start for _, start in found] == sorted({start for _, start in found})
        assert not content or found[0][1] == 0


@given(st.lists(st.tuples(st.integers(1, 30), st.binary(max_size=200)), max_size=8))
def test_fields_are_those_that_protobuf_reads(parts):
    """As onnx's own parser sees them, which skips what it does not know."""
    message = b"".join(_field(number, content) for number, content in parts)
    assert [number for number, _ in fields(message, where=WHERE)] == [number for number, _ in parts]
    if any(number == 25 for number, _ in parts):
        with pytest.raises(IntegrityError, match="functions of its own"):
            refuse_functions(message, where=WHERE)
    else:
        refuse_functions(message, where=WHERE)


def _field(number: int, content: bytes) -> bytes:
    out = bytearray()
    for value in (number << 3 | 2, len(content)):
        rest = value
        while rest > 127:
            out.append(rest & 127 | 128)
            rest >>= 7
        out.append(rest)
    return bytes(out) + content


# --- A manifest -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", ["path", "weights_sha256", "seconds", "device", "precision", None])
def test_a_run_that_was_changed_in_a_manifest_is_refused(field, subjects, tmp_path):
    """Nothing else of the artifact repeats it."""
    (artifact,) = (subjects / "exported").iterdir()
    value = json.loads((artifact / "zoo.json").read_text())
    assert parse(json.dumps(value), where="zoo.json").run is not None
    run = value["run"]
    other = {"seconds": run["seconds"] + 1, "weights_sha256": "0" * 64}
    value["run"] = {**run, field: other.get(field, "other")} if field else None
    with pytest.raises(IntegrityError, match="its run does not have the hash") as caught:
        parse(json.dumps(value), where="zoo.json")
    refused(caught.value)
    value.pop("run_sha256")
    parse(json.dumps(value), where="zoo.json")  # without a hash, as older ones are


# --- A run's files --------------------------------------------------------------------------------------------------------

STATE = RunState(
    id="a.b",
    base="a.b",
    owner="x 1",
    status="finished",
    created="now",
    config={"sizes": (1, 2), "rate": 1},
    classes=("0", "ö"),
    picture=None,
    data=RunData(id="d", sha256="0" * 64, origin="made up", licence="CC0-1.0"),
    device="cpu",
    precision="fp32",
    seconds=3,  # where a float is meant
    metrics={"accuracy": 1, "loss": 0.1 + 0.2},
)


@QUICK
@given(JSON, st.text(max_size=20), st.floats(0, 1e300))
def test_a_state_is_read_as_it_was_written(tmp_path, value, text, number):
    state = msgspec.structs.replace(STATE, config={"x": value}, error=text, metrics={text: number}, seconds=number)
    file = tmp_path / "run.json"
    write_state(file, state)
    first = read_state(file)
    assert (first.config["x"], first.error, first.metrics, first.seconds) == (value, text, {text: number}, number)
    write_state(file, first)
    assert read_state(file) == first


def test_a_state_of_another_version_of_zoo_is_read(tmp_path):
    """A field that this version does not write, or that an older one did not: the hash is of what is there."""
    file = tmp_path / "run.json"
    write_state(file, STATE)
    value = json.loads(file.read_text())
    value.pop("sha256")
    value.pop("processes")
    file.write_text(json.dumps(value))
    assert read_state(file).processes == 1  # without a hash, as older ones are


@QUICK
@given(st.data())
def test_a_changed_state_is_refused(tmp_path, data):
    file = tmp_path / "run.json"
    write_state(file, STATE)
    value = json.loads(file.read_text())
    key = data.draw(st.sampled_from(sorted(value)))
    other = data.draw(JSON.filter(lambda new: new != value[key] or type(new) is not type(value[key])))
    file.write_text(json.dumps(value | {key: other}))
    if key == "sha256" and other is None:
        return  # as if it had none
    with pytest.raises(IntegrityError) as caught:
        read_state(file)
    refused(caught.value)


@QUICK
@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_no_state_in_any_bytes(tmp_path, content):
    file = tmp_path / "run.json"
    file.write_bytes(content)
    with pytest.raises(IntegrityError) as caught:
        read_state(file)
    refused(caught.value)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_line_of_the_log_is_one_or_is_none(raw):
    line = parse_line(raw)
    assert line is None or (line["kind"] in ("step", "epoch") and line["step"] >= 0)


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.floats(-1e9, 1e9))
def test_a_true_line_of_the_log(step, examples, loss):
    line = {"kind": "step", "step": step, "epoch": 1, "examples": examples, "loss": loss}
    assert parse_line(msgspec.json.encode(line)) == line


# --- Tensors --------------------------------------------------------------------------------------------------------------

DTYPES = (torch.float32, torch.float64, torch.bfloat16, torch.int64, torch.uint8, torch.bool)


@st.composite
def tensors(draw):
    """Named tensors of several dtypes and shapes, empty ones and scalars among them."""
    names = draw(st.lists(st.text(min_size=1, max_size=12).filter(lambda name: name != "__metadata__"), unique=True, max_size=4))
    found = {}
    for name in names:
        shape = draw(st.lists(st.integers(0, 3), max_size=3))
        found[name] = torch.zeros(shape).random_(0, 2).to(draw(st.sampled_from(DTYPES)))
    return found


@QUICK
@given(tensors(), st.dictionaries(st.text(), JSON, max_size=3))
def test_tensors_are_loaded_as_they_were_saved(tmp_path, held, facts):
    file = tmp_path / "x.safetensors"
    digest = save_tensors(file, held, facts)
    found, said, named = load_tensors(file)
    assert (said, named) == (facts, digest)
    assert found.keys() == held.keys()
    assert all(found[name].dtype == held[name].dtype and torch.equal(found[name], held[name]) for name in held)


@QUICK
@given(st.binary(max_size=300))
def test_no_tensors_in_any_bytes(tmp_path, content):
    file = tmp_path / "x.safetensors"
    file.write_bytes(content)
    with pytest.raises(IntegrityError) as caught:
        load_tensors(file)
    refused(caught.value)


# --- Names ----------------------------------------------------------------------------------------------------------------


@given(st.text(min_size=1, max_size=20).filter(lambda name: "/" not in name))
def test_a_hidden_name_gives_back_the_name(name):
    for kind in ("part", "old"):
        found = LEFTOVER.fullmatch(f".{name}.0123abcd.{kind}")
        assert found is not None
        assert (found["name"], found["kind"]) == (name, kind)
