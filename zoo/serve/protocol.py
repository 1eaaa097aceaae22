"""The body of a request → what a model is asked; its answers → the body of a response.

The Open Inference Protocol's JSON, and the binary tensor data extension: after a JSON header of `Inference-Header-Content-Length`
bytes come the bytes of the tensors that have a `binary_data_size`, in the order of the header.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Annotated, Any

import msgspec
import numpy as np

from zoo.errors import UnknownName, UsageError
from zoo.runtime.manifest import Tensor
from zoo.serve.errors import TooLarge
from zoo.serve.limits import Limits
from zoo.serve.tensors import DATATYPES, from_binary, from_json, to_binary

HEADER_LENGTH = "inference-header-content-length"
VERSION = "1"
"""Of every model: an artifact that changes is another artifact."""
# Bounded, for names are compared with others, and told in errors.
Name = Annotated[str, msgspec.Meta(max_length=200)]
Shape = Annotated[list[Annotated[int, msgspec.Meta(ge=0)]], msgspec.Meta(max_length=32)]


class _Parameters(msgspec.Struct, frozen=True):
    """Of a request or a tensor. Others are hints and pass; no object is made of them."""

    binary_data_size: int | None = None
    binary_data: bool | None = None
    binary_data_output: bool = False
    # Triton's, which would change what is read or answered.
    classification: msgspec.Raw = msgspec.Raw()
    shared_memory_region: msgspec.Raw = msgspec.Raw()


class _Input(msgspec.Struct):
    name: Name
    shape: Shape
    datatype: Name
    data: msgspec.Raw = msgspec.Raw()
    parameters: _Parameters = _Parameters()


class _Output(msgspec.Struct):
    name: Name
    parameters: _Parameters = _Parameters()


class _Request(msgspec.Struct):
    inputs: list[_Input]
    id: Name | None = None
    parameters: _Parameters = _Parameters()
    outputs: list[_Output] = []


_DECODER = msgspec.json.Decoder(_Request)


@dataclass(frozen=True)
class Question:
    """What a request asks.

    Args:
        id: by which the client knows its answer, if it gave one.
        arrays: input name → array, which may yet not fit the model.
        outputs: names of the outputs that are wanted, and whether each is wanted in binary.
    """

    id: str | None
    arrays: dict[str, np.ndarray]
    outputs: dict[str, bool]


def parse(body: memoryview, header: str | None, inputs: Sequence[Tensor], outputs: Sequence[Tensor], limits: Limits) -> Question:
    """Read a request.

    Args:
        body: the whole of it.
        header: the value of `Inference-Header-Content-Length`, if it was sent.
        inputs: of the model that is asked.
        outputs: of the model.
        limits: of the server.

    Raises:
        UsageError: it is malformed, or does not fit the model; the message says where.
        TooLarge: it holds more than the limits allow.
    """
    length = _header_length(header, len(body))
    text = bytes(body[:length])
    if text.count(b",") >= limits.values:
        raise TooLarge(f"The JSON of a request may hold {limits.values:,} values; send more as binary tensors.")
    try:
        request = _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"The request is no inference request in JSON: {error}.") from None
    known = {tensor.name: tensor for tensor in inputs}
    arrays: dict[str, np.ndarray] = {}
    rest = body[length:]
    for given in request.inputs:
        if given.name in arrays:
            raise UsageError(f"The input {given.name!r} is given twice.")
        if given.name not in known:
            raise UnknownName("input called", given.name, known)
        size = _binary_size(given, len(rest))
        arrays[given.name] = _array(given, known[given.name], None if size is None else rest[:size], limits)
        rest = rest[size or 0 :]
    if rest:
        raise UsageError(f"The request has {len(rest):,} bytes more than its inputs' binary data.")
    wanted = _wanted(request, [tensor.name for tensor in outputs])
    _check_answer(arrays, outputs, wanted, limits)
    return Question(request.id, arrays, wanted)


def _header_length(header: str | None, size: int) -> int:
    if header is None:
        return size
    if not (header.isascii() and header.isdigit() and len(header) < 20 and int(header) <= size):
        raise UsageError(f"Inference-Header-Content-Length is {header[:40]!r}; it should be at most the body's {size:,} bytes.")
    return int(header)


def _binary_size(given: _Input, left: int) -> int | None:
    """Bytes of this input behind the header; `None` where its data are JSON."""
    _refuse_changes(given)
    size = given.parameters.binary_data_size
    has_data = _is_there(given.data)
    if size is None:
        if not has_data:
            raise UsageError(f"The input {given.name!r} has neither data nor a binary_data_size.")
        return None
    if has_data:
        raise UsageError(f"The input {given.name!r} has data and a binary_data_size; one of them should be there.")
    if not 0 <= size <= left:
        raise UsageError(f"The binary_data_size of {given.name!r} is {size}; it should be at most the {left:,} bytes left.")
    return size


def _array(given: _Input, tensor: Tensor, data: memoryview | None, limits: Limits) -> np.ndarray:
    expected = DATATYPES[tensor.dtype]
    if given.datatype != expected:
        raise UsageError(f"The input {given.name} takes {expected}, not {given.datatype!r}: {tensor.meaning}.")
    if len(given.shape) != len(tensor.shape) or any(
        isinstance(axis, int) and axis != size for axis, size in zip(tensor.shape, given.shape, strict=True)
    ):
        wanted = ", ".join(str(axis if isinstance(axis, int) else -1) for axis in tensor.shape)
        raise UsageError(f"The input {given.name} takes shape [{wanted}], not {given.shape}.")
    if given.shape and given.shape[0] > limits.examples:
        raise TooLarge(f"A request may ask about {limits.examples:,} examples, not {given.shape[0]:,}.")
    if data is None:
        array = from_json(given.name, given.data, expected, given.shape)
    else:
        array = from_binary(given.name, data, expected, given.shape)
    if tensor.dtype == "string" and (longest := max(map(len, array.flat), default=0)) > limits.letters:
        raise TooLarge(f"A text may have {limits.letters:,} letters, not {longest:,}.")
    return array


def _wanted(request: _Request, names: list[str]) -> dict[str, bool]:
    """Output → whether in binary; all of them where none is named."""
    default = request.parameters.binary_data_output
    if not request.outputs:
        return dict.fromkeys(names, default)
    wanted: dict[str, bool] = {}
    for output in request.outputs:
        if output.name not in names:
            raise UnknownName("output called", output.name, names)
        _refuse_changes(output)
        binary = output.parameters.binary_data
        wanted[output.name] = default if binary is None else binary
    return wanted


def _check_answer(arrays: Mapping[str, np.ndarray], outputs: Sequence[Tensor], wanted: Mapping[str, bool], limits: Limits) -> None:
    """Refuse a question whose answer would be too large, as far as the signature tells."""
    count = max((len(array) for array in arrays.values() if array.ndim), default=1)
    sizes = {tensor.name: count * prod(axis for axis in tensor.shape if isinstance(axis, int)) for tensor in outputs}
    for form, most in ((False, limits.values), (True, limits.body // 4)):
        if (size := sum(sizes[name] for name, binary in wanted.items() if binary is form)) > most:
            advice = "ask about less at once" if form else "ask for binary tensors, or about less at once"
            raise TooLarge(f"The answer would have {size:,} values, and may have {most:,}; {advice}.")


def _is_there(value: msgspec.Raw) -> bool:
    return memoryview(value).nbytes > 0


def _refuse_changes(tensor: _Input | _Output) -> None:
    for name in ("classification", "shared_memory_region"):
        if _is_there(getattr(tensor.parameters, name)):
            raise UsageError(f"The parameter {name} of {tensor.name!r} is not supported by this server.")


def response(
    model: str, question: Question, answers: Mapping[str, np.ndarray], outputs: Sequence[Tensor]
) -> tuple[bytes, dict[str, str]]:
    """The body that answers, and its headers. Not a number and infinity, which JSON has not, are `null` there."""
    datatypes = {tensor.name: DATATYPES[tensor.dtype] for tensor in outputs}
    told, parts = [], []
    for name, binary in question.outputs.items():
        array = answers[name]
        tensor: dict[str, Any] = {"name": name, "datatype": datatypes[name], "shape": array.shape}
        if binary:
            parts.append(to_binary(array, datatypes[name]))
            tensor["parameters"] = {"binary_data_size": len(parts[-1])}
        else:
            tensor["data"] = array.ravel().tolist()
        told.append(tensor)
    identified = {} if question.id is None else {"id": question.id}
    header = msgspec.json.encode({"model_name": model, "model_version": VERSION, **identified, "outputs": told})
    if not parts:
        return header, {"content-type": "application/json"}
    return b"".join([header, *parts]), {"content-type": "application/octet-stream", HEADER_LENGTH: str(len(header))}
