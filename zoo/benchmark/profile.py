"""onnxruntime's own profile of a model, with the profile's own cost taken out.

To write an event down takes some ten microseconds. Part of it lies between two events and does no harm; part of it the event counts
as its node's, so that of a graph of small nodes the bare profile would mostly show itself. That part is measured on chains of nodes
that do next to nothing, with few inputs and with many, and taken off each node. Profiled calls are timed in turn with plain ones,
and of both the faster half counts: what a machine does beside adds to a call and takes nothing away. What is left of a plain call
when all nodes are taken off is onnxruntime's own: entering, leaving, going from node to node.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zoo.benchmark.arithmetic import COUNTS, Shape, multiply_adds
from zoo.benchmark.feeds import Arrays
from zoo.benchmark.modules import Known, known_nodes, named
from zoo.benchmark.tiny import chain
from zoo.errors import ZooError
from zoo.runtime.providers import for_session, short
from zoo.runtime.session import explain, session_options

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

CHUNKS = 8
"""Stretches of calls, plain and profiled in turn; an interval of a share is drawn from them."""
FEWEST = 3
"""Calls in a chunk, however long one takes."""
MOST_EVENTS = 60_000
"""In all calls; each takes 600 bytes of JSON."""
WARM = 3
CHAIN, CALIBRATIONS = 200, 20
"""Nodes of the chains that calibrate, and calls of each."""
CONTAINERS = ("Loop", "If", "Scan", "SequenceMap")
"""Operators whose time holds that of other nodes."""
EVENT = 4e-6
"""Seconds that a profile takes for an event, at least: so many at most are in a call of so long."""
CALL, BODY, KERNEL = "model_run", "SequentialExecutor::Execute", "_kernel_time"
"""The event of a call, that of the graph or of a body within it, and how the name of a node's event ends."""
SAVING = {"cpu", "cuda"}
"""Providers that can write down the graph they made of a model."""


class Cost(NamedTuple):
    """What onnxruntime takes for a node that does nothing, in seconds.

    Args:
        node: without a profile: to look its kernel up, hand out its memory and call it.
        inside: what the event of one input and one output counts too much.
        more: for each further input or output.
    """

    node: float
    inside: float
    more: float


@dataclass
class Ran:
    """A node as it ran.

    Args:
        name: in onnxruntime's graph.
        operator: ONNX's, or onnxruntime's fusion.
        provider: short name.
        seconds: its own in a call, without the nodes inside it, by chunk; of next to nothing it may come out below nothing.
        times: executions, over all chunks.
        products: multiply-adds, over all chunks.
        moved: bytes that it read and wrote, over all chunks.
        weights: bytes of these that are weights.
    """

    name: str
    operator: str
    provider: str
    seconds: list[float]
    times: int = 0
    products: int = 0
    moved: int = 0
    weights: int = 0


@dataclass(frozen=True)
class Profile:
    """What a profile found; all sums are over `calls`.

    Args:
        nodes: that ran.
        known: what is known of each by its name.
        calls: that were profiled.
        plain: seconds of a call without a profile, by chunk.
        slowed: a profiled call ÷ a plain one.
        cost: that was taken off.
    """

    nodes: tuple[Ran, ...]
    known: Mapping[str, Known]
    calls: int
    plain: tuple[float, ...]
    slowed: float
    cost: Cost


def profile(
    model: bytes,
    feeds: Arrays,
    *,
    inputs: Sequence[str],
    outputs: Sequence[str],
    providers: Sequence[str],
    threads: int | None,
    level: str,
    seconds: float,
    cost: Cost,
) -> Profile:
    """Profile a model that `zoo.runtime.open` took.

    Args:
        model: the file's bytes.
        feeds: input name → array.
        inputs: names of the graph's.
        outputs: names of the graph's.
        providers: short names, best first.
        threads: of one operator; `None` leaves it to onnxruntime.
        level: of graph optimisation.
        seconds: of profiled calls, about.
        cost: of a profile with so many threads, as `calibrate` has it.

    Raises:
        ZooError: onnxruntime fails.
    """
    model = named(model)
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "optimised.onnx" if set(providers) <= SAVING else None
        plain = _session(model, providers, threads, level)
        profiled = _session(model, providers, threads, level, trace=Path(folder) / "profile", save=saved)
        each, usual, slowed = _alternate(plain, profiled, feeds, seconds)
        events = _events(profiled)
        run = saved.read_bytes() if saved and saved.exists() else model
    known = known_nodes(model, run, inputs=inputs, outputs=outputs)
    nodes, calls = _added_up(events, each, known, cost)
    return Profile(tuple(nodes), known, calls, tuple(usual), slowed, cost)


def calibrate(threads: int | None) -> Cost:
    """What a node costs that does nothing, with and without a profile."""
    few, many = 1, 5
    node, inside = _chained(threads, few)
    _, wide = _chained(threads, many)
    return Cost(node=node, inside=inside, more=max(0.0, (wide - inside) / (many - few)))


def _chained(threads: int | None, inputs: int) -> tuple[float, float]:
    """Seconds of a node in a plain chain, and how many more its event says."""
    feeds = {"x": np.zeros(1, np.float32)}
    lengths = (CHAIN // 10, CHAIN)
    with tempfile.TemporaryDirectory() as folder:
        short_one, long_one = (_session(chain(length, inputs), ("cpu",), threads, "none") for length in lengths)
        profiled = _session(chain(CHAIN, inputs), ("cpu",), threads, "none", trace=Path(folder) / "profile")
        little, whole = [], []
        for _ in range(CALIBRATIONS):
            little.append(_timed(short_one, feeds))
            whole.append(_timed(long_one, feeds))
            profiled.run(None, feeds)
        events = [event["dur"] for event in _events(profiled) if event["name"].endswith(KERNEL)]
    node = max(0.0, (_faster(whole) - _faster(little)) / (lengths[1] - lengths[0]))
    by_call = [1e-6 * sum(events[at : at + CHAIN]) / CHAIN for at in range(0, len(events), CHAIN)]
    return node, max(0.0, _faster(by_call) - node)


def _faster(times: Sequence[float]) -> float:
    """The mean of the faster half."""
    return statistics.fmean(sorted(times)[: (len(times) + 1) // 2])


def _session(
    model: bytes,
    providers: Sequence[str],
    threads: int | None,
    level: str,
    *,
    trace: Path | None = None,
    save: Path | None = None,
) -> InferenceSession:
    import onnxruntime

    options = session_options(threads, level)
    if trace:
        options.enable_profiling = True
        options.profile_file_prefix = str(trace)
    if save:
        options.optimized_model_filepath = str(save)
    try:
        return onnxruntime.InferenceSession(model, options, providers=for_session(providers), enable_fallback=0)
    except Exception as error:  # onnxruntime's own have no common base
        raise ZooError(f"The model could not be profiled: {explain(error)}.") from error


def _timed(session: InferenceSession, feeds: Arrays) -> float:
    start = time.perf_counter()
    session.run(None, feeds)
    return time.perf_counter() - start


def _alternate(
    plain: InferenceSession, profiled: InferenceSession, feeds: Arrays, seconds: float
) -> tuple[int, list[float], float]:
    """Calls in a chunk, after `WARM` others; seconds of a plain call by chunk; and how much longer a profiled one takes."""
    slow = float("inf")
    for _ in range(WARM):
        plain.run(None, feeds)
        slow = min(slow, _timed(profiled, feeds))
    each = max(FEWEST, int(min(seconds, MOST_EVENTS * EVENT) / CHUNKS / slow))
    usual, ratios = [], []
    for _ in range(CHUNKS):
        usual.append(_faster([_timed(plain, feeds) for _ in range(each)]))
        ratios.append(_faster([_timed(profiled, feeds) for _ in range(each)]) / usual[-1])
    return each, usual, statistics.median(ratios)


def _events(session: InferenceSession) -> list[dict[str, Any]]:
    """What the session wrote down, in the order in which it came to an end."""
    events = json.loads(Path(session.end_profiling()).read_bytes())
    return [event for event in events if event.get("name") in (CALL, BODY) or str(event.get("name")).endswith(KERNEL)]


def _added_up(events: Sequence[Any], each: int, known: Mapping[str, Known], cost: Cost) -> tuple[list[Ran], int]:
    """The nodes of the faster half of each chunk's calls, in the order in which they first ran; and how many calls these are."""
    calls: list[list[Any]] = [[]]
    lengths: list[int] = []
    for event in events:
        if event["name"] == CALL:
            lengths.append(event["dur"])
            calls.append([])
        else:
            calls[-1].append(event)
    found: dict[str, Ran] = {}
    several = (each + 1) // 2
    for chunk in range(CHUNKS):
        numbers = range(WARM + chunk * each, WARM + (chunk + 1) * each)
        for number in sorted(numbers, key=lengths.__getitem__)[:several]:
            for event, own in _own_times(calls[number], cost):
                name, said = event["name"].removesuffix(KERNEL), event["args"]
                ran = found.setdefault(name, Ran(name, said["op_name"], short([said["provider"]])[0], [0.0] * CHUNKS))
                ran.seconds[chunk] += own / several
                ran.times += 1
                _count(ran, said, known.get(name))
    return list(found.values()), several * CHUNKS


def _own_times(events: Sequence[Any], cost: Cost) -> Iterator[tuple[Any, float]]:
    """Each node's event with the seconds that are its own: without the bodies that ran inside it, and without the profile's cost.

    A body's event comes before that of the loop or branch that ran it, and begins no earlier.
    """
    bodies: list[tuple[int, int]] = []  # start and duration of those that lie in an event yet to come
    for event in events:
        start, whole = event["ts"], event["dur"]
        held = 0
        if event["name"] == BODY or event["args"]["op_name"] in CONTAINERS:
            while bodies and bodies[-1][0] >= start:
                held += bodies.pop()[1]
        if event["name"] == BODY:
            bodies.append((start, whole))
            continue
        beyond = len(event["args"]["input_type_shape"]) + len(event["args"]["output_type_shape"]) - 2
        yield event, 1e-6 * (whole - held) - cost.inside - cost.more * beyond


def _count(ran: Ran, said: Mapping[str, Any], known: Known | None) -> None:
    """Add what one execution multiplied and moved."""
    made, read = int(said["output_size"]), int(said["activation_size"])
    if ran.operator in COUNTS:
        weights = known.weights if known else ()
        ran.products += multiply_adds(ran.operator, _shapes(said["input_type_shape"]), _shapes(said["output_type_shape"]), weights)
        held = known.weight_bytes if known else int(said["parameter_size"])
    else:  # of a table a Gather reads what it hands out; a view reads nothing
        read, held = min(read, made), min(int(said["parameter_size"]), made)
    ran.moved += made + read + held
    ran.weights += held


def _shapes(typed: Sequence[Mapping[str, Sequence[int]]]) -> list[Shape]:
    return [tuple(shape) for one in typed for shape in one.values()]
