"""What an artifact says it is: `zoo.json`, or the `zoo` entry of a graph's metadata, as frozen dataclasses.

This is contract 1. The standard library reads it, so that the runtime needs neither msgspec nor the specs.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, fields
from typing import Any, NoReturn

from zoo.errors import IntegrityError

CONTRACT = 1
DTYPES = ("uint8", "int64", "float32", "bool", "string")
DYNAMIC = "int8-dynamic"
"""The precision in which matrix products are of whole numbers, too."""
STATIC = "int8-static"
"""The precision in which all between layers is of whole numbers, by scales that are fixed before."""
PRECISIONS = ("fp32", "fp16", "int8", DYNAMIC, STATIC)
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9][A-Za-z0-9_-]*)*\Z")
SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, kw_only=True)
class Tensor:
    """One input or output of the graph.

    Args:
        name: its name in the graph.
        dtype: one of `DTYPES`; `"string"` is UTF-8 text.
        shape: an int for a fixed axis, a name for one that may vary (`"batch"`).
        meaning: what it holds, with units.
        low: smallest value, where one is defined.
        high: largest value, where one is defined.
        names: of the places along the last axis, where they have any.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    meaning: str
    low: float | None = None
    high: float | None = None
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} {self.dtype} [{', '.join(map(str, self.shape))}]"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """How a person's picture becomes what the model was trained on; the fields are those of `zoo.spec.Picture`."""

    height: int
    width: int
    background: str
    framing: str


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """What the model was trained on: id, hash of all its arrays, and where they came from."""

    id: str
    sha256: str
    origin: str


@dataclass(frozen=True, kw_only=True)
class Run:
    """The training run behind the model: its folder, the hash of the weights taken from it, and what it took to train them.

    `seconds` are of training alone, on `device` (its name) in `precision` (`"fp32"`, `"bf16"`).
    """

    path: str
    weights_sha256: str
    seconds: float
    device: str
    precision: str


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """Everything an artifact says of itself.

    `config` shapes a network with given weights; a trained one's run knows it. `precision` is that of large weights.
    `model_sha256`, `certificate_sha256`, `golden_sha256` and `run` are `None` in what a graph carries inside: a file cannot
    name its own hash, nor that of a certificate that names it.
    """

    contract: int
    id: str
    base: str
    variant: str
    summary: str
    task: str
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    classes: tuple[str, ...]
    picture: Picture | None
    dataset: Dataset
    recipe: Mapping[str, Any] | None
    recipe_sha256: str | None
    metrics: Mapping[str, float]
    licence: str
    producer: Mapping[str, str | int | float]
    created: str
    model_sha256: str | None = None
    certificate_sha256: str | None = None
    golden_sha256: str | None = None
    run: Run | None = None
    config: Mapping[str, Any] | None = None
    precision: str = "fp32"

    def differences(self, other: Manifest) -> list[str]:
        """Names of the fields in which two manifests differ, of those that a graph carries inside."""
        return [
            field.name
            for field in fields(self)
            if field.name not in OUTSIDE and getattr(self, field.name) != getattr(other, field.name)
        ]


OUTSIDE = ("model_sha256", "certificate_sha256", "golden_sha256", "run")
RUN_SEAL = "run_sha256"
"""Key of `zoo.json` for the hash of its `run`, which neither the graph nor another file repeats; older artifacts lack it."""


def parse(content: bytes | str, *, where: str, embedded: bool = False) -> Manifest:
    """Read a manifest strictly: every field there, of its type, and no other.

    Args:
        content: JSON.
        where: whose it is, for the message of an error.
        embedded: it comes from a graph's metadata, which has no hashes and no run.

    Raises:
        IntegrityError: it is no JSON, or no manifest of contract 1; the message names the field.
    """
    try:
        value = json.loads(content, parse_constant=_refuse_constant, object_pairs_hook=_refuse_twins)
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:  # JSONDecodeError, and half a surrogate pair, are ValueErrors
        raise IntegrityError(f"{where} is no readable JSON: {error}.") from None
    node = _Node(value, where, "")
    if (contract := node.object().get("contract")) != CONTRACT:
        raise IntegrityError(f"{where} has contract {_shown(contract)}; this zoo reads contract {CONTRACT}.")
    return _manifest(node, embedded=embedded)


def hash_of_run(run: Mapping[str, Any] | None) -> str:
    """The SHA-256 of a manifest's `run`: of its JSON with sorted keys and no spaces."""
    return hashlib.sha256(json.dumps(run, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _refuse_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two keys of one name: readers differ on which counts, so neither does."""
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("a key occurs twice")
    return result


def _manifest(node: _Node, *, embedded: bool) -> Manifest:
    hashes = ("model_sha256", "certificate_sha256", "golden_sha256")
    expected = {field.name for field in fields(Manifest)} - (set(OUTSIDE) if embedded else set())
    node.keys(expected if embedded else expected | {RUN_SEAL}, optional={RUN_SEAL, "config", "precision"})
    if not embedded and node.get(RUN_SEAL) not in (None, hash_of_run(node["run"].value)):
        raise IntegrityError(f"{node.where} was changed or damaged: its run does not have the hash that it names.")
    return Manifest(
        contract=node["contract"].whole(least=1),
        id=node["id"].text(pattern=ID),
        base=node["base"].text(pattern=ID),
        variant=node["variant"].text(),
        summary=node["summary"].text(),
        task=node["task"].text(),
        inputs=_tensors(node["inputs"]),
        outputs=_tensors(node["outputs"]),
        classes=tuple(item.text() for item in node["classes"].items()),
        picture=None if node["picture"].value is None else _picture(node["picture"]),
        dataset=_dataset(node["dataset"]),
        recipe=None if node["recipe"].value is None else node["recipe"].object(),
        recipe_sha256=None if node["recipe_sha256"].value is None else node["recipe_sha256"].text(pattern=SHA256),
        metrics={name: node["metrics"][name].number() for name in node["metrics"].object()},
        licence=node["licence"].text(),
        producer={name: node["producer"][name].scalar() for name in node["producer"].object()},
        created=node["created"].text(),
        config=None if node.get("config") is None else node["config"].object(),
        precision=node["precision"].text(choices=PRECISIONS) if node.get("precision") is not None else "fp32",
        run=None if embedded or node["run"].value is None else _run(node["run"]),
        **({} if embedded else {name: node[name].text(pattern=SHA256) for name in hashes}),
    )


def _tensors(node: _Node) -> tuple[Tensor, ...]:
    tensors = tuple(_tensor(item) for item in node.items())
    if not tensors or len({tensor.name for tensor in tensors}) < len(tensors):
        node.wrong("at least one tensor, each with a name of its own")
    return tensors


def _tensor(node: _Node) -> Tensor:
    node.keys({field.name for field in fields(Tensor)}, optional={"low", "high", "names"})
    low, high = (None if node.get(name) is None else node[name].number() for name in ("low", "high"))
    if low is not None and high is not None and low > high:
        node.wrong("a low that is at most its high")
    return Tensor(
        name=node["name"].name(),
        dtype=node["dtype"].text(choices=DTYPES),
        shape=tuple(axis.axis() for axis in node["shape"].items()),
        meaning=node["meaning"].text(),
        low=low,
        high=high,
        names=tuple(item.name() for item in node["names"].items()) if node.get("names") else (),
    )


def _picture(node: _Node) -> Picture:
    node.keys({field.name for field in fields(Picture)})
    return Picture(
        height=node["height"].whole(least=1),
        width=node["width"].whole(least=1),
        background=node["background"].text(choices=("dark", "bright")),
        framing=node["framing"].text(choices=("centred", "whole")),
    )


def _dataset(node: _Node) -> Dataset:
    node.keys({field.name for field in fields(Dataset)})
    return Dataset(id=node["id"].text(), sha256=node["sha256"].text(pattern=SHA256), origin=node["origin"].text())


def _run(node: _Node) -> Run:
    node.keys({field.name for field in fields(Run)})
    return Run(
        path=node["path"].text(),
        weights_sha256=node["weights_sha256"].text(pattern=SHA256),
        seconds=node["seconds"].number(),
        device=node["device"].text(),
        precision=node["precision"].text(),
    )


def _shown(value: Any) -> str:
    """A value in a few characters that a terminal can show."""
    shown = ascii(value) if not str(value).isprintable() else repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


@dataclass(frozen=True)
class _Node:
    """A value of the JSON with its path, so that an error can say what is wrong where."""

    value: Any
    where: str
    path: str

    def wrong(self, right: str) -> NoReturn:
        raise IntegrityError(f"{self.where} is malformed: {self.path or 'it'} is {_shown(self.value)}, which should be {right}.")

    def object(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            self.wrong("a JSON object")
        return self.value

    def keys(self, expected: Set[str], *, optional: Set[str] = frozenset()) -> None:
        """Refuse a key that is missing, and one that is unknown."""
        found = set(self.object())
        for problem, names in (("lacks", expected - optional - found), ("has the unknown", found - expected)):
            if names:
                place = f" {self.path}" if self.path else " it"
                raise IntegrityError(f"{self.where} is malformed:{place} {problem} {', '.join(map(_shown, sorted(names)))}.")

    def get(self, name: str) -> Any:
        return self.value.get(name)

    def __getitem__(self, name: str) -> _Node:
        return _Node(self.object()[name], self.where, f"{self.path}.{name}" if self.path else name)

    def items(self) -> list[_Node]:
        if not isinstance(self.value, list):
            self.wrong("a list")
        return [_Node(item, self.where, f"{self.path}[{number}]") for number, item in enumerate(self.value)]

    def text(self, *, least: int = 0, choices: tuple[str, ...] = (), pattern: re.Pattern[str] | None = None) -> str:
        if not isinstance(self.value, str) or len(self.value) < least:
            self.wrong("text")
        if choices and self.value not in choices:
            self.wrong(f"one of {', '.join(choices)}")
        if pattern and not pattern.match(self.value):
            self.wrong("a SHA-256 of 64 hexadecimal digits" if pattern is SHA256 else "an id like cnn.fast")
        return str(self.value)

    def name(self) -> str:
        """A name that may stand in a message."""
        text = self.text(least=1)
        if not text.isprintable() or len(text) > 200:
            self.wrong("a name of at most 200 characters that can be shown")
        return text

    def whole(self, *, least: int) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not least <= self.value < 2**63:
            self.wrong(f"a whole number of at least {least}")
        return int(self.value)

    def number(self) -> float:
        if not isinstance(self.value, int | float) or isinstance(self.value, bool):
            self.wrong("a number")
        if abs(self.value) > 1e300 or not math.isfinite(self.value):  # an int may be too large to become a float
            self.wrong("a finite number")
        return float(self.value)

    def scalar(self) -> str | int | float:
        if isinstance(self.value, str):
            return self.value
        return self.number()

    def axis(self) -> int | str:
        if isinstance(self.value, str) and self.value:
            return self.value
        return self.whole(least=1)
