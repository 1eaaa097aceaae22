"""The contract: every check in order, made one by one, or as the tests of a plugin."""

from __future__ import annotations

import sysconfig
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import zoo
from zoo.api import SILENT
from zoo.errors import UnknownName, UsageError
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.registry import registry as default_registry
from zoo.spec import ModelSpec
from zoo.testing import answers, exporting, forward, importing, spec, training
from zoo.testing.check import Check, Declared, Failed, Report, Result, Skipped, place
from zoo.testing.subject import Subject

CONTRACT: tuple[Declared, ...] = (
    *spec.CHECKS,
    *importing.CHECKS,
    *forward.CHECKS,
    *training.CHECKS,
    *exporting.CHECKS,
    *answers.CHECKS,
)
"""All checks, what is quick and basic first: what fails early explains what fails later."""


def checks(model: str | ModelSpec, *, registry: Registry | None = None) -> tuple[Check, ...]:
    """Every check of a model, in order; together they share one short run and one artifact.

    Args:
        model: id or architecture, or a spec that need not be registered.
        registry: where its data set is; that of this process by default.

    Raises:
        UnknownName: there is no such model.
    """
    found = registry or default_registry()
    declared = found.model(model) if isinstance(model, str) else model
    subject, packages = Subject(declared, found), _packages(declared)
    return tuple(
        Check(one.name, one.why, declared.id, one.unless(declared), one.needs, partial(one.body, subject), subject.clear, packages)
        for one in CONTRACT
    )


def _packages(spec: ModelSpec) -> frozenset[str]:
    """The top-level packages of the plugin that declares a model."""
    return frozenset(
        str(name).partition(":")[0].partition(".")[0] for name in (type(spec.config).__module__, spec.build, spec.task)
    )


def check_model(
    model: str | ModelSpec,
    *,
    expected_failures: Mapping[str, str] = {},
    only: Sequence[str] = (),
    progress: Progress = SILENT,
    registry: Registry | None = None,
) -> Report:
    """Make every check of a model.

    Args:
        model: id or architecture, or a spec that need not be registered.
        expected_failures: name of a check → why it fails; one that passes all the same is a failure.
        only: names of checks; none given, all.
        progress: who is told.
        registry: where its data set is; that of this process by default.

    Raises:
        UnknownName: there is no such model or check.
        UsageError: a failure is expected without a reason.
    """
    _known((*expected_failures, *only))
    _reasoned(expected_failures)
    chosen = [check for check in checks(model, registry=registry) if not only or check.name in only]
    results = []
    with progress.bar(f"check {chosen[0].model}", len(chosen), unit="checks") as advance:
        for check in chosen:
            results.append(made(check, expected_failures.get(check.name, "")))
            advance(1, detail=check.name)
    return Report(model=chosen[0].model, asked=len(set(only)) or len(CONTRACT), results=tuple(results))


def made(check: Check, expected: str = "") -> Result:
    """What comes of a check.

    Args:
        check: is made now.
        expected: why it fails; empty where it should pass.
    """
    start = time.perf_counter()

    def result(state: Any, **said: str) -> Result:
        return Result(check=check.name, state=state, seconds=round(time.perf_counter() - start, 3), **said)

    try:
        note = check()
    except Skipped as skipped:
        if not str(skipped).strip():
            return result(
                "failed", message="a check that is left out should say why", why=check.why, where=_where(skipped, check.packages)
            )
        return result("skipped", reason=str(skipped))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may raise anything, and the other checks are still to be made
        said = error.message if isinstance(error, Failed) else f"{type(error).__name__}: {error}"
        where = error.where if isinstance(error, Failed) else _where(error, check.packages)
        state = "expected" if expected else "failed"
        return result(state, message=" ".join(said.split()), why=check.why, where=where, reason=expected)
    if expected:
        said = f"it was expected to fail ({expected}), and passes: take it out of expected_failures"
        return result("failed", message=said, why=check.why, where="expected_failures")
    return result("passed", note=note or "")


def parametrize_checks(
    model: str | ModelSpec,
    *,
    expected_failures: Mapping[str, str] = {},
    registry: Registry | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a pytest test of each check: the function below it takes `check` and calls it.

        @parametrize_checks("my.model", expected_failures={"gradients": "its first layer is frozen by hand"})
        def test_my_model(check):
            check()

    Args:
        model: id or architecture, or a spec.
        expected_failures: name of a check → why it fails; pytest's strict xfail.
        registry: where its data set is; that of this process by default.

    Raises:
        UnknownName: there is no such model or check.
        UsageError: a failure is expected without a reason.
    """
    import pytest

    _known(expected_failures)
    _reasoned(expected_failures)
    parameters = []
    for check in checks(model, registry=registry):
        marks = [pytest.mark.skip(reason=check.reason)] if not check.applies else []
        if reason := expected_failures.get(check.name):
            marks.append(pytest.mark.xfail(reason=reason, strict=True))
        parameters.append(pytest.param(check, id=check.name, marks=marks))
    return pytest.mark.parametrize("check", parameters)


def _known(names: Sequence[str] | Mapping[str, str]) -> None:
    known = [declared.name for declared in CONTRACT]
    for name in names:
        if name not in known:
            raise UnknownName("check", name, known, hint="zoo check camera.hand, which shows them all")


def _reasoned(expected_failures: Mapping[str, str]) -> None:
    for name, reason in expected_failures.items():
        if not reason.strip():
            raise UsageError(f"An expected failure needs a reason: say why {name!r} fails.")


def _where(error: BaseException, packages: frozenset[str]) -> str:
    """The innermost place of an error, and of what caused it, that lies in a plugin; else in what is neither zoo's, Python's nor
    installed; else of all."""
    frames = []
    cause: BaseException | None = error
    while cause:
        frames += [
            (frame.f_code.co_filename, line, str(frame.f_globals.get("__name__")))
            for frame, line in traceback.walk_tb(cause.__traceback__)
        ]
        cause = cause.__cause__
    plugin = [frame for frame in frames if frame[2].partition(".")[0] in packages - {"zoo"}]
    foreign = [Path(zoo.__file__).parent, *map(Path, (sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")))]
    others = [frame for frame in frames if not frame[0].startswith("<") and not any(map(Path(frame[0]).is_relative_to, foreign))]
    file, line, _ = (plugin or others or frames)[-1]
    return place(file, line)
