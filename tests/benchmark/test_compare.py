"""Two reports side by side: ratios, what differs, and when nothing is concluded."""

from __future__ import annotations

import msgspec
import pytest

from tests.benchmark.reports import LOUD, MACHINE, report, row
from zoo.benchmark.compare import DRIFT, compare
from zoo.errors import UsageError

A = report([row(1.0), row(4.0, batch=8), row(0.6, threads=None)])


def test_ratio_is_b_over_a_and_the_verdict_is_on_b() -> None:
    b = report([row(2.0), row(2.0, batch=8), row(0.6, threads=None)])
    found = compare(A, b)
    assert [(one.batch, one.threads) for one in found.rows] == [(1, 1), (8, 1), (1, None)]
    assert [one.ratio.value for one in found.rows] == pytest.approx([2.0, 0.5, 1.0])
    assert [one.a_ms for one in found.rows] == pytest.approx([1.0, 4.0, 0.6])
    assert [one.b_ms for one in found.rows] == pytest.approx([2.0, 2.0, 0.6])
    assert [one.verdict for one in found.rows] == ["slower", "faster", "no difference shown"]
    for one in found.rows:
        assert one.ratio.low <= one.ratio.value <= one.ratio.high
    assert (found.interleaved, found.conclusive, found.reason, found.differences) == (False, True, None, ())


def test_drift_is_not_concluded_from() -> None:
    """Two reports of one model differ by so much without a cause that a report could know."""
    for factor, said in ((1 + 0.7 * DRIFT, "no difference shown"), (1 + 1.5 * DRIFT, "slower"), (1 / (1 + 1.5 * DRIFT), "faster")):
        (found,) = compare(report([row(1.0)]), report([row(factor)])).rows
        assert found.verdict == said


def test_noise_of_either_forbids_to_conclude() -> None:
    loud = report([row(9.0, noise=LOUD), row(8.0, batch=8), row(0.6, threads=None)])
    for found in (compare(A, loud), compare(loud, A)):
        assert [one.verdict == "too noisy to conclude" for one in found.rows] == [True, False, False]
        assert not found.conclusive
        assert "other processes took 50%" in (found.reason or "")
    assert (compare(A, loud).reason or "").startswith("B: ")


def test_noise_of_a_condition_that_is_not_compared_says_nothing() -> None:
    found = compare(A, report([row(1.0), row(1.0, batch=64, noise=LOUD)]))
    assert (found.conclusive, found.reason) == (True, None)
    loud_in_both = compare(report([row(1.0), row(4.0, batch=8, noise=LOUD)]), report([row(1.0, noise=LOUD)]))
    assert (loud_in_both.reason or "").startswith("B: At batch 1,")
    assert "A:" not in (loud_in_both.reason or "")


def test_what_differs_is_named() -> None:
    other = report(
        A.rows,
        id="cnn.keras-3x3",
        model_sha256="1" * 64,
        provider="cuda",
        machine=msgspec.structs.replace(MACHINE, cpu="another", onnxruntime="1.30.0"),
    )
    found = {one.what: (one.a, one.b) for one in compare(A, other).differences}
    assert found == {
        "model": ("cnn.fast", "cnn.keras-3x3"),
        "model file": ("0" * 12, "1" * 12),
        "provider": ("cpu", "cuda"),
        "cpu": ("a processor", "another"),
        "onnxruntime": ("1.31.1", "1.30.0"),
    }


def test_conditions_of_one_alone() -> None:
    found = compare(A, report([row(1.0), row(1.0, batch=64, threads=4, level="basic")]))
    assert [one.batch for one in found.rows] == [1]
    assert found.only_a == ("batch 8, 1 thread", "batch 1, all threads")
    assert found.only_b == ("batch 64, 4 threads, level basic",)


def test_nothing_in_common() -> None:
    with pytest.raises(UsageError, match="no condition in common: A has batch 1, 1 thread; B has batch 2, 1 thread"):
        compare(report([row(1.0)]), report([row(1.0, batch=2)]))
