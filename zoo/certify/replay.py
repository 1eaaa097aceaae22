"""`zoo verify`: an artifact's certificate replayed with onnxruntime alone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from zoo.certify.certificate import Certificate, Tie
from zoo.certify.compare import changed_answers, largest_error
from zoo.errors import IntegrityError
from zoo.runtime.artifact import check
from zoo.runtime.model import open as open_model
from zoo.spec import Spec


class Replay(Spec):
    """What a replay found.

    Args:
        id: of the artifact.
        path: its folder.
        cases: replayed, at every level.
        levels: graph-optimisation levels.
        provider: that was used.
        errors: float output → largest absolute error against the golden answers.
        bounds: float output → the bound of the certificate.
        changed: exact answers that differ.
        problems: what fails; empty where it passes.
    """

    id: str
    path: str
    cases: int
    levels: tuple[str, ...]
    provider: str
    errors: dict[str, float]
    bounds: dict[str, float]
    changed: tuple[Tie, ...]
    problems: tuple[str, ...]

    @property
    def passed(self) -> bool:
        return not self.problems


def replay(folder: Path, *, provider: str = "cpu", threads: int | None = None) -> Replay:
    """Check the hashes of an artifact and replay its golden vectors at every optimisation level.

    Raises:
        IntegrityError: a file is not what the manifest says.
        DeviceError: the provider is not there.
    """
    check(folder)
    certificate = _certificate(folder)
    cases = _golden(folder, [case.name for case in certificate.cases])
    bounds = {name: bound.bound for name, bound in certificate.bounds.items()}
    errors = dict.fromkeys(bounds, 0.0)
    changed: list[Tie] = []
    for level in certificate.levels:
        model = open_model(folder, providers=(provider,), threads=threads, level=level)
        for name, arrays in cases.items():
            answers = model.answer({key: array for (kind, key, _), array in arrays.items() if kind == "in"})
            for output in bounds:
                errors[output] = max(errors[output], largest_error(answers[output], arrays["out", output, ""]))
            for (kind, output, source), margins in arrays.items():
                if kind == "margin":
                    golden = arrays["out", output, ""]
                    found = changed_answers(name, answers[output], golden, margins.__getitem__, bounds[source])
                    changed += [tie for tie in found if tie not in changed]
    return Replay(
        id=certificate.id,
        path=str(folder),
        cases=len(cases),
        levels=certificate.levels,
        provider=provider,
        errors=errors,
        bounds=bounds,
        changed=tuple(changed),
        problems=tuple(_problems(errors, bounds, changed)),
    )


def _problems(errors: dict[str, float], bounds: dict[str, float], changed: Sequence[Tie]) -> list[str]:
    problems = [
        f"{name} lies {error:.3g} from the golden answer; at most {bounds[name]:.3g} is allowed"
        for name, error in errors.items()
        if not error <= bounds[name]
    ]
    if unexplained := [tie for tie in changed if not tie.explained]:
        problems.append(f"{len(unexplained)} answers differ without a tie, the first in {unexplained[0].place}")
    return problems


def _certificate(folder: Path) -> Certificate:
    file = folder / "certificate.json"
    try:
        certificate = msgspec.json.decode(file.read_bytes(), type=Certificate)
    except msgspec.MsgspecError as error:
        raise IntegrityError(f"{file} is no certificate: {error}.") from error
    if certificate.problems:
        raise IntegrityError(f"{file} is the certificate of a model that failed: {certificate.problems[0]}.")
    return certificate


def _golden(folder: Path, names: Sequence[str]) -> dict[str, dict[tuple[str, str, str], np.ndarray]]:
    """Case → (kind, tensor, source) → array."""
    file = folder / "golden.npz"
    cases: dict[str, dict[tuple[str, str, str], np.ndarray]] = {name: {} for name in names}
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as stored:
            for key in stored.files:
                case, kind, tensor, *source = key.split(":")
                cases[case][kind, tensor, source[0] if source else ""] = stored[key]
    except (ValueError, KeyError, OSError, zipfile.BadZipFile, EOFError) as error:
        raise IntegrityError(f"{file} does not hold the vectors that its certificate names: {error}.") from error
    return cases
