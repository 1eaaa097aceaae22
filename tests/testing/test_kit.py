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


@pytest.mark.parametrize("place", ["zoo/mine", "site-packages/mine"])
def test_a_plugin_is_looked_at_wherever_it_lies(place, tmp_path, monkeypatch):
    """Below a folder called zoo, and beside what it calls: numpy, which is installed too."""
    (tmp_path / place).mkdir(parents=True)
    name = f"zoo_lying_{place[0]}"  # what is imported stays
    file = tmp_path / place / f"{name}.py"
    file.write_text("import numpy\n\n\ndef build(_):\n    return numpy.zeros(2).reshape(3, 'x')\n")
    monkeypatch.syspath_prepend(file.parent)
    broken = replaced(GOOD, build=f"{name}:build")
    report = check_model(broken, only=["seeded"], registry=registry(broken))
    assert report.results[0].where == f"{file}:5"


def test_a_batch_that_is_asked_is_bounded_by_its_bytes(monkeypatch):
    (check,) = (check for check in checks(GOOD, registry=registry(GOOD)) if check.name == "every-size")
    assert made(check).note == "asked of 1, 2, 7, 64 and 10,000 examples"
    monkeypatch.setattr("zoo.testing.answers.LIMIT", 50 * (16 + 16 + 4 * len("right")))  # pixels, probabilities, label
    bounded = made(check)
    assert bounded.state == "passed"
    assert bounded.note in {f"asked of 1, 2, 7 and {many} examples" for many in (50, 54)}  # others have four letters


@pytest.mark.parametrize("how", ["sys.exit()", "sys.exit('enough')", "os._exit(0)", "print('{}'); os._exit(0)"])
def test_a_module_that_ends_the_program_is_a_failure(how, tmp_path, monkeypatch):
    (tmp_path / "zoo_ending.py").write_text(f"import os, sys\n{how}\n")
    monkeypatch.syspath_prepend(tmp_path)
    broken = replaced(GOOD, build="zoo_ending:build")
    (result,) = check_model(broken, only=["import-light"], registry=registry(broken)).results
    assert result.state == "failed"
    if "sys.exit" in how:
        (built,) = check_model(broken, only=["seeded"], registry=registry(broken)).results
        assert built.where == f"{tmp_path / 'zoo_ending.py'}:2"
    assert (
        "importing zoo_ending ends the program: SystemExit(" if "sys.exit" in how else "it ended without a word"
    ) in result.message


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
