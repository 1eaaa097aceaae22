"""Seeded damage to any bytes and to any JSON: what a bad disk, a cut copy and an ill-meaning person do."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

BytesKind = Callable[[Random, bytes], bytes]


def _run(rng: Random, content: bytes, most: int = 4096) -> tuple[int, int]:
    """The ends of a stretch, short ones as likely as long ones."""
    start = rng.randrange(len(content) or 1)
    return start, min(len(content), start + 1 + rng.randrange(2 ** rng.randint(0, most.bit_length() - 1)))


def flip_bits(rng: Random, content: bytes, count: int = 1) -> bytes:
    """Turn `count` bits over."""
    changed = bytearray(content)
    for _ in range(count if changed else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _replaced(rng: Random, content: bytes, fill: Callable[[int], bytes]) -> bytes:
    start, end = _run(rng, content)
    return content[:start] + fill(end - start) + content[end:]


def _moved(rng: Random, content: bytes) -> bytes:
    start, end = _run(rng, content)
    place = rng.randrange(len(content) or 1)
    rest = content[:start] + content[end:]
    return rest[:place] + content[start:end] + rest[place:]


def _inserted(rng: Random, content: bytes) -> bytes:
    place = rng.randrange(len(content) + 1)
    return content[:place] + rng.randbytes(rng.choice([1, 2, 7, 8, 64, 4096])) + content[place:]


def _repeated(rng: Random, content: bytes) -> bytes:
    start, end = _run(rng, content)
    return content[:end] + content[start:end] + content[end:]


BYTES: dict[str, BytesKind] = {
    "one bit": flip_bits,
    "many bits": lambda rng, content: flip_bits(rng, content, rng.randint(2, 200)),
    "zeros": lambda rng, content: _replaced(rng, content, bytes),
    "ones": lambda rng, content: _replaced(rng, content, lambda size: b"\xff" * size),
    "noise": lambda rng, content: _replaced(rng, content, rng.randbytes),
    "cut short": lambda rng, content: content[: rng.randrange(len(content) or 1)],
    "tail lost": lambda rng, content: content[: -rng.choice([1, 2, 4, 8, 4096])],
    "head lost": lambda rng, content: content[rng.choice([1, 2, 4, 8, 4096]) :],
    "inserted": _inserted,
    "removed": lambda rng, content: _replaced(rng, content, lambda _: b""),
    "repeated": _repeated,
    "moved": _moved,
    "appended": lambda rng, content: content + rng.randbytes(rng.choice([1, 8, 4096])),
    "twice": lambda _, content: content + content,
    "empty": lambda _rng, _content: b"",
    "other": lambda rng, _content: rng.randbytes(rng.choice([1, 8, 100, 4096])),
}

DEEP = 100_000
VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1,
    2,
    0.5,
    -0.0,
    1e-320,
    1e300,
    2**31,
    2**32,
    2**53 + 1,
    2**63 - 1,
    2**63,
    2**64,
    10**30,
    "",
    "x",
    "NaN",
    "9" * 50,
    "../../../../etc/passwd",
    "/dev/zero",
    "CON",
    "\x00",
    "\x1b[2J",
    "a\nb",
    "ö\u202e",
    "\U0001f600",
    "x" * 100_000,
    [],
    [[]],
    [None],
    [0] * 10_000,
    {},
    {"": None},
    {"x": {"y": [1, {"z": 2}]}},
)
TEXTS: tuple[str, ...] = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e999",
    "-1e999",
    "9" * 5000,
    "-" + "9" * 400,
    "1." + "0" * 5000,
    "01",
    "0x10",
    '"\\ud800"',
    '"\\udc00\\ud800"',
    "[" * DEEP,
    "[" * DEEP + "]" * DEEP,
    '{"a":' * DEEP + "1" + "}" * DEEP,
    "[" * 900 + "]" * 900,
    '"\\u0000"',
    "'x'",
    "nul",
    "",
)
"""What `json.dumps` does not write, put in the place of a value."""
_PLACE = "\ue000place\ue000"


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values inside a JSON value, containers included, the whole excluded."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, item in inner for found in [(*path, key), *places(item, (*path, key))]]


def at(value: Any, path: tuple[Any, ...]) -> Any:
    """The value at a path."""
    for key in path:
        value = value[key]
    return value


def edit_json(rng: Random, value: Any) -> tuple[str, str]:
    """One edit of a JSON value; the kind of edit, and the text that comes of it."""
    value = json.loads(json.dumps(value))
    path = rng.choice(places(value))
    home, key = at(value, path[:-1]), path[-1]
    kind = rng.choice(["another value", "another text", "removed", "added", "renamed", "key twice", "nudged", "swapped", "grown"])
    if kind == "another value":
        home[key] = rng.choice(VALUES)
    elif kind == "another text":
        home[key] = _PLACE
        return kind, json.dumps(value).replace(json.dumps(_PLACE), rng.choice(TEXTS))
    elif kind == "removed":
        del home[key]
    elif kind == "added" and isinstance(home, dict):
        home[rng.choice(["x", "", "__class__", "../x", str(key) + "2"])] = rng.choice(VALUES)
    elif kind == "renamed" and isinstance(home, dict):
        home[rng.choice(["x", "", str(key).upper(), "../x"])] = home.pop(key)
    elif kind == "key twice" and isinstance(home, dict):
        home[_PLACE] = rng.choice([home[key], *VALUES])
        return kind, json.dumps(value).replace(json.dumps(_PLACE), json.dumps(key))
    elif kind == "swapped":
        other = rng.choice(places(value))
        there, name = at(value, other[:-1]), other[-1]
        if other[: len(path)] != path and path[: len(other)] != other:
            home[key], there[name] = there[name], home[key]
    elif kind == "grown" and isinstance(home[key], list):
        home[key] = home[key] * rng.choice([2, 1000]) or [0]
    else:
        home[key] = _nudged(rng, home[key])
    return kind, json.dumps(value)


def _nudged(rng: Random, value: Any) -> Any:
    """A value of the same type, a little other."""
    match value:
        case bool():
            return not value
        case int():
            return value + rng.choice([-1, 1, 7])
        case float():
            return rng.choice([-value, value * 1.5, value + 1])
        case str():
            return value[:-1] if value and rng.random() < 0.5 else value + rng.choice("0az./ \n")
        case None:
            return 0
    return rng.choice(VALUES)
