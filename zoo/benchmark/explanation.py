"""Why a call takes the time it takes: plain values, as a report carries them in JSON."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from zoo.benchmark.values import Bytes, Count, Interval, Noise, Positive, Share, threads_text
from zoo.spec import Spec

BETWEEN = "between nodes"
"""What onnxruntime takes itself, in tables and pictures."""
Milliseconds = Annotated[float, Meta(ge=0)]
Number = Annotated[float, Meta(ge=0)]


class Slice(Spec):
    """What a part, a module, an operator or a provider takes of a call.

    Args:
        name: of it; that of a module begins with its part.
        ms: of one call, its nodes' own times.
        low_ms: lower end of the bootstrap interval over stretches of calls.
        high_ms: upper end.
        share: of the call.
        low_share: lower end.
        executions: of all its nodes, in a call.
        steps: executions of that node which ran most often: of what lies in a loop, the times that the loop went round.
        operators: its nodes' operators, by time.
    """

    name: str
    ms: Milliseconds
    low_ms: Milliseconds
    high_ms: Milliseconds
    share: Share
    low_share: Share
    executions: Number
    steps: Number
    operators: tuple[str, ...]


class NodeTime(Spec):
    """One node of onnxruntime's graph: own time and executions in a call."""

    name: str
    operator: str
    part: str
    module: str
    provider: str
    ms: Milliseconds
    executions: Number


class Work(Spec):
    """Arithmetic of a call, beside what the machine can do.

    Args:
        multiply_adds: of products of matrices and of convolutions, as onnxruntime does them, padding included.
        weight_bytes: of weights that are read, as often as they are.
        moved_bytes: of everything that is read and written.
        gflops: of the call: twice the multiply-adds, in thousand millions a second.
        peak_gflops: of onnxruntime in a product of large matrices, with as many threads.
        gbytes: moved in a second of the call, in thousand millions.
        peak_gbytes: that NumPy copies in a second (read and written, one thread), of arrays as large as the weights.
    """

    multiply_adds: Bytes
    weight_bytes: Bytes
    moved_bytes: Bytes
    gflops: Number
    peak_gflops: Positive
    gbytes: Number
    peak_gbytes: Positive


class Trial(Spec):
    """The same call with one thing changed, timed in turn.

    Args:
        name: what was changed.
        over: what its time is divided by: `ours`; `bare`; of a larger batch, the same examples in calls of ours.
        ms: median of a call.
        ratio: its time ÷ that: below 1, the change helps.
    """

    name: str
    over: str
    ms: Positive
    ratio: Interval


class Explanation(Spec):
    """Where the time of a call goes under one condition, and what changes it.

    Args:
        batch: examples in a call.
        threads: of one operator.
        level: of graph optimisation.
        call_ms: onnxruntime's own call without a profile: what is explained.
        between_ms: of it, what no node takes: entering, leaving, going from node to node.
        node_us: microseconds that onnxruntime takes for a node with nothing to do.
        slowed: a profiled call ÷ a plain one.
        calls: that were profiled and counted.
        parts: text front, network, search, answer, and what could not be told.
        modules: as the model's author called them.
        operators: ONNX's, and onnxruntime's fusions of them.
        providers: that nodes ran on.
        copies: nodes that onnxruntime put in, for copies between devices and other orders in memory.
        nodes: the slowest.
        work: arithmetic.
        trials: changes.
        noise: of the trials.
    """

    batch: Count
    threads: Count | None
    level: str
    call_ms: Positive
    between_ms: Milliseconds
    node_us: Number
    slowed: Positive
    calls: Count
    parts: tuple[Slice, ...]
    modules: tuple[Slice, ...]
    operators: tuple[Slice, ...]
    providers: tuple[Slice, ...]
    copies: Slice
    nodes: tuple[NodeTime, ...]
    work: Work
    trials: tuple[Trial, ...]
    noise: Noise

    @property
    def condition(self) -> str:
        """In words."""
        level = "" if self.level == "all" else f", level {self.level}"
        return f"batch {self.batch}, {threads_text(self.threads)}{level}"

    @property
    def whole_ms(self) -> float:
        """What shares are of: the call, or its nodes where these came out longer."""
        return max(self.call_ms, sum(part.ms for part in self.parts))

    @property
    def executions(self) -> float:
        """Of nodes, in a call."""
        return sum(part.executions for part in self.parts)

    @property
    def on_cpu(self) -> bool:
        """Whether all nodes ran there: the peaks are the CPU's, and say nothing of another device."""
        return all(part.name == "cpu" for part in self.providers)

    def trial(self, name: str) -> Trial | None:
        """The one of that name, if it was made."""
        return next((trial for trial in self.trials if trial.name == name), None)
