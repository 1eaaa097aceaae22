"""What a run writes down: its state, `run.json`, and the lines of its `metrics.jsonl`."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec

from zoo.errors import IntegrityError, NonFiniteError
from zoo.files import write_atomic
from zoo.runtime.artifact import read_plain
from zoo.spec import Picture, Spec

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer as Buffer

Status = Literal["running", "finished", "interrupted", "failed"]
Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9][A-Za-z0-9_-]*)*$")]
"""It becomes the name of a folder."""
Count = Annotated[int, msgspec.Meta(ge=0)]
LIMIT = 16 * 2**20
"""Bytes that `run.json` and `recipe.toml` may have; true ones have a thousand."""
SEAL = "sha256"
"""Key of `run.json` under which the hash of all else in it stands: a bit that flips in a figure must not go unseen."""


def hash_arrays(arrays: Iterable[tuple[str, str, tuple[int, ...], Buffer]]) -> str:
    """SHA-256 over names, dtypes, shapes and bytes: equal weights have equal hashes, whatever file holds them.

    Args:
        arrays: sorted by name: name, dtype as torch calls it (`"torch.float32"`), shape, bytes.
    """
    digest = hashlib.sha256()
    for name, dtype, shape, content in arrays:
        digest.update(f"{name}/{dtype}/{tuple(shape)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


class RunData(Spec):
    """The data a run was trained on: `own` is the folder or file of a person's own data, `columns` are those chosen of a table."""

    id: str
    sha256: str
    origin: str
    licence: str
    own: str | None = None
    columns: dict[str, str] = msgspec.field(default_factory=dict)


class ParentRun(Spec):
    """The run that another began with: its id, folder and the hash of its weights."""

    id: str
    path: str
    weights: str


class RunState(Spec):
    """What `run.json` says.

    Args:
        id: `architecture.tag`; with own data, the tag given by `--name`.
        base: id of the model whose recipe and network these are.
        owner: distribution of the plugin, with its version.
        status: `"running"` also of a process that was killed.
        config: the network's.
        classes: names of the labels.
        device: `"cpu"`, `"cuda"`, …
        precision: `"fp32"` or `"bf16"`, as it was computed.
        step: steps done.
        total: steps to do.
        seconds: of training, evaluation left out.
        metrics: on the test split, with the weights that are kept.
        weights: hash of the weights that are kept.
        error: why it failed.
        pid: of the process that trains it, on `host`.
        recipe_sha256: of the bytes of `recipe.toml`.
        processes: that train it together.
        parent: the run whose weights it began with.
        source: hash of the plugin's files that made it (`zoo.ledger.sources`).
    """

    id: Id
    base: str
    owner: str
    status: Status
    created: str
    config: dict[str, Any]
    classes: tuple[str, ...]
    picture: Picture | None
    data: RunData
    device: str
    precision: Literal["fp32", "bf16"]
    deterministic: bool = False
    compiled: bool = False
    captured: bool = False
    checkpoint_every: Annotated[int, msgspec.Meta(ge=1)] | None = None
    step: Count = 0
    total: Count = 0
    seconds: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    metrics: dict[str, float] = msgspec.field(default_factory=dict)
    weights: str | None = None
    error: str | None = None
    pid: int = 0
    host: str = ""
    recipe_sha256: str | None = None
    processes: Annotated[int, msgspec.Meta(ge=1)] = 1
    parent: ParentRun | None = None
    source: str | None = None


class _Line(msgspec.Struct):
    """What every line of `metrics.jsonl` has."""

    kind: Literal["step", "epoch"]
    step: Count
    examples: Annotated[int, msgspec.Meta(ge=1)] = 1


def read_state(file: Path) -> RunState:
    """What a `run.json` says.

    Raises:
        IntegrityError: it is none, or was changed or damaged.
        FileNotFoundError: there is none.
    """
    content = read_plain(file, limit=LIMIT)
    try:
        value = msgspec.json.decode(content)
        named = value.pop(SEAL, None) if isinstance(value, dict) else None
        seal = _seal(value)
        state = msgspec.convert(value, RunState)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise IntegrityError(f"{file} is no run's state: {error}.") from error
    if named not in (None, seal):
        raise IntegrityError(f"{file} was changed or damaged: its content does not have the hash that it names.")
    return state


def write_state(file: Path, state: RunState) -> None:
    """Write a `run.json`, whole or not at all.

    Raises:
        NonFiniteError: a metric is NaN or infinite; JSON has no such number, and the state could not be read again.
        OSError: it cannot be written.
    """
    for name, value in state.metrics.items():
        if not math.isfinite(value):
            said = f"The {name.replace('_', ' ')} on the test split is {value} after step {state.step} of {file.parent}."
            raise NonFiniteError(said)
    value = msgspec.json.decode(msgspec.json.encode(state))
    write_atomic(file, msgspec.json.format(msgspec.json.encode({**value, SEAL: _seal(value)}), indent=2) + b"\n")


def parse_line(raw: bytes) -> dict[str, Any] | None:
    """A line of `metrics.jsonl`, with `kind` and `step`, and `examples` where it is of a step; `None` where it is none."""
    try:
        line = msgspec.json.decode(raw, type=dict[str, Any])
        kind = msgspec.convert(line, _Line).kind
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return None if kind == "step" and "examples" not in line else line


def _seal(value: Any) -> str:
    """Hash of JSON as it was read, whatever its layout and the order of its keys."""
    return hashlib.sha256(msgspec.json.encode(value, order="sorted")).hexdigest()
