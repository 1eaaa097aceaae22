"""Truth values as people give them: `101`, `1 0 1`, `a=1,b=0,c=1`, `{"a": True, …}`, or arrays of 0 and 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from zoo.errors import DataError, UnknownName, UsageError
from zoo.runtime.manifest import Tensor

VALUES = {"0": False, "1": True, "false": False, "true": True}


def names_of(tensor: Tensor) -> tuple[str, ...]:
    """Names of the input's places: its own, else x1, x2, …"""
    count = int(tensor.shape[1])
    return tensor.names if len(tensor.names) == count else tuple(f"x{number}" for number in range(1, count + 1))


def read(given: Sequence[str], names: Sequence[str]) -> np.ndarray:
    """bool [examples, n].

    Args:
        given: each an example (`101` or `a=1,b=0,c=1`), or all together one (`1 0 1` or `a=1 b=0 c=1`).
        names: of the n places.

    Raises:
        UnknownName: a name is none of `names`.
        UsageError: another form, or another number of values.
    """
    pieces = [[piece for piece in text.replace(",", " ").split() if piece] for text in given]
    if len(pieces) > 1 and len(names) > 1 and all(len(piece) == 1 and (len(piece[0]) == 1 or "=" in piece[0]) for piece in pieces):
        pieces, given = [[piece[0] for piece in pieces]], [" ".join(given)]  # one value each: together they are one example
    return np.array([_example(piece, text, names) for piece, text in zip(pieces, given, strict=True)], bool)


def _example(pieces: Sequence[str], text: str, names: Sequence[str]) -> list[bool]:
    if any("=" in piece for piece in pieces):
        return _named(pieces, text, names)
    if len(pieces) == 1 and len(pieces[0]) > 1 and set(pieces[0]) <= {"0", "1"}:
        pieces = list(pieces[0])
    wanted = f"{len(names)} values 0 or 1, of {', '.join(names)}" if len(names) > 1 else f"0 or 1, the value of {names[0]}"
    if len(pieces) != len(names) or not all(piece.lower() in VALUES for piece in pieces):
        example = ",".join(f"{name}=1" for name in names)
        raise UsageError(f"The input {text!r} should be {wanted}: {'1' * len(names)}, or {example}.")
    return [VALUES[piece.lower()] for piece in pieces]


def _named(pieces: Sequence[str], text: str, names: Sequence[str]) -> list[bool]:
    values: dict[str, bool] = {}
    for piece in pieces:
        name, _, value = piece.partition("=")
        if name not in names:
            raise UnknownName("input called", name, names)
        if name in values:
            raise UsageError(f"The input {text!r} gives {name} twice.")
        if value.lower() not in VALUES:
            raise UsageError(f"The input {text!r} gives {name} the value {value!r}, which should be 0 or 1.")
        values[name] = VALUES[value.lower()]
    if missing := [name for name in names if name not in values]:
        raise UsageError(f"The input {text!r} also needs {', '.join(missing)}.")
    return [values[name] for name in names]


def from_array(array: np.ndarray, count: int, *, name: str) -> np.ndarray:
    """bool [examples, count].

    Args:
        array: [count] or [n, count], of bool or of the numbers 0 and 1.
        count: of values for each example.
        name: of the array, for messages.

    Raises:
        DataError: another shape, no example, or other values.
    """
    if array.shape != (count,) and array.shape[1:] != (count,):
        raise DataError(f"{name} has shape {list(array.shape)}; it should be [{count}] or [n, {count}].")
    if not array.size:
        raise DataError(f"{name} holds no example: its shape is {list(array.shape)}.")
    if array.dtype.kind not in "buif" or not np.isin(array, (0, 1)).all():
        raise DataError(f"{name} holds other values than 0 and 1, or true and false.")
    return array.reshape(-1, count).astype(bool)


def from_names(given: Mapping[str, Any], names: Sequence[str]) -> np.ndarray:
    """bool [1, n] of truth values by name.

    Raises:
        UnknownName, UsageError: as `read`.
    """
    words = {name: int(value) if isinstance(value, bool | np.bool_) else value for name, value in given.items()}
    return read([",".join(f"{name}={value}" for name, value in words.items())], names)
