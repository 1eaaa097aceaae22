"""`zoo verify --deep`: what an artifact's certificate rests on computed anew, by PyTorch and on the whole test split."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from zoo.certify.certificate import Certificate, metric_slack
from zoo.certify.form import read_proof
from zoo.certify.replay import Replay
from zoo.errors import DataError
from zoo.exporting.source import run_of, source_of
from zoo.exporting.trained import Trained, certified, subject_of
from zoo.exporting.verdict import rounded_as
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.runtime.artifact import GOLDEN, MODEL, Artifact, check
from zoo.runtime.manifest import Manifest
from zoo.spec import replaced
from zoo.training.run import now

LOOSE = 4
"""Times the error bound that PyTorch has now: on another machine its own float32 error is another one, but not by more."""
TURNED = 2
"""Decisions that another machine's float32 may turn beside those that are listed."""
SAME = 1e-9
"""Of the largest golden answer: two float64 runs of one network may differ by so much, as sums are made in another order on another
machine."""


def certify_again(folder: Path, runs: Sequence[Path], *, provider: str, registry: Registry, progress: Progress) -> Replay:
    """Compute everything that an artifact's certificate rests on once more: golden answers, bounds, the whole test split.

    Args:
        folder: of the artifact, which was replayed before.
        runs: folders in which the run it came from is looked for.
        provider: of onnxruntime, certified beside the CPU.
        registry: of models and data.
        progress: who is told.

    Raises:
        UsageError: the run is in none of `runs`.
        DataError: the data are no longer those that it was certified on.
        IntegrityError: a file is damaged.
    """
    artifact = check(folder)
    found = certified_again(artifact, runs, provider=provider, registry=registry, progress=progress)
    certificate = found.certificate
    return Replay(
        id=artifact.manifest.id,
        path=str(folder),
        cases=len(certificate.cases),
        levels=certificate.levels,
        provider=provider,
        errors={name: bound.onnxruntime_error for name, bound in certificate.bounds.items()},
        bounds={name: bound.bound for name, bound in certificate.bounds.items()},
        changed=(*certificate.changed, *certificate.audit.changed),
        problems=(
            *certificate.problems,
            *_golden_problems(artifact.golden, found.golden),
            *_certificate_problems(found.before, certificate),
        ),
        examples=certificate.audit.examples,
    )


class Again(NamedTuple):
    """What was made anew of an artifact: from what, its certificate, passed or not, and the bytes of its `golden.npz`; and the
    certificate that it has."""

    trained: Trained
    certificate: Certificate
    golden: bytes
    before: Certificate


def certified_again(artifact: Artifact, runs: Sequence[Path], *, provider: str, registry: Registry, progress: Progress) -> Again:
    """Certify an artifact's file anew; see `certify_again`."""
    manifest = artifact.manifest
    before, _ = read_proof(artifact)
    trained = _trained(manifest, runs, registry, progress)
    if trained.dataset.sha256 != manifest.dataset.sha256:
        raise DataError(
            f"{manifest.id} was certified on other data {manifest.dataset.id} ({manifest.dataset.sha256[:12]}) than there are now "
            f"({trained.dataset.sha256[:12]})."
        )
    trained = replace(trained, module=rounded_as(trained, manifest.precision, progress))
    graph = trained.graph(manifest.variant)
    subject = subject_of(
        trained,
        manifest.variant,
        artifact_id=manifest.id,
        graph=graph,
        path=artifact.folder / MODEL,
        outputs=trained.spec.export(manifest.variant).outputs,
        precision=manifest.precision,
    )
    certificate, golden = certified(trained, subject, graph, providers=(provider,), created=now(), progress=progress)
    # A recipe in words of another version has another hash.
    kept = {"stored": before.stored, "recipe_sha256": manifest.recipe_sha256}
    return Again(trained, replaced(certificate, **kept), golden, before)


def _trained(manifest: Manifest, runs: Sequence[Path], registry: Registry, progress: Progress) -> Trained:
    """What the artifact was exported from."""
    if manifest.run is not None:
        found = run_of(manifest, runs)
        return source_of(None, found.path, runs[0], registry, progress)
    base = registry.model(manifest.base)
    tag = manifest.id.split(".")[1]
    return source_of(
        base.id, None, runs[0], registry, progress, changes=manifest.config or {}, name=None if tag == base.tag else tag
    )


def _certificate_problems(before: Certificate, after: Certificate) -> list[str]:
    """What a certificate says and a new one does not, in clauses. Numbers may differ as two machines do; how errors and margins are
    spread, and the page and its picture, are not compared."""
    found = []
    for name, bound in after.bounds.items():
        if not before.bounds[name].bound <= LOOSE * bound.bound:
            found.append(
                f"its certificate allows an error of {before.bounds[name].bound:.2g} in {name}, PyTorch's own {bound.bound:.2g}"
            )
    examples = after.audit.examples
    if before.audit.examples != examples:
        found.append(f"its certificate is of {before.audit.examples:,} examples, where there are {examples:,}")
    changed = len(before.audit.changed) + len(after.audit.changed) + TURNED
    for theirs, ours in (
        (before.audit.torch_metrics, after.audit.torch_metrics),
        (before.audit.onnxruntime_metrics, after.audit.onnxruntime_metrics),
    ):
        for name in sorted({*theirs, *ours}):
            one, other = theirs.get(name, math.nan), ours.get(name, math.nan)
            if not abs(one - other) <= metric_slack(name, other, changed, examples):
                found.append(f"its certificate gives {name} as {one:.6g}, where it is {other:.6g}")
    if [_wording(proof.claim) for proof in before.proofs] != [_wording(proof.claim) for proof in after.proofs] and before.proofs:
        found.append("its certificate claims something else than what was proven now")
    return found


def _wording(claim: str) -> str:
    """A claim without its figures."""
    return re.sub(r"[\d.,e+-]*\d", "#", claim)


def _golden_problems(before: bytes, after: bytes) -> list[str]:
    """How the golden vectors differ from those that PyTorch gives now, in clauses."""
    with np.load(io.BytesIO(before)) as theirs, np.load(io.BytesIO(after)) as ours:
        if set(theirs.files) != set(ours.files):
            return [f"{GOLDEN} holds other cases than its model has now"]
        found = []
        for name in ours.files:
            one, other = theirs[name], ours[name]
            if one.shape != other.shape or one.dtype.kind != other.dtype.kind:
                same = False
            elif one.dtype.kind == "f":
                limit = SAME * max(1.0, float(np.abs(other).max(initial=0)))
                same = bool((np.abs(one.astype(np.float64) - other) <= limit).all() | np.array_equal(one, other))
            else:
                same = np.array_equal(one, other)
            if not same:
                case, kind, *rest = name.split(":")
                what = {"in": "asks for", "out": "answers", "margin": "decides by"}[kind]
                found.append(f"in the case {case} {GOLDEN} {what} another {rest[0]} than PyTorch does now")
        return found
