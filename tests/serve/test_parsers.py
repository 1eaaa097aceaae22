"""Bodies of requests, whatever hypothesis thinks of: arrays, or an error of the client's in one sentence."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zoo.errors import UsageError
from zoo.runtime.manifest import Tensor
from zoo.serve.errors import TooLarge, status_of
from zoo.serve.limits import Limits
from zoo.serve.protocol import parse
from zoo.serve.tensors import DATATYPES, from_binary, from_json, to_binary

LITTLE = Limits(examples=100, letters=50, values=1000)
QUICK = settings(max_examples=80)
IMAGE = Tensor(name="image", dtype="uint8", shape=("batch", 2, 2), meaning="")
TEXT = Tensor(name="text", dtype="string", shape=("batch",), meaning="")
LABEL = Tensor(name="label", dtype="string", shape=("batch",), meaning="")
DTYPE = {"UINT8": np.uint8, "INT64": np.int64, "FP32": np.float32, "BOOL": np.bool_, "BYTES": object}
ITEMS = {
    "UINT8": st.integers(0, 255),
    "INT64": st.integers(-(2**63), 2**63 - 1),
    "FP32": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "BOOL": st.booleans(),
    "BYTES": st.text(),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(["name", "shape"]), inner, max_size=4),
    max_leaves=12,
)
PARTS = st.fixed_dictionaries(
    {"name": st.sampled_from(["image", "text"]) | st.text(), "shape": st.lists(st.integers(-1, 2**70), max_size=4)},
    optional={
        "datatype": st.sampled_from(sorted(DTYPE)) | JSON,
        "data": st.lists(st.integers(0, 255), min_size=4, max_size=4) | JSON,
        "parameters": st.fixed_dictionaries({"binary_data_size": st.integers(-1, 9) | JSON}) | JSON,
    },
)
REQUESTS = st.fixed_dictionaries(
    {"inputs": st.lists(PARTS, max_size=3)}, optional={"outputs": JSON, "id": JSON, "parameters": JSON}
)


def parsed(body: bytes, header: str | None = None):
    """The question, or the error that the client is told."""
    try:
        return parse(memoryview(body), header, [IMAGE, TEXT], [LABEL], LITTLE)
    except UsageError as error:
        return error


def is_told(found) -> bool:
    return isinstance(found, UsageError) and 400 <= status_of(found) < 500 and "\n" not in str(found)


@QUICK
@given(body=st.binary(), header=st.none() | st.integers(0, 99).map(str) | st.text(max_size=5))
def test_any_bytes(body, header):
    assert is_told(parsed(body, header))


@QUICK
@given(value=JSON | REQUESTS, tail=st.binary(max_size=20), declared=st.booleans())
def test_any_json(value, tail, declared):
    text = json.dumps(value).encode()
    question = parsed(text + tail, str(len(text)) if declared else None)
    if not is_told(question):
        for name, array in question.arrays.items():
            assert array.dtype == (np.uint8 if name == "image" else object)
            assert array.shape[1:] == ((2, 2) if name == "image" else ())


@QUICK
@given(data=st.data(), datatype=st.sampled_from(sorted(DTYPE)), shape=st.lists(st.integers(0, 3), min_size=1, max_size=3))
def test_what_was_written_is_read(data, datatype, shape):
    size = int(np.prod(shape))
    values = data.draw(st.lists(ITEMS[datatype], min_size=size, max_size=size))
    array = np.array(values, DTYPE[datatype]).reshape(shape)
    content = to_binary(array, datatype)
    flat, nested = (json.dumps(form.tolist()).encode() for form in (array.ravel(), array))
    for found in (
        from_binary("x", memoryview(content), datatype, shape),
        from_json("x", flat, datatype, shape),
        from_json("x", nested, datatype, shape),
    ):
        assert found.dtype == array.dtype
        np.testing.assert_array_equal(found, array)
    for other in (content[:-1], content + b"\0"):
        if other != content:
            with pytest.raises(UsageError):
                from_binary("x", memoryview(other), datatype, shape)


@pytest.mark.parametrize(
    ("datatype", "values"),
    [
        *[("UINT8", values) for values in ("[256]", "[-1]", "[1.0]", "[true]", "[[1]]", "1", "[1, 2]", "[]")],
        *[("FP32", values) for values in ("[1e39]", "[NaN]", '["1"]')],
        *[("BYTES", values) for values in ("[1]", '["\\ud800"]')],
        ("INT64", "[9223372036854775808]"),
        ("BOOL", "[1]"),
    ],
)
def test_nothing_is_cast(datatype, values):
    body = {"inputs": [{"name": "x", "shape": [1], "datatype": datatype, "data": None}]}
    tensor = Tensor(name="x", dtype={v: k for k, v in DATATYPES.items()}[datatype], shape=("batch",), meaning="")
    text = json.dumps(body).replace("null", values).encode()
    with pytest.raises(UsageError, match=r"data of x|x has|no inference request"):
        parse(memoryview(text), None, [tensor], [LABEL], Limits())


@pytest.mark.parametrize("text", [b'"\xbd"', b'"a', b"[" * 10_000, b"[1", b'"\\x"'])
def test_data_that_are_no_json(text):
    body = b'{"inputs": [{"name": "text", "shape": [1], "datatype": "BYTES", "data": [' + text + b"]}]}"
    assert is_told(parsed(body))


def test_a_byte_that_is_no_truth_value_is_refused():
    with pytest.raises(UsageError, match="neither 0 nor 1"):
        from_binary("x", memoryview(b"\x00\x02"), "BOOL", [2])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"name": "text", "shape": [101], "datatype": "BYTES", "data": ["x"] * 101}, "100 examples, not 101"),
        ({"name": "text", "shape": [2**60], "datatype": "BYTES", "data": []}, "100 examples"),
        ({"name": "text", "shape": [1], "datatype": "BYTES", "data": ["x" * 51]}, "50 letters, not 51"),
        ({"name": "text", "shape": [1], "datatype": "BYTES", "data": [0] * 1000}, "1,000 values"),
    ],
)
def test_limits_hold_before_there_is_an_array(value, said):
    with pytest.raises(TooLarge, match=said):
        parse(
            memoryview(json.dumps({"inputs": [value]}).encode()),
            None,
            [TEXT],
            [LABEL],
            LITTLE,
        )


@pytest.mark.parametrize(
    ("binary", "said"), [(False, "would have 1,200 values, and may have 1,000"), (True, "may have 250; ask about less")]
)
def test_an_answer_may_not_be_too_large(binary, said):
    answer = Tensor(name="vector", dtype="float32", shape=("batch", 400), meaning="")
    text = {"name": "text", "shape": [3], "datatype": "BYTES", "data": ["x"] * 3}
    request = {"inputs": [text], "parameters": {"binary_data_output": binary}}
    with pytest.raises(TooLarge, match=said):
        parse(memoryview(json.dumps(request).encode()), None, [TEXT], [answer], replace(LITTLE, body=1000))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "x" * 10**6},
        {"datatype": "x" * 10**6},
        {"shape": [1] * 500},
        {"parameters": {"binary_data_size": "9" * 10**6}, "data": 1},
    ],
)
def test_what_is_told_is_short(change):
    text = {"name": "text", "shape": [1], "datatype": "BYTES", "data": ["x"]} | change
    found = parsed(json.dumps({"inputs": [text]}).encode())
    assert is_told(found)
    assert len(str(found)) < 300


def test_a_length_that_no_text_has_makes_no_room():
    with pytest.raises(UsageError, match="end within a text"):
        from_binary("x", memoryview(struct.pack("<I", 2**32 - 1)), "BYTES", [1])
    with pytest.raises(UsageError, match="too few"):
        from_binary("x", memoryview(b""), "BYTES", [2**62])
