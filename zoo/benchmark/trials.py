"""The same call with one thing changed, in turn with itself: threads, optimisation, bound memory, a larger batch, no model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from zoo.benchmark.bootstrap import median_interval, ratio_interval
from zoo.benchmark.explanation import Trial
from zoo.benchmark.feeds import Arrays, batch_axis, repeated
from zoo.benchmark.latency import Call, Race, medians
from zoo.benchmark.noise import Watch, judged
from zoo.benchmark.tiny import identity
from zoo.benchmark.values import Noise, threads_text
from zoo.errors import DeviceError
from zoo.machine import cores
from zoo.runtime.model import Model
from zoo.runtime.model import open as open_model
from zoo.runtime.providers import available
from zoo.runtime.session import LEVELS, new_session
from zoo.spec import replaced

OURS, CONTROL, BARE, EMPTY, BOUND, PIECES = "ours", "control", "bare", "empty graph", "bound memory", "in calls of ours"
ROUNDING = 0.05
"""Of a share of the cores: others leave us as many as we have threads, or all but."""
LARGER, MOST = 8, 512
"""Times as many examples, in the trial of a larger batch, and as many as it may have."""
RIVALS = {"cpu": "cuda", "cuda": "cpu"}
"""The provider that is tried in another's place, where there is one."""


@dataclass(frozen=True)
class Base:
    """What is explained, and what is changed of it one at a time.

    Args:
        model: opened with the first of `providers`.
        source: examples to repeat.
        batch: examples in a call.
        threads: of one operator.
        level: of graph optimisation.
    """

    model: Model
    source: Arrays
    batch: int
    threads: int | None
    level: str

    def opened(self, *, threads: int | None, level: str, providers: Sequence[str] | None = None) -> Model:
        """The model under other conditions."""
        return open_model(self.model.path, providers=providers or self.model.providers, threads=threads, level=level)


def trials(base: Base, race: Race, *, passes: int, threads: Sequence[int | None]) -> tuple[tuple[Trial, ...], Noise]:
    """Time all changes in turn with ours.

    Args:
        base: what is changed.
        race: of one condition; it knows how long.
        passes: in each of them everything is opened anew.
        threads: numbers that are asked about; one and all are tried in any case.

    Returns:
        The trials, and their noise. Processes on cores that are left over are none of it: the control tells whether they were in
        the way. Only for another number of threads must the other cores be free (`Noise.others`).
    """
    watch = Watch()
    for _ in range(passes):
        contestants = dict(_contestants(base, list(dict.fromkeys([*threads, 1, None]))))
        with watch:
            race.go(contestants)
    rounds = {name: medians(one) for name, one in race.times.items()}
    found = []
    for name, mine in rounds.items():
        if name in (OURS, CONTROL, PIECES):
            continue
        over = BARE if name == BOUND else PIECES if name == larger(base) else OURS
        times = median_interval([[1e3 * value for value in one] for one in mine])
        ratio = ratio_interval(mine, rounds[over])
        found.append(Trial(name=name, over=over, ms=times.value, ratio=ratio))
    others, stolen = watch.shares()
    control = ratio_interval(rounds[CONTROL], rounds[OURS])
    if others is not None and base.threads is not None and others <= 1 - base.threads / cores() + ROUNDING:
        return tuple(found), replaced(judged(control, None, stolen), others=others)
    return tuple(found), judged(control, others, stolen)


def larger(base: Base) -> str:
    """The name of the trial with more examples in a call."""
    return f"batch {LARGER * base.batch}"


def _contestants(base: Base, threads: Sequence[int | None]) -> Iterator[tuple[str, Call]]:
    feeds = repeated(base.source, base.batch)
    ours = base.opened(threads=base.threads, level=base.level)
    yield OURS, partial(ours.answer, feeds)
    yield CONTROL, partial(ours.answer, feeds)
    yield BARE, partial(ours.session.run, None, feeds)
    content = identity(ours.inputs)
    empty, _ = new_session(content, where=ours.path, providers=("cpu",), threads=base.threads, level=base.level)
    yield EMPTY, partial(empty.run, None, feeds)
    if all(tensor.dtype != "string" for tensor in ours.inputs):
        yield BOUND, _bound(ours, feeds)
    for several in threads:
        if several != base.threads:
            yield threads_text(several), partial(base.opened(threads=several, level=base.level).answer, feeds)
    for level in LEVELS:
        if level != base.level:
            yield f"level {level}", partial(base.opened(threads=base.threads, level=level).answer, feeds)
    if batch_axis(ours) and LARGER * base.batch <= MOST:
        yield larger(base), partial(ours.answer, repeated(base.source, LARGER * base.batch))
        yield PIECES, partial(_in_pieces, ours, repeated(base.source, LARGER * base.batch), base.batch)
    rival = RIVALS.get(ours.providers[0])
    if rival and rival in available():
        try:
            yield rival, partial(base.opened(threads=base.threads, level=base.level, providers=(rival,)).answer, feeds)
        except DeviceError:  # built for a device that is not there
            return


def _in_pieces(model: Model, feeds: Arrays, size: int) -> None:
    """The same examples, fewer in a call: of texts one takes longer than another."""
    for start in range(0, LARGER * size, size):
        model.answer({name: array[start : start + size] for name, array in feeds.items()})


def _bound(model: Model, feeds: Arrays) -> Call:
    """A call whose inputs and outputs lie in memory that was claimed before; of text onnxruntime claims it itself, each time."""
    import onnxruntime

    binding = model.session.io_binding()
    for name, array in feeds.items():
        binding.bind_ortvalue_input(name, onnxruntime.OrtValue.ortvalue_from_numpy(array))
    answers = model.answer(feeds)
    for tensor in model.outputs:
        if tensor.dtype == "string":
            binding.bind_output(tensor.name)
        else:
            binding.bind_ortvalue_output(tensor.name, onnxruntime.OrtValue.ortvalue_from_numpy(answers[tensor.name]))
    return partial(model.session.run_with_iobinding, binding)
