"""`zoo verify`: an artifact's certificate replayed with onnxruntime alone."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from zoo.certify import ranked
from zoo.certify.certificate import TIE, Certificate, Tie
from zoo.certify.compare import changed_answers, largest_error
from zoo.certify.exact import is_inside, is_ranked, rule_of
from zoo.certify.form import Vectors, read_proof
from zoo.certify.limits import SECONDS, bounded_memory
from zoo.certify.proof import Answer
from zoo.errors import IntegrityError, UsageError, ZooError
from zoo.runtime.artifact import ATTEMPTS, MANIFEST, Artifact, check
from zoo.runtime.manifest import Manifest
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
        examples: of the test split that PyTorch was asked again; none in a mere replay.
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
    examples: int = 0

    @property
    def passed(self) -> bool:
        return not self.problems

    @property
    def state(self) -> str:
        """`"passed"`, `"failed"`, or `"damaged"` where nothing could be replayed."""
        return "passed" if self.passed else "failed" if self.cases else "damaged"


def replay(folder: Path, *, provider: str = "cpu", threads: int | None = None) -> Replay:
    """Check the hashes of an artifact and the form of its certificate, and replay its golden vectors at every optimisation level,
    and at the highest with one thread.

    Where an export replaces the artifact meanwhile, the new one is replayed.

    Raises:
        IntegrityError: a file is not what the manifest says, or the certificate does not prove what one has to.
        DeviceError: the provider is not there.
        UsageError: `folder` is a bare `.onnx` file, which has no certificate.
    """
    if folder.is_file() and (folder.parent / MANIFEST).exists():
        folder = folder.parent
    if folder.is_file():
        raise UsageError(f"{folder} is a bare file without a certificate; verify takes the folder of an artifact.")
    artifact = check(folder)
    for _ in range(ATTEMPTS):
        try:
            # On other hardware the address space says nothing about the memory that is used.
            with bounded_memory() if provider == "cpu" else contextlib.nullcontext():
                found = _replayed(artifact, provider=provider, threads=threads)
        except ZooError:
            found = None
            if check(folder).manifest == artifact.manifest:
                raise
        if (now := check(folder)).manifest == artifact.manifest and found is not None:
            return found
        artifact = now
    raise IntegrityError(f"{folder} was replaced {ATTEMPTS} times while it was verified; it should stay as it is meanwhile.")


def _replayed(artifact: Artifact, *, provider: str, threads: int | None) -> Replay:
    """The replay of one artifact, unless another one takes its place meanwhile."""
    certificate, cases = read_proof(artifact)
    # What each level is asked with, the highest twice: with one thread, too.
    runs = dict.fromkeys([*((level, threads) for level in certificate.levels), (certificate.levels[-1], 1)])
    models = (open_model(artifact.folder, providers=(provider,), threads=several, level=level) for level, several in runs)
    asked = (partial(model.answer, seconds=SECONDS) for model in models)
    return compared(artifact, certificate, cases, asked, provider=provider, levels=certificate.levels)


def replay_answers(folder: Path, ask: Answer, *, runtime: str) -> Replay:
    """Hold what another runtime answers to the golden inputs of an artifact against its certificate, by the rules of `replay`.

    Args:
        folder: of the artifact.
        ask: the runtime: from inputs by name to outputs by name, of the manifest's dtypes; text as `str`.
        runtime: its name, which stands in the place of a provider.

    Raises:
        IntegrityError: a file is not what the manifest says, or the certificate does not prove what one has to.
    """
    artifact = check(folder)
    certificate, cases = read_proof(artifact)
    return compared(artifact, certificate, cases, [ask], provider=runtime, levels=())


def compared(
    artifact: Artifact,
    certificate: Certificate,
    cases: Mapping[str, Vectors],
    asked: Iterable[Answer],
    *,
    provider: str,
    levels: tuple[str, ...],
) -> Replay:
    """What is found when each of `asked` answers every golden case.

    Args:
        artifact: whose hashes were checked.
        certificate: its own.
        cases: name → golden vectors.
        asked: the same model, run in one way and another.
        provider: of the report.
        levels: of the report.
    """
    bounds = {name: bound.bound for name, bound in certificate.bounds.items()}
    limits = bounds | {name: hidden.bound for name, hidden in certificate.hidden.items()}
    errors = dict.fromkeys(bounds, 0.0)
    changed: list[Tie] = []
    inconsistent: dict[str, None] = {}
    for ask in asked:
        for name, case in cases.items():
            answers = ask(case.inputs)
            for output, bound in bounds.items():
                kept = ~case.close(artifact.manifest, output, bound)
                errors[output] = max(errors[output], _error(answers[output], case.outputs[output], kept))
            for output, source in case.sources.items():
                found = _changed(artifact.manifest, name, output, source, case, answers, limits[source])
                changed += [tie for tie in found if tie not in changed]
                if source not in answers:
                    continue
                rule = rule_of(artifact.manifest, output, answers[source])
                if rule is not None and not np.array_equal(answers[output], rule.decide(answers[source])):
                    inconsistent[f"{output} is not what {source} of the same run say ({name})"] = None
    return Replay(
        id=certificate.id,
        path=str(artifact.folder),
        cases=len(cases),
        levels=levels,
        provider=provider,
        errors=errors,
        bounds=bounds,
        changed=tuple(changed),
        problems=(*_problems(errors, bounds, changed), *inconsistent),
    )


def damaged(name: str, path: Path, error: IntegrityError, *, provider: str = "cpu") -> Replay:
    """What is reported of an artifact that could not be replayed.

    Args:
        name: by which it was asked for.
        path: its folder.
        error: why.
        provider: that was to be used.
    """
    sentence = str(error.args[0])
    return Replay(
        id=name, path=str(path), cases=0, levels=(), provider=provider, errors={}, bounds={}, changed=(), problems=(sentence,)
    )


def _error(ours: np.ndarray, golden: np.ndarray, kept: np.ndarray) -> float:
    """Largest error of the examples that are not another answer's."""
    return largest_error(ours[kept], golden[kept]) if ours.shape == golden.shape else float("inf")


def _changed(
    manifest: Manifest, name: str, output: str, source: str, case: Vectors, answers: dict[str, np.ndarray], bound: float
) -> list[Tie]:
    """The exact answers that differ from the golden ones, each with the gap to the answer that was given instead."""
    ours, scores = answers[output], case.outputs[source]

    rule = rule_of(manifest, output, scores)

    inside = is_inside(manifest, output, scores)

    def gaps(at: np.ndarray) -> np.ndarray:
        if rule is not None:
            return rule.gaps(scores[at], ours[at])
        if is_ranked(manifest, output, scores):
            return ranked.gaps(scores[at], case.outputs[output][at], ours[at])
        # Only the head that made another kind of answer knows what scores it has; without it no difference is explained.
        return case.margins[output][at] if inside else np.full(len(at), np.inf)

    return changed_answers(name, ours, case.outputs[output], gaps, max(bound, TIE / 2) if inside else bound)


def _problems(errors: dict[str, float], bounds: dict[str, float], changed: Sequence[Tie]) -> list[str]:
    problems = [
        f"{name} lies {error:.3g} from the golden answer; at most {bounds[name]:.3g} is allowed"
        for name, error in errors.items()
        if not error <= bounds[name]
    ]
    if unexplained := [tie for tie in changed if not tie.explained]:
        problems.append(f"{len(unexplained)} answers differ without a tie, the first in {unexplained[0].place}")
    return problems
