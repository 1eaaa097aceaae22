"""Each rule speaks where its numbers are, says them, and is silent where they are not, or where noise forbids."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.benchmark.explanations import explanation, slice_of, trial
from tests.benchmark.reports import LOUD, QUIET, peer, row
from zoo.benchmark.explanation import Work
from zoo.benchmark.plain import Evidence, conclusions
from zoo.benchmark.rules import RULES

BY_NAME = {rule.name: rule for rule in RULES}


def work(**changes: Any) -> Work:
    return msgspec.structs.replace(explanation().work, **changes)


def said(name: str, evidence: Evidence) -> str:
    return "".join(conclusions(evidence, [BY_NAME[name]]))


def test_nothing_stands_out() -> None:
    assert conclusions(Evidence((explanation(), explanation(64)), (row(1.0),)), RULES) == ()


SEARCH = {
    "parts": (slice_of("network", 0.3), slice_of("search", 0.6, steps=12)),
    "modules": (slice_of("search: cell", 0.4, steps=12), slice_of("network: encoder", 0.2)),
}
CROWDED = msgspec.structs.replace(QUIET, others=0.5)
CASES: list[tuple[str, Evidence, str]] = [
    (
        "floor",
        Evidence((explanation(trials=(trial("empty graph", 0.6),)),)),
        "with its inputs takes 0.60 (0.59–0.61)",
    ),
    ("dispatch", Evidence((explanation(providers=(), parts=(slice_of("network", 0.9, steps=1000),)),)), "1,000 nodes"),
    ("batch", Evidence((explanation(trials=(trial("batch 8", 0.5),)),)), "In calls of 8 an example takes 0.50 (0.49–0.51)"),
    ("search", Evidence((explanation(**SEARCH),), variant="beam"), "60 % of 1 ms is the search: 12 steps of 0.05 ms, most in cell"),
    ("text", Evidence((explanation(parts=(slice_of("text front", 0.3), slice_of("answer", 0.2))),)), "50 % is text"),
    (
        "module",
        Evidence((explanation(), explanation(64, modules=(slice_of("network: a.b", 0.7),)))),
        "64 70 % is a.b (Conv)",
    ),
    ("compute", Evidence((explanation(64, work=work(gflops=60.0)),)), "60 GFLOP/s, 60 % of"),
    ("memory", Evidence((explanation(work=work(gbytes=15.0, weight_bytes=3 * 10**6, moved_bytes=4 * 10**6)),)), "3 MB of weights"),
    ("copies", Evidence((explanation(copies=slice_of("copies", 0.2)), explanation(8))), "take 20 % at batch 1."),
    (
        "threads help",
        Evidence((explanation(), explanation(64, trials=(trial("all threads", 0.6),)))),
        "0.60 (0.59–0.61) of",
    ),
    (
        "threads hurt",
        Evidence((explanation(trials=(trial("all threads", 1.3),)),)),
        "1.30 (1.29–1.31) times as long",
    ),
    ("threads hurt", Evidence((explanation(threads=None, trials=(trial("1 thread", 0.8),)),)), "1.25 (1.23–1.27) times"),
    (
        "levels",
        Evidence((explanation(trials=(trial("level basic", 0.8),)),)),
        "level basic takes 0.80 (0.79–0.81)",
    ),
    (
        "bound memory",
        Evidence((explanation(trials=(trial("bound memory", 0.8, over="bare"),)),)),
        "takes 0.80 (0.79–0.81)",
    ),
    ("wrapper", Evidence((explanation(trials=(trial("bare", 0.9),)),)), "without zoo takes 0.90 (0.89–0.91)"),
    (
        "peers",
        Evidence((explanation(),), (row(1.0, against={"eager": peer(0.8, 0.8)}),)),
        "eager at batch 1, 1 thread (0.80",
    ),
    ("load", Evidence((explanation(),), (row(0.01),)), "Opening it takes 3 ms, as long as 300 calls of batch 1"),
    ("crowded", Evidence((explanation(noise=CROWDED),)), "other processes took 50 % of the cores"),
    ("noise", Evidence((explanation(noise=LOUD),)), "at batch 1: other processes took 50% of the cores"),
]


@pytest.mark.parametrize(
    ("name", "evidence", "expected"), CASES, ids=[f"{name}-{number}" for number, (name, *_) in enumerate(CASES)]
)
def test_rule_speaks(name: str, evidence: Evidence, expected: str) -> None:
    assert expected in said(name, evidence)


def test_every_rule_is_tried() -> None:
    assert {name for name, *_ in CASES} | {"overtakes"} == set(BY_NAME)


@pytest.mark.parametrize("name", ["floor", "batch", "threads hurt", "levels", "bound memory", "wrapper"])
def test_noise_forbids_what_a_trial_shows(name: str) -> None:
    evidence = next(evidence for other, evidence, _ in CASES if other == name)
    assert said(name, evidence)
    loud = tuple(msgspec.structs.replace(one, noise=LOUD) for one in evidence.explanations)
    assert said(name, Evidence(loud)) == ""


@pytest.mark.parametrize("name", ["threads help", "threads hurt"])
def test_threads_want_free_cores(name: str) -> None:
    ratio = 0.6 if name == "threads help" else 1.4
    assert said(name, Evidence((explanation(trials=(trial("all threads", ratio),)),)))
    assert said(name, Evidence((explanation(trials=(trial("all threads", ratio),), noise=CROWDED),))) == ""


@pytest.mark.parametrize("name", ["compute", "memory"])
def test_peaks_of_the_cpu_say_nothing_of_a_gpu(name: str) -> None:
    evidence = next(evidence for other, evidence, _ in CASES if other == name)
    mixed = (slice_of("cuda", 0.8), slice_of("cpu", 0.1))
    moved = tuple(msgspec.structs.replace(one, providers=mixed) for one in evidence.explanations)
    assert said(name, evidence)
    assert said(name, Evidence(moved)) == ""


@pytest.mark.parametrize("name", ["batch 8", "all threads", "level basic", "bound memory", "bare"])
def test_intervals_that_include_one_say_nothing(name: str) -> None:
    one = explanation(trials=(trial(name, 0.8, width=0.25),))
    assert conclusions(Evidence((one,)), RULES) == ()


def test_advice_follows_what_the_artifact_is() -> None:
    one = (explanation(**SEARCH),)
    assert "greedy export" in said("search", Evidence(one, variant="beam"))
    assert "greedy export" not in said("search", Evidence(one, variant="translation"))
    assert "int8-dynamic" in said("search", Evidence(one, precision="int8"))
    assert "int8-dynamic" not in said("search", Evidence(one, precision="int8-dynamic"))


def test_gpu_overtakes_where_it_stays_ahead() -> None:
    """Not at batch 8, where it is ahead by chance and behind at 64 again."""
    ratios = {1: 5.0, 8: 0.9, 64: 1.2, 512: 0.3}
    several = tuple(explanation(batch, trials=(trial("cuda", ratio),)) for batch, ratio in ratios.items())
    assert said("overtakes", Evidence(several)).startswith("From batch 512 on cuda takes less time than the CPU (cuda ÷ cpu: 0.30")
    assert said("overtakes", Evidence(several[:3])) == ""
    on_gpu = tuple(explanation(batch, trials=(trial("cpu", 1 / ratio),)) for batch, ratio in ratios.items())
    assert said("overtakes", Evidence(on_gpu)).startswith("From batch 512 on cuda")
