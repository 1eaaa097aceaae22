"""One tensor of the protocol ↔ one array, in JSON and in binary: nothing is cast, and room is made for what is there alone."""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Annotated, Any

import msgspec
import numpy as np

from zoo.errors import UsageError

DATATYPES = {"uint8": "UINT8", "int64": "INT64", "float32": "FP32", "bool": "BOOL", "string": "BYTES"}
"""The contract's dtypes in the protocol's words."""
_NUMPY: dict[str, np.dtype[Any]] = {
    "UINT8": np.dtype("u1"),
    "INT64": np.dtype("<i8"),
    "FP32": np.dtype("<f4"),
    "BOOL": np.dtype("u1"),
}
_ITEMS: dict[str, Any] = {
    "UINT8": Annotated[int, msgspec.Meta(ge=0, le=255)],
    "INT64": Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)],
    "FP32": float,
    "BOOL": bool,
    "BYTES": str,
}
_NESTED = re.compile(rb"\s*\[\s*\[")
_LENGTH = struct.Struct("<I")


def from_json(name: str, data: msgspec.Raw, datatype: str, shape: Sequence[int]) -> np.ndarray:
    """An array from the protocol's `data`, flat or nested as `shape` is.

    Raises:
        UsageError: a value is not of the datatype, or there are more or fewer than the shape has.
    """
    depth = len(shape) if _NESTED.match(data) else 1
    try:
        values = _decoder(datatype, depth).decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:  # UTF-8, too, is looked at here only
        raise UsageError(f"The data of {name} are not {datatype}: {error}.") from None
    try:
        with np.errstate(over="ignore"):
            array = np.array(values, dtype=object if datatype == "BYTES" else _NUMPY[datatype])
    except ValueError:
        raise UsageError(f"The data of {name} are lists of different lengths.") from None
    if datatype == "FP32" and not np.isfinite(array).all():
        raise UsageError(f"The data of {name} are not FP32: a number is beyond its range.")
    return _shaped(name, array, datatype, shape)


@cache
def _decoder(datatype: str, depth: int) -> msgspec.json.Decoder[Any]:
    kind = _ITEMS[datatype]
    for _ in range(depth):
        kind = list.__class_getitem__(kind)  # what `list[kind]` is, where a type is a value
    return msgspec.json.Decoder(kind)


def from_binary(name: str, data: memoryview, datatype: str, shape: Sequence[int]) -> np.ndarray:
    """An array from the little-endian bytes of the binary extension; numbers are a view of `data`.

    Raises:
        UsageError: the bytes are not those of so many values.
    """
    if datatype == "BYTES":
        return _shaped(name, np.array(_texts(name, data, prod(shape)), dtype=object), datatype, shape)
    dtype = _NUMPY[datatype]
    if len(data) != prod(shape) * dtype.itemsize:
        wanted = f"{prod(shape) * dtype.itemsize:,} bytes of {datatype} {list(shape)}"
        raise UsageError(f"{name} has {len(data):,} bytes of binary data, not the {wanted}.")
    return _shaped(name, np.frombuffer(data, dtype), datatype, shape)


def _texts(name: str, data: memoryview, count: int) -> list[str]:
    """`count` texts, each after its length in four bytes."""
    if count * _LENGTH.size > len(data):
        raise UsageError(f"{name} has {len(data):,} bytes of binary data, too few for {count:,} texts.")
    texts, at = [], 0
    for _ in range(count):
        if at + _LENGTH.size > len(data):
            raise UsageError(f"The binary data of {name} end within a text.")
        end = at + _LENGTH.size + _LENGTH.unpack_from(data, at)[0]
        if end > len(data):
            raise UsageError(f"The binary data of {name} end within a text.")
        try:
            texts.append(str(data[at + _LENGTH.size : end], "utf-8"))
        except UnicodeDecodeError as error:
            raise UsageError(f"A text of {name} is no UTF-8: {error.reason} at byte {error.start}.") from None
        at = end
    if at != len(data):
        raise UsageError(f"{name} has {len(data) - at:,} bytes of binary data after its {count:,} texts.")
    return texts


def _shaped(name: str, array: np.ndarray, datatype: str, shape: Sequence[int]) -> np.ndarray:
    if array.size != prod(shape):
        raise UsageError(f"{name} has {array.size:,} values, not the {prod(shape):,} of shape {list(shape)}.")
    if datatype == "BOOL":
        if array.size and array.max() > 1:
            raise UsageError(f"The data of {name} are not BOOL: a byte is neither 0 nor 1.")
        array = array.view(np.bool_)
    try:
        return array.reshape(shape)  # [*shape]
    except (ValueError, OverflowError):  # no values, and an axis that no array can have
        raise UsageError(f"{name} has the shape {list(shape)}, which is larger than any array.") from None


def to_binary(array: np.ndarray, datatype: str) -> bytes:
    """The bytes of an answer."""
    if datatype == "BYTES":
        encoded = [text.encode() for text in array.ravel().tolist()]
        return b"".join(part for text in encoded for part in (_LENGTH.pack(len(text)), text))
    return array.astype(_NUMPY[datatype], copy=False).tobytes()
