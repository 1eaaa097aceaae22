"""The page about the kit says what is true now, and the verb does what it says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from zoo.cli.main import cli
from zoo.errors import UnknownName, ZooError
from zoo.testing.kit import CONTRACT

ROOT = Path(__file__).parents[2]
QUICK = ["--only", "described", "--only", "seeded"]


def test_its_table_is_fresh():
    done = subprocess.run([sys.executable, "tools/plugin_kit.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def asked(*arguments: str):
    return CliRunner().invoke(cli, ["check", *arguments], standalone_mode=False)


def test_a_table_for_each_model():
    found = asked("camera.hand", "camera.trained", *QUICK)
    assert found.exception is None
    assert found.stdout.count("2 of 2 checks were made, 0 failed, 0 skipped.") == 2
    assert [line.split()[:2] for line in found.stdout.splitlines() if line.startswith("described")] == [["described", "passed"]] * 2


def test_json_on_stdout_and_in_a_file(tmp_path):
    found = asked("camera", *QUICK, "--json", "--output", str(tmp_path / "new" / "report.json"))
    reports = json.loads(found.stdout)
    assert reports == json.loads((tmp_path / "new" / "report.json").read_text())
    assert [report["model"] for report in reports] == ["camera.hand", "camera.trained", "camera.trained-stable"]
    assert all(report["passed"] and report["ran"] == 2 and len(report["results"]) == 2 for report in reports)


def test_quiet_names_what_passes():
    assert asked("camera*", *QUICK, "-q").stdout.split() == ["camera.hand", "camera.trained", "camera.trained-stable"]


def test_a_failure_is_the_exit_code_and_its_reason_stands_below_the_table(monkeypatch, tmp_path):
    from zoo.testing import kit

    def broken(subject):
        raise kit.Failed(f"{subject.declared.id} should be whole, and is broken", where="spec.build")

    declared = CONTRACT[0]._replace(body=broken)
    monkeypatch.setattr(kit, "CONTRACT", (declared, *CONTRACT[1:]))
    found = asked("camera.hand", *QUICK, "--output", str(tmp_path / "report.json"))
    assert isinstance(found.exception, ZooError)
    assert found.exception.exit_code == 1
    assert str(found.exception) == "1 of 1 models do not pass: camera.hand (described)."
    assert "described: camera.hand should be whole, and is broken\n  why it matters: Lists" in found.stdout
    assert "  where to look: spec.build" in found.stdout
    assert json.loads((tmp_path / "report.json").read_text())[0]["passed"] is False


def test_a_report_that_cannot_be_written_is_told_before_anything_is_checked(monkeypatch, tmp_path):
    from zoo import testing

    monkeypatch.setattr(testing, "check_model", lambda *_, **__: pytest.fail("checked first"))
    (tmp_path / "file").touch()
    found = asked("camera.hand", *QUICK, "--output", str(tmp_path / "file" / "report.json"))
    assert isinstance(found.exception, OSError)
    assert found.stdout == ""


@pytest.mark.parametrize(("arguments", "near"), [(("camra",), "camera"), (("camera", "--only", "seded"), "seeded")])
def test_names_that_are_none(arguments, near):
    found = asked(*arguments)
    assert isinstance(found.exception, UnknownName)
    assert near in found.exception.near
