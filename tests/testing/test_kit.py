"""The kit's own words: reports, expected failures, pytest, the command line."""

from __future__ import annotations

import msgspec
import pytest

from tests.testing.plugin import GOOD, registry
from zoo.errors import UnknownName, UsageError
from zoo.spec import replaced, to_plain
from zoo.testing import Report, Skipped, check_model, checks, parametrize_checks
from zoo.testing.check import Check, Result
from zoo.testing.kit import CONTRACT, made

EMPTY = replaced(GOOD, source="", summary="")


@pytest.fixture(scope="module")
def report() -> Report:
    """Of the good model, every check."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir("/")  # nothing may be written here
        return check_model(GOOD, registry=registry(GOOD))


@parametrize_checks(GOOD, registry=registry(GOOD))
def test_the_good_plugin_passes(check):
    check()


@parametrize_checks(EMPTY, expected_failures={"described": "it is to be described later"}, registry=registry(EMPTY))
def test_one_failure_is_expected(check):
    if check.name in ("described", "consistent"):
        check()


def test_a_report_counts_and_is_json(report):
    assert report.passed
    assert report.asked == len(report.results) == len(CONTRACT)
    skipped = {result.check: result.reason for result in report.results if result.state == "skipped"}
    assert report.ran == report.asked - len(skipped)
    assert skipped["configurable"] == "its inputs and outputs do not follow from its config"
    assert msgspec.json.decode(msgspec.json.encode(to_plain(report)), type=Report) == report


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda results: results[1:], "one is missing"),
        (lambda results: (replaced(results[0], state="skipped"), *results[1:]), "one is skipped without a reason"),
        (lambda results: (replaced(results[0], state="failed"), *results[1:]), "one failed"),
        (lambda results: tuple(replaced(one, state="skipped", reason="no data") for one in results), "none was made"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_report_that_lacks_something_does_not_pass(report, change, says):
    assert not replaced(report, results=change(report.results)).passed


def test_a_failure_says_what_and_where():
    report = check_model(EMPTY, only=["described", "consistent"], registry=registry(EMPTY))
    assert (report.asked, report.ran, report.passed) == (2, 2, False)
    (described, consistent) = report.results
    assert consistent.state == "passed"
    assert described.message == "summary of quadrant.tiny should say something, and is empty"
    assert described.where == "spec.summary"
    assert described.why.startswith("Lists, cards")


def test_an_expected_failure_carries_its_reason_and_must_fail():
    reason = {"described": "it is to be described later"}
    report = check_model(EMPTY, only=["described"], expected_failures=reason, registry=registry(EMPTY))
    assert report.passed
    assert (report.results[0].state, report.results[0].reason) == ("expected", reason["described"])
    report = check_model(GOOD, only=["described"], expected_failures=reason, registry=registry(GOOD))
    assert not report.passed
    assert "passes: take it out of expected_failures" in report.results[0].message


def test_names_and_reasons_are_looked_at_first():
    with pytest.raises(UnknownName, match="did you mean described"):
        check_model(GOOD, expected_failures={"descibed": "a slip"}, registry=registry(GOOD))
    with pytest.raises(UnknownName, match="no check 'al'"):
        check_model(GOOD, only=["al"], registry=registry(GOOD))
    with pytest.raises(UsageError, match="needs a reason: say why 'described' fails"):
        parametrize_checks(GOOD, expected_failures={"described": " "}, registry=registry(GOOD))
    with pytest.raises(UnknownName, match="no model 'qadrant'; did you mean quadrant"):
        checks("qadrant", registry=registry(GOOD))


@pytest.mark.parametrize(
    ("error", "state", "message"),
    [
        (Skipped("no data today"), "skipped", ""),
        (Skipped(" "), "failed", "a check that is left out should say why"),
        (SystemExit("enough"), "failed", "SystemExit: enough"),
        (ValueError("two\nlines"), "failed", "ValueError: two lines"),
    ],
)
def test_whatever_a_plugin_raises_is_a_result(error, state, message):
    def body() -> None:
        raise error

    result = made(Check("any", "why", "quadrant.tiny", "", frozenset(), body, lambda: None))
    assert (result.state, result.message) == (state, message)
    assert state == "skipped" or result.where.startswith(f"{__file__}:") or result.where.startswith("tests/testing/test_kit.py:")


def test_data_that_cannot_be_had_skip_what_needs_them(monkeypatch, tmp_path):
    """Of the real MNIST, without a network and with an empty cache."""
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    monkeypatch.delenv("ZOO_MIRROR", raising=False)
    report = check_model("logreg.gd", only=["described", "gradients", "certificate"])
    states = {result.check: result for result in report.results}
    assert states["described"].state == "passed"
    for name in ("gradients", "certificate"):
        assert states[name].state == "skipped"
        assert "the data cannot be had" in states[name].reason
    assert report.passed


def test_one_failure_is_told_once():
    """What needs the file says that there is none, and why; it does not fail as well."""
    broken = replaced(GOOD, exports={"classifier": "tests.testing.models:branching"})
    report = check_model(broken, only=["exports", "certificate", "card"], registry=registry(broken))
    assert [result.state for result in report.results] == ["failed", "skipped", "skipped"]
    assert report.results[2].reason.startswith("there is no artifact: ")
    assert not report.passed


def test_result_is_frozen():
    with pytest.raises(AttributeError):
        Result(check="any", state="passed", seconds=0.0).state = "failed"  # type: ignore[misc]
