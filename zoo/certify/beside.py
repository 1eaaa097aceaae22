"""A file's values beside PyTorch's: which ought to be the same, which are, and where the first lies that is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import cached_property

import numpy as np

from zoo.certify.divergence import Divergence, Module, Node, Numbers
from zoo.certify.expose import Exposed, Key, Value
from zoo.certify.ties import answers_of
from zoo.certify.watch import MADE, OPERATION, Moment, Turn, left_out, plain
from zoo.graph import Graph

Arrays = dict[str, np.ndarray]


class Compared:
    """One run of the graph beside one of PyTorch.

    Args:
        case: its name.
        graph: as declared.
        exposed: the file.
        values: of the file.
        moments: of PyTorch.
        slack: times its bound that a value may differ.
    """

    def __init__(
        self, case: str, graph: Graph, exposed: Exposed, values: Sequence[Value], moments: Sequence[Moment], slack: float
    ) -> None:
        self.case, self.graph, self.exposed = case, graph, exposed
        self.moments = [replace(moment, bound=slack * moment.bound) for moment in moments]
        self.outside = {value.point.name: value for value in values if value.turn is None}
        self.values = [value for value in values if value.array.dtype.kind in "fiub"]
        self.place_of: dict[Key, int] = {value.key: place for place, value in enumerate(self.values)}
        self.turns = {
            loop: max((value.turn + 1 for value in values if value.point.loop == loop and value.turn is not None), default=0)
            for loop in exposed.loops
        }
        self.by_size: dict[tuple[bool, int], list[Moment]] = {}
        for moment in self.moments:
            self.by_size.setdefault(_kind(moment.array), []).append(moment)
        self.known: dict[Key, bool] = {}
        self.types = {name: type(module).__name__ for name, module in graph.module.named_modules()}

    def first(self, encoded: Arrays) -> Divergence | None:
        """Where it first goes wrong.

        Args:
            encoded: what the fronts ought to give, by name.
        """
        for front in self.graph.fronts:
            for spec in front.outputs:
                value = self.outside.get(spec.name)
                if value is not None and not _same(value.array, encoded[spec.name]):
                    return self._at_an_end(f"what reads `{front.input}`", value, encoded[spec.name], ())
        if all(self.right(self.values[self.place_of[name, None]]) for name in self.graph.outputs):
            return self._wrong_head(encoded)
        pairs = self.pairs
        wrong = next(place for place in sorted(pairs) if not self.right(self.values[place]))
        for loop, turns in self.turns.items():
            theirs = max((moment.turn[1] + 1 for moment in self.moments if moment.turn and moment.turn[0] == loop), default=0)
            after = next(place for place, value in enumerate(self.values) if value.point.node == loop)
            if theirs not in (0, turns) and wrong >= after:
                point = self.values[after].point
                node, module = Node(name=point.node, operator=point.operator), self._module(point.scopes[-1])
                return Divergence(case=self.case, modules=(module,), first=node, last=node, turns=(turns, theirs))
        return self._divergence(wrong)

    def _wrong_head(self, encoded: Arrays) -> Divergence | None:
        """Where an exact answer does not follow from what it is made of."""
        answers = {**encoded, **{name: value.array for name, value in self.outside.items()}}
        for head in self.graph.heads:
            theirs = answers_of(head, answers)
            if not _same(answers[head.output], theirs):
                return self._at_an_end(f"what makes `{head.output}`", self.outside[head.output], theirs, head.reads)
        return None

    def right(self, value: Value) -> bool:
        """Whether PyTorch had the same numbers then."""
        if value.key not in self.known:
            self.known[value.key] = self._right(value)
        return self.known[value.key]

    def _right(self, value: Value) -> bool:
        if value.point.name in self.exposed.given or value.array.ndim == 0 or value.array.size == 0:
            return True
        if value.turn is not None and left_out(value.turn, value.array.size):
            return True
        # A layout that an operator wants; PyTorch's is often another.
        if value.point.operator == "Transpose" and all(self.right(origin) for origin in self._origins(value)):
            return True
        return any(_agree(value.array, moment) for moment in self.by_size.get(_kind(value.array), ()) if _met(value, moment))

    def _origins(self, value: Value) -> list[Value]:
        return [self.values[self.place_of[key]] for key in self.exposed.origins(value, self.turns) if key in self.place_of]

    @cached_property
    def pairs(self) -> dict[int, int]:
        """Place of a value → place of the moment that it ought to be."""
        found: dict[int, int] = {}
        made = [place for place, moment in enumerate(self.moments) if moment.kind == MADE]
        for turn in [None, *((loop, turn) for loop, turns in self.turns.items() for turn in range(turns))]:
            for number, place in self._by_operation(turn):
                found.setdefault(number, place)
        for place in made:  # what is computed in another way than PyTorch's still is one module's
            moment = self.moments[place]
            values = [
                number
                for number, value in enumerate(self.values)
                if value.turn is None and moment.module in value.point.scopes[1:] and self._alike(value, moment)
            ]
            if values and len({self.moments[other].call for other in made if self.moments[other].module == moment.module}) == 1:
                found.setdefault(values[-1], place)
        last = [place for place in made if self.moments[place].call == self.moments[-1].call]
        for name, place in zip(self.graph.outputs, last, strict=False):
            found.setdefault(self.place_of[name, None], place)
        return found

    def _by_operation(self, turn: Turn | None) -> list[tuple[int, int]]:
        """Pairs of one iteration, or of all that is outside of loops: the same operations in the same order."""
        steps: dict[str, list[int]] = {}
        for place, value in enumerate(self.values):
            point = value.point
            here = (point.loop, value.turn) == turn if turn else value.turn is None
            if here and point.node and (turn or point.scopes):
                steps.setdefault(point.step, []).append(place)
        calls: dict[int, list[int]] = {}
        for place, moment in enumerate(self.moments):
            here = moment.turn == turn if turn else moment.turn is None or moment.turn[1] == self.turns[moment.turn[0]] - 1
            if here and moment.kind == OPERATION:
                calls.setdefault(moment.call, []).append(place)
        ours = [self._key(self.values[places[-1]]) for places in steps.values()]
        theirs = [
            (self.moments[places[0]].module if turn is None else "", self.moments[places[0]].name) for places in calls.values()
        ]
        pairs: list[tuple[int, int]] = []
        all_steps, all_calls = list(steps.values()), list(calls.values())
        for start, other, size in SequenceMatcher(None, ours, theirs, autojunk=False).get_matching_blocks():
            for values, moments in zip(all_steps[start : start + size], all_calls[other : other + size], strict=True):
                pairs += [
                    (value, place)
                    for value, place in zip(values[-len(moments) :], moments, strict=False)
                    if self._alike(self.values[value], self.moments[place])
                ]
        return pairs

    @staticmethod
    def _alike(value: Value, moment: Moment) -> bool:
        """Whether both can be the same; of ranges the limits may differ."""
        floats = value.array.dtype.kind == "f", moment.array.dtype.kind == "f"
        return len(set(floats)) == 1 and (value.array.shape == moment.array.shape or value.point.operator == "Range")

    @staticmethod
    def _key(value: Value) -> tuple[str, str]:
        return ("" if value.turn is not None else value.point.scopes[-1]), plain(value.point.operation)

    def _divergence(self, place: int) -> Divergence:
        place = self._before(place)
        value, number = self.values[place], self.pairs[place]
        moment = self.moments[number]
        begins = self._beginning(value)
        owners = dict.fromkeys([*self._without_values(number), moment.module])
        largest, at = _difference(value.array, moment.array)
        return Divergence(
            case=self.case,
            modules=tuple(map(self._module, owners)),
            first=Node(name=begins.point.node, operator=begins.point.operator),
            last=Node(name=value.point.node, operator=value.point.operator),
            turn=value.turn,
            ours=_numbers(value.array),
            theirs=_numbers(moment.array),
            largest=largest,
            at=at,
            bound=moment.bound,
        )

    def _before(self, place: int) -> int:
        """A place before it where a value was left as it was, though PyTorch made another of it that the graph does not have."""
        for origin in self._origins(self.values[place]):
            before = self.place_of[origin.key]
            moment = self.moments[self.pairs[before]] if before in self.pairs else None
            if (
                moment
                and _kind(origin.array) == _kind(moment.array)
                and not _agree(origin.array, moment)
                and not self._is_there(moment)
            ):
                return before
        return place

    def _beginning(self, wrong: Value) -> Value:
        """The first value from which a wrong one follows, through nothing that is right."""
        seen, todo = {wrong.key: wrong}, [wrong]
        while todo:
            for origin in self._origins(todo.pop()):
                if origin.key not in seen and not self.right(origin):
                    seen[origin.key] = origin
                    todo.append(origin)
        return min((value for value in seen.values() if value.point.node), key=lambda value: self.place_of[value.key])

    def _without_values(self, number: int) -> list[str]:
        """Modules with weights that were at work since the last moment that is right, and whose result the graph does not have: it
        is part of a larger node's."""
        paired = {moment: value for value, moment in self.pairs.items()}
        modules = dict(self.graph.module.named_modules())
        found: list[str] = []
        for place in range(number - 1, -1, -1):
            moment = self.moments[place]
            if place in paired:
                if self.right(self.values[paired[place]]):
                    break
            elif moment.kind == MADE and self._is_there(moment):
                break
            elif moment.kind == MADE and any(True for _ in modules[moment.module].parameters(recurse=False)):
                found.append(moment.module)
        return found[::-1]

    def _is_there(self, moment: Moment) -> bool:
        """Whether the graph has the numbers of a moment."""
        return any(
            _kind(value.array) == _kind(moment.array) and _met(value, moment) and _agree(value.array, moment)
            for value in self.values
            if value.array.size
        )

    def _module(self, name: str) -> Module:
        return Module(name=name, type=self.types[name])

    def _at_an_end(self, end: str, value: Value, theirs: np.ndarray, reads: Sequence[str]) -> Divergence:
        """In a front or a head, which has `reads` from elsewhere."""
        made = {point.name: point for point in self.exposed.points}
        points, todo = {value.point.node: value.point}, [value.point]
        while todo:
            for name in todo.pop().inputs:
                if name in made and name not in reads and name not in self.exposed.given and made[name].node not in points:
                    points[made[name].node] = made[name]
                    todo.append(made[name])
        first = min(points.values(), key=self.exposed.points.index)
        numbers = value.array.dtype.kind in "fiub"
        largest, at = _difference(value.array, theirs) if numbers else (None, ())
        return Divergence(
            case=self.case,
            modules=(),
            end=end,
            first=Node(name=first.node, operator=first.operator),
            last=Node(name=value.point.node, operator=value.point.operator),
            ours=_numbers(value.array) if numbers else None,
            theirs=_numbers(theirs) if numbers else None,
            largest=largest,
            at=at,
        )


def _kind(array: np.ndarray) -> tuple[bool, int]:
    return array.dtype.kind == "f", array.size


def _met(value: Value, moment: Moment) -> bool:
    """Whether both are of the same iteration; what a loop's body is given is of the one before, too."""
    if value.turn is None or moment.turn is None:
        return True
    loop, turn = moment.turn
    return loop == value.point.loop and (turn == value.turn or (not value.point.node and turn == value.turn - 1))


def _agree(array: np.ndarray, moment: Moment) -> bool:
    ours, theirs = array.ravel(), moment.array.ravel()
    if ours[0] == ours[0] and abs(float(ours[0]) - float(theirs[0])) > moment.bound:  # most are refused here
        return False
    return bool(np.isclose(ours.astype(np.float64), theirs.astype(np.float64), rtol=0, atol=moment.bound, equal_nan=True).all())


def _same(ours: np.ndarray, theirs: np.ndarray) -> bool:
    return ours.shape == theirs.shape and bool((ours.astype(theirs.dtype) == theirs).all())


def _numbers(array: np.ndarray) -> Numbers:
    finite = array[np.isfinite(array)] if array.dtype.kind == "f" else array
    if not finite.size:
        return Numbers(shape=array.shape, low=np.nan, high=np.nan, mean=np.nan)
    return Numbers(shape=array.shape, low=float(finite.min()), high=float(finite.max()), mean=float(finite.mean()))


def _difference(ours: np.ndarray, theirs: np.ndarray) -> tuple[float | None, tuple[int, ...]]:
    """The largest absolute difference and where it is; none between tensors of different sizes."""
    if ours.size != theirs.size:
        return None, ()
    with np.errstate(invalid="ignore"):
        gaps = np.abs(ours.astype(np.float64).ravel() - theirs.astype(np.float64).ravel())
    gaps[np.isnan(gaps)] = np.inf
    gaps[ours.ravel() == theirs.ravel()] = 0
    at = int(gaps.argmax())
    return float(gaps[at]), tuple(int(place) for place in np.unravel_index(at, theirs.shape))
