"""The outermost fields of an ONNX file, read without onnx: what must be refused before onnxruntime sees it, and the seal.

The seal is the last field of a file that zoo writes: a metadata entry with the SHA-256 of all bytes before it. By it a bare file,
which has no manifest beside it, can be told from one that was damaged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from zoo.errors import IntegrityError

METADATA, FUNCTIONS = 14, 25
"""Fields of `ModelProto`."""
SEAL = "zoo.sha256"


def seal(model: bytes) -> bytes:
    """The file with its seal."""
    return model + _seal(model)


def check_seal(model: bytes, *, where: Path, must: bool = True) -> None:
    """Refuse a file that is not as zoo wrote it.

    Args:
        model: the bytes of a bare file.
        where: it lies, for the message.
        must: whether a file without a seal is refused, too.

    Raises:
        IntegrityError: it has another content than when it was sealed, or no seal.
    """
    length = len(_seal(b""))
    end, right = model[-length:], _seal(model[:-length])
    if end != right and (must or SEAL.encode() in end):
        fault = "was changed or damaged: it does not have" if SEAL.encode() in end else "was changed or cut short: it lacks"
        raise IntegrityError(f"{where} {fault} the hash of its content that zoo writes at the end of every file.")


def refuse_functions(model: bytes, *, where: Path) -> None:
    """Refuse a file with functions of its own, which zoo never writes: twenty that call each other make a million nodes of one.

    Raises:
        IntegrityError: it has some, or is no protobuf.
    """
    for number, _ in fields(model, where=where):
        if number == FUNCTIONS:
            raise IntegrityError(f"{where} holds functions of its own, which zoo neither writes nor loads.")


def fields(message: bytes, *, where: Path) -> Iterator[tuple[int, int]]:
    """Number and first byte of each outermost field of a protobuf.

    Raises:
        IntegrityError: it is none.
    """
    at = 0
    while at < len(message):
        start = at
        tag, at = varint(message, at, where)
        kind = tag & 7
        if kind == 0:
            _, at = varint(message, at, where)
        elif kind == 1:
            at += 8
        elif kind == 2:
            size, at = varint(message, at, where)
            at += size
        elif kind == 5:
            at += 4
        else:
            raise _broken(where)
        if at > len(message) or tag >> 3 == 0:
            raise _broken(where)
        yield tag >> 3, start


def varint(message: bytes, at: int, where: Path) -> tuple[int, int]:
    """A number of up to ten bytes, seven bits in each, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            raise _broken(where)
        value |= (message[at] & 127) << shift
        at += 1
        if message[at - 1] < 128:
            return value, at
    raise _broken(where)


def _broken(where: Path) -> IntegrityError:
    return IntegrityError(f"{where} is no model: its outermost fields are not those of an ONNX file, or it was cut short.")


def _seal(model: bytes) -> bytes:
    """The metadata entry for a content: tags and lengths are one byte each, for all is shorter than 128."""
    key, value = SEAL.encode(), hashlib.sha256(model).hexdigest().encode()
    entry = b"\x0a" + bytes([len(key)]) + key + b"\x12" + bytes([len(value)]) + value
    return bytes([METADATA << 3 | 2, len(entry)]) + entry
