"""Damaged safetensors, runs, graphs and artifacts: refused in one clear sentence, or loaded as what they were.

Each case runs in a process with a bound to its memory and its time, which a hostile file may bring down without ending the tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.hardness.judges import BAD, GOOD
from tools.hardness.plan import cases
from tools.hardness.subjects import make
from tools.hardness.worker import Worker, judged


@pytest.fixture(scope="module")
def worker(subjects: Path) -> Iterator[Worker]:
    with Worker(subjects, ("camera",)) as started:
        yield started


def bad(group: str, number: int, seed: int, worker: Worker, subjects: tuple[str, ...]) -> list[str]:
    """The cases that came to a bad end."""
    outcomes = list(judged(cases(group, number, seed, subjects), worker))
    assert len(outcomes) == number
    assert {outcome for _, (outcome, _) in outcomes} <= {*GOOD, *BAD}
    assert len({outcome for _, (outcome, _) in outcomes}) > 1  # not all alike: some are refused, some load
    return [f"{case}: {outcome} {said}" for case, (outcome, said) in outcomes if outcome in BAD]


@pytest.mark.parametrize(("group", "number"), [("tensors", 120), ("runs", 50), ("graphs", 90)])
def test_nothing_damaged_is_taken_for_whole(group, number, worker):
    assert bad(group, number, 20, worker, ("camera",)) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(("group", "number"), [("tensors", 1000), ("runs", 300), ("graphs", 700)])
def test_the_whole_campaign(group, number, tmp_path):
    names = ("camera", "logreg", "cnn")
    make(tmp_path, names)
    with Worker(tmp_path, names) as worker:
        assert bad(group, number, 0, worker, names) == []
