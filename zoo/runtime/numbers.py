"""How many numbers a model file holds, read without onnx."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from pathlib import Path

from zoo.runtime.wire import fields, varint

GRAPH, INITIALIZER, DIMS, DATA_TYPE = 7, 5, 1, 2
"""Fields of ModelProto, GraphProto and TensorProto."""
WEIGHTS = (1, 3, 10, 11, 16)
"""TensorProto.DataType: float, int8, in which weights may be stored, float16, double, bfloat16."""


def numbers_of(model: bytes, *, where: Path) -> int:
    """Numbers in the initializers of the main graph, floating-point or int8: the weights, and the few constants beside them.

    Raises:
        IntegrityError: the file is none of ONNX.
    """
    count = 0
    for graph in _nested(model, GRAPH, where):
        for tensor in _nested(graph, INITIALIZER, where):
            dims: list[int] = []
            kind = 0
            for number, start in fields(tensor, where=where):
                _, at = varint(tensor, start, where)
                if number == DATA_TYPE:
                    kind, _ = varint(tensor, at, where)
                elif number == DIMS:
                    dims += _dims(tensor, start, at, where)
            count += prod(dims) if kind in WEIGHTS else 0
    return count


def _nested(message: bytes, wanted: int, where: Path) -> Iterator[bytes]:
    """The content of each field `wanted`, itself a message."""
    for number, start in fields(message, where=where):
        if number == wanted:
            _, at = varint(message, start, where)
            size, at = varint(message, at, where)
            yield message[at : at + size]


def _dims(tensor: bytes, start: int, at: int, where: Path) -> Iterator[int]:
    """One size, or several packed."""
    if tensor[start] & 7 == 0:
        yield varint(tensor, at, where)[0]
        return
    size, at = varint(tensor, at, where)
    end = at + size
    while at < end:
        value, at = varint(tensor, at, where)
        yield value
