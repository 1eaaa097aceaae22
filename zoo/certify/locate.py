"""The first bad layer: where the values of a graph cease to be those of its PyTorch original.

A value of the graph is right when PyTorch had the same numbers (in any shape) at that time, within the error bound. Which of
PyTorch's it ought to be is told by the modules and operations that the exporter wrote beside the nodes; torch writes no modules in
the body of a loop, so there the operations of an iteration are laid side by side. The first value that ought to be a certain one
and is not right is where the graph goes wrong; the fault lies there, or in what leads there from values that are right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np

from zoo.certify.beside import Compared
from zoo.certify.certificate import Certificate
from zoo.certify.certify import Subject
from zoo.certify.divergence import Divergence
from zoo.certify.expose import Exposed
from zoo.certify.golden import Reference
from zoo.certify.grid import grid
from zoo.certify.watch import OPERATION, Moment, plain, watch
from zoo.graph import Graph
from zoo.spec import TensorSpec

Arrays = dict[str, np.ndarray]
EXAMPLES = 6
"""Of a case: all values of all iterations are held at once."""
SLACKS = (4, 1)
"""Times its error bound that a value may differ, tried in this order: a certificate's bound is of many examples, but the few of a
case may be nearer to the golden answer in PyTorch by mere chance."""
SAID = 200
"""Letters of an error that are told."""


def locate(
    graph: Graph,
    content: bytes,
    inputs: Sequence[TensorSpec],
    cases: Mapping[str, Arrays],
    bounds: Mapping[str, float] | None = None,
) -> Divergence | None:
    """Where a file first differs from what it was made of; `None` where all cases are answered rightly.

    Args:
        graph: as declared.
        content: the file.
        inputs: of the graph.
        cases: inputs by name, tried one after the other.
        bounds: how far what the module gives may lie from the golden answers, by name, where that is more than a case shows.
    """
    exposed = Exposed(content)
    for case, arrays in cases.items():
        reference = Reference(graph, inputs)  # anew: watching leaves hooks
        given, encoded = graph.read({spec.name: arrays[spec.name] for spec in inputs})
        moments = watch(reference.double, reference.single, given, exposed.weights_in_loops())
        moments = _with_bounds(_in_turn(moments, exposed), graph.outputs, bounds or {})
        values = exposed.run(arrays)
        for slack in SLACKS:
            found = Compared(case, graph, exposed, values, moments, slack).first(encoded)
            if found is not None:
                return found
    return None


def said(subject: Subject, certificate: Certificate) -> str:
    """A clause that says where a file that does not pass its certificate goes wrong, or why that cannot be said.

    Args:
        subject: that was certified; its module computes as its file ought to.
        certificate: that does not pass.
    """
    bounds = {name: bound.bound for name, bound in certificate.bounds.items()}
    bounds |= {name: bound.bound for name, bound in certificate.hidden.items()}
    try:
        content, cases = subject.path.read_bytes(), _cases(subject, certificate)
        found = locate(subject.graph, content, subject.inputs, cases, bounds) or locate(
            subject.graph, content, subject.inputs, cases
        )
    except Exception as error:  # whatever broke must not hide what is wrong with the file
        return f"where could not be located ({type(error).__name__}: {' '.join(str(error).split())[:SAID]})"
    return str(found) if found else "no layer of it differs on the CPU without optimisation, in the cases tried"


def _cases(subject: Subject, certificate: Certificate) -> dict[str, Arrays]:
    """Examples of the golden cases, and of the test split, of which those come first that are answered wrongly. A few numbers are
    often right by chance, so cases of more examples go first."""
    cases = grid(subject.inputs, subject.examples, audited=subject.test)
    examples = len(next(iter(subject.test.values()), ()))
    wrong = [tie.index for tie in certificate.audit.changed if not tie.explained]
    at = np.array([*wrong, *range(examples)], np.int64)[:EXAMPLES]
    cut = {name: _some(arrays) for name, arrays in cases.items()} | {
        "test": {name: array[at] for name, array in subject.test.items()}
    }
    return dict(sorted(cut.items(), key=lambda case: -len(next(iter(case[1].values())))))


def _some(arrays: Arrays) -> Arrays:
    """The first examples of a case; texts without a word are left out where there are others: of nothing all beams are equally
    good, so that their order says nothing."""
    blank = np.zeros(len(next(iter(arrays.values()))), bool)
    for array in arrays.values():
        if array.dtype == object:
            blank |= [not str(text).strip() for text in array]
    kept = np.flatnonzero(blank.all() | ~blank)[:EXAMPLES]
    return {name: array[kept] for name, array in arrays.items()}


def _with_bounds(moments: Sequence[Moment], outputs: Sequence[str], bounds: Mapping[str, float]) -> list[Moment]:
    """What the module gives in the end, with the bounds that are given for it."""
    given = iter(outputs)
    ends = [moment.call == moments[-1].call for moment in moments]
    return [
        replace(moment, bound=max(moment.bound, bounds.get(next(given, ""), 0.0))) if end else moment
        for moment, end in zip(moments, ends, strict=True)
    ]


def _in_turn(moments: Sequence[Moment], exposed: Exposed) -> list[Moment]:
    """Moments with the iterations that they are really of. `watch` has one begin where a module of the loop is first called, but
    some operations may come before: as many as make an iteration most like the body in the file."""
    found = list(moments)
    for name, loop in exposed.loops.items():
        body = [plain(point.operation) for point in loop.body if point.node]
        turns = max((moment.turn[1] + 1 for moment in moments if moment.turn and moment.turn[0] == name), default=0)
        names = {moment.call: moment.name for moment in moments if moment.kind == OPERATION and moment.turn == (name, 0)}
        calls = list(names)
        if turns < 2 or not calls:
            continue

        def likeness(early: int, calls: list[int] = calls, names: Mapping[int, str] = names, body: list[str] = body) -> float:
            cut = len(calls) - early
            return SequenceMatcher(None, body, [names[call] for call in calls[cut:] + calls[:cut]], autojunk=False).ratio()

        early = max(range(len(calls)), key=likeness)
        for turn in range(-1, turns - 1):  # the operations just before the loop's first module are of its first iteration
            before = (name, turn) if turn >= 0 else None
            of_turn = [place for place, moment in enumerate(moments) if moment.turn == before]
            if turn < 0:
                first = next(place for place, moment in enumerate(moments) if moment.turn == (name, 0))
                of_turn = [place for place in of_turn if place < first]
            operations = list(dict.fromkeys(moments[place].call for place in of_turn if moments[place].kind == OPERATION))
            moved = set(operations[len(operations) - early :])
            for place in of_turn:
                if moved and moments[place].call >= min(moved):
                    found[place] = replace(found[place], turn=(name, turn + 1))
    return found
