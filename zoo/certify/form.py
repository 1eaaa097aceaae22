"""The form of a certificate and of its golden vectors: whoever made them, they must prove what they claim to.

Only what PyTorch alone knows (its own float32 error) is believed. `golden.npz` is read as a stranger's file.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from zoo.certify import ranked
from zoo.certify.certificate import CONTRACT, TIE, Certificate, close_share, error_bound, hidden_bound
from zoo.certify.exact import is_inside, is_ranked, rule_of
from zoo.errors import IntegrityError, UsageError
from zoo.runtime.artifact import CERTIFICATE, GOLDEN, Artifact
from zoo.runtime.manifest import Manifest
from zoo.runtime.session import LEVELS
from zoo.runtime.tensors import checked

GOLDEN_LIMIT = 256 * 2**20
"""Bytes that `golden.npz` may unpack to: half a megabyte of zeros can become as much as the machine has."""
Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Vectors:
    """One golden case.

    Args:
        inputs: raw arrays, as the manifest has them.
        outputs: float64 for a float output, or one that only an exact output follows from; `str` for a text.
        sources: exact output → the float it follows from.
        margins: exact output → by how much its answer was preferred to the next best, [batch]. Where floats say that themselves,
            they are believed instead.
    """

    inputs: Arrays
    outputs: Arrays
    sources: dict[str, str]
    margins: Arrays

    def close(self, manifest: Manifest, source: str, bound: float) -> np.ndarray:
        """Which examples hung on a decision within the model that rounding may turn, so that `source` may be another answer's:
        bool [batch].

        Args:
            manifest: of the artifact.
            source: a float.
            bound: its error bound.
        """
        found = np.zeros(len(self.outputs[source]), bool)
        for output, name in self.sources.items():
            if name == source and is_inside(manifest, output, self.outputs[source]):
                found |= self.margins[output] < 2 * max(bound, TIE / 2)
        return found

    def hanging(self, manifest: Manifest, source: str, bound: float) -> np.ndarray:
        """How much of each example hangs on rounding: of names in the order of `source` the share of their places, of all else
        everything or nothing (`close`); float64 [batch]."""
        scores = self.outputs[source]
        if any(name == source and is_ranked(manifest, output, scores) for output, name in self.sources.items()):
            return ranked.close(scores, bound)
        return self.close(manifest, source, bound).astype(np.float64)


def read_proof(artifact: Artifact) -> tuple[Certificate, dict[str, Vectors]]:
    """The certificate of an artifact whose hashes were checked, and case → golden vectors.

    Raises:
        IntegrityError: the certificate is none, is of a failure, or leaves out something of what one has to prove; or the
            vectors are not those that it names.
    """
    certificate = _certificate(artifact)
    where = artifact.folder / GOLDEN
    cases = _cases(where, _unpacked(where, artifact.golden))
    shapes = {case.name: case.shapes for case in certificate.cases}
    if cases.keys() != shapes.keys():
        names = sorted(cases.keys() ^ shapes.keys())
        raise IntegrityError(f"{where} does not hold the cases that its certificate names; they differ in {_listed(names)}.")
    for name, case in cases.items():
        if not name.isprintable() or len(name) > 80:
            raise IntegrityError(f"{where} holds a case called {_listed([name])}; a name should be short.")
        if {key: array.shape for key, array in case.inputs.items()} != shapes[name]:
            raise IntegrityError(f"{where} does not hold inputs of the shapes that its certificate gives for {name}.")
        _check_case(where, name, case, artifact.manifest, certificate)
    _check_close(where, cases.values(), artifact.manifest, certificate)
    return certificate, cases


def _certificate(artifact: Artifact) -> Certificate:
    file, manifest = artifact.folder / CERTIFICATE, artifact.manifest
    try:
        certificate = msgspec.json.decode(artifact.certificate, type=Certificate)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise IntegrityError(f"{file} is no certificate: {error}.") from error
    if certificate.problems:
        raise IntegrityError(f"{file} is the certificate of a model that failed: {_listed(certificate.problems, 1)}.")
    if wrong := _missing(certificate, manifest) or _contradicted(certificate, manifest):
        raise IntegrityError(f"{file} does not prove what a certificate has to: {wrong}.")
    return certificate


def _missing(certificate: Certificate, manifest: Manifest) -> str | None:
    """What a certificate leaves out of what one has to prove, in a clause."""
    floats = {tensor.name for tensor in manifest.outputs if tensor.dtype == "float32"}
    if certificate.contract != CONTRACT:
        return f"it has contract {certificate.contract}; this zoo reads contract {CONTRACT}"
    if certificate.id != manifest.id:
        return f"it is of {_listed([certificate.id])}, not of {manifest.id}"
    if certificate.levels != tuple(LEVELS):
        return f"it covers the levels {_listed(certificate.levels) or 'none'}, not {', '.join(LEVELS)}"
    if "cpu" not in certificate.providers:
        return "it leaves out the CPU"
    if not certificate.cases or len({case.name for case in certificate.cases}) < len(certificate.cases):
        return "it should have at least one case, each with a name of its own"
    if certificate.bounds.keys() != floats:
        return f"it bounds {_listed(certificate.bounds) or 'nothing'}, not {', '.join(sorted(floats))}"
    if clash := certificate.hidden.keys() & {tensor.name for tensor in manifest.outputs}:
        return f"it calls {_listed(sorted(clash))} hidden, which the model answers"
    for name, hidden in certificate.hidden.items():
        right = hidden_bound(hidden.torch_error, hidden.golden_max)
        if min(hidden.torch_error, hidden.golden_max) < 0 or hidden.bound != right or not math.isfinite(right):
            return f"the bound of {_listed([name])} is {hidden.bound:g}, which should be {right:g}"
    for name, bound in certificate.bounds.items():
        right = error_bound(bound.torch_error, bound.golden_max)
        if min(bound.torch_error, bound.golden_max) < 0 or bound.bound != right or not math.isfinite(right):
            return f"the bound of {name} is {bound.bound:g}, which should be {right:g}"
        if not bound.passed:
            return f"{name} lies {bound.onnxruntime_error:g} from the golden answer, beyond its bound"
    return None


def _contradicted(certificate: Certificate, manifest: Manifest) -> str | None:
    """What a certificate says that the manifest does not, or that it contradicts itself in, in a clause."""
    for what, theirs, ours in (
        ("data", certificate.dataset_sha256, manifest.dataset.sha256),
        ("a recipe", certificate.recipe_sha256, manifest.recipe_sha256),
    ):
        if theirs not in (None, ours):
            return f"it is of {what} with the hash {_listed([theirs])}, not {ours}"
    if not all(proof.holds for proof in certificate.proofs):
        return "it says itself that something does not hold"
    stored = certificate.stored
    if (stored.precision if stored else "fp32") != manifest.precision:
        return f"it is of weights in {_listed([stored.precision]) if stored else 'fp32'}, not in {manifest.precision}"
    if stored and not (stored.loss <= stored.allowed and stored.size > 0 and stored.numbers > 0 and stored.size_before > 0):
        return "its model costs more of its task than was allowed, or has no size"
    if stored and stored.loss != (stored.value_before - stored.value) * (1 if stored.higher_is_better else -1):
        return "the loss of its metric is not the difference of what was and what is"
    if stored and not all(speed.batch >= 1 and 0 < speed.low <= speed.ratio <= speed.high < math.inf for speed in stored.speeds):
        return "a speed in it lies outside its own interval"
    return None


def _listed(names: Iterable[str], most: int = 4) -> str:
    """A stranger's names in a few characters that a terminal can show."""
    names = list(names)
    shown = [name if name.isprintable() and len(name) <= 200 else f"{ascii(name)[:200]}…" for name in names[:most]]
    return ", ".join(shown) + (f" and {len(names) - most} more" if len(names) > most else "")


def _unpacked(where: Path, content: bytes) -> Arrays:
    """Every array of an `.npz`, none of them objects."""
    size = 0
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
            names = archive.namelist()
        if size <= GOLDEN_LIMIT and len(set(names)) == len(names):
            with np.load(io.BytesIO(content), allow_pickle=False) as stored:
                return {name: stored[name] for name in stored.files}
    # zipfile, zlib and numpy's parser of headers have no common error, and a huge shape is a MemoryError.
    except Exception as error:
        raise IntegrityError(
            f"{where} does not hold the vectors that its certificate names: {_listed([str(error) or type(error).__name__])}."
        ) from error
    if size > GOLDEN_LIMIT:
        raise IntegrityError(
            f"{where} would unpack to {size:,} bytes, more than the {GOLDEN_LIMIT:,} that golden vectors may take."
        )
    raise IntegrityError(f"{where} holds two arrays of one name.")


def _cases(where: Path, arrays: Mapping[str, np.ndarray]) -> dict[str, Vectors]:
    """`case:in:name`, `case:out:name` and `case:margin:name:source`, by case."""
    cases: dict[str, Vectors] = {}
    for key, array in arrays.items():
        parts = key.split(":")
        vectors = cases.setdefault(parts[0], Vectors({}, {}, {}, {}))
        match parts[1:]:
            case ["in", name]:
                vectors.inputs[name] = array
            case ["out", name]:
                vectors.outputs[name] = array
            case ["margin", name, source]:
                vectors.sources[name], vectors.margins[name] = source, array
            case _:
                raise IntegrityError(f"{where} holds an array {_listed([key])}, which no certificate names.")
    return cases


def _check_case(where: Path, name: str, case: Vectors, manifest: Manifest, certificate: Certificate) -> None:
    """The vectors of a case are the manifest's inputs and outputs, and its exact answers follow from its scores."""
    try:
        batch = {len(array) for array in checked(manifest.id, manifest.inputs, case.inputs).values()}
    except (UsageError, TypeError) as error:
        raise IntegrityError(f"{where} holds inputs for {name} that do not fit: {error}") from error
    outputs = {tensor.name: tensor for tensor in manifest.outputs}
    exact = {output for output, tensor in outputs.items() if tensor.dtype != "float32"}
    if case.outputs.keys() != {*outputs, *certificate.hidden} or case.sources.keys() != exact:
        raise IntegrityError(f"{where} does not hold an answer to {name} for each of {', '.join(outputs)}.")
    if 0 in batch:
        raise IntegrityError(f"{where} holds no examples for {name}.")
    for source, hidden in certificate.hidden.items():
        array = case.outputs[source]
        fits = array.ndim > 0 and {len(array)} == batch
        if not fits or array.dtype.kind != "f" or not np.abs(array).max(initial=0) <= hidden.golden_max:  # NaN is not
            raise IntegrityError(f"{where} holds other values for {name} and {source} than its certificate gives.")
    for output, tensor in outputs.items():
        array = case.outputs[output]
        kind: Any = "f" if output not in exact else "U" if tensor.dtype == "string" else "biu"
        if array.dtype.kind not in kind or array.ndim != len(tensor.shape):
            raise IntegrityError(f"{where} holds an answer for {name} and {output} of another type: {array.dtype} {array.shape}.")
        if output not in exact and not np.abs(array).max(initial=0) <= certificate.bounds[output].golden_max:  # NaN is not
            raise IntegrityError(f"{where} holds answers for {name} and {output} beyond the largest that its certificate gives.")
    _check_exact(where, name, case, manifest, certificate, batch)


def _check_exact(where: Path, name: str, case: Vectors, manifest: Manifest, certificate: Certificate, batch: set[int]) -> None:
    """Each exact answer follows from floats, or is said how close it was."""
    for output, source in case.sources.items():
        if source not in certificate.bounds and source not in certificate.hidden:
            raise IntegrityError(f"{where} says that {output} follows from {_listed([source])}, which is no float output.")
        if is_ranked(manifest, output, case.outputs[source]) and (wrong := ranked.flaw(case.outputs[source], case.outputs[output])):
            raise IntegrityError(f"{where} holds for {name} and {output} {wrong}.")
        rule = rule_of(manifest, output, case.outputs[source])
        margins = case.margins[output]
        inside = is_inside(manifest, output, case.outputs[source])
        if inside and (margins.dtype.kind != "f" or {margins.shape} != {(size,) for size in batch} or not (margins >= 0).all()):
            raise IntegrityError(f"{where} does not say for {name} how close each decision of {output} was.")
        if rule is not None and not np.array_equal(case.outputs[output], rule.decide(case.outputs[source])):
            raise IntegrityError(f"{where} holds answers for {name} that contradict each other: {output} is not what {source} say.")


def _check_close(where: Path, cases: Collection[Vectors], manifest: Manifest, certificate: Certificate) -> None:
    """Most golden answers must be sure: where rounding may turn them all, none proves anything."""
    share = close_share(manifest.precision)
    limits = {name: bound.bound for name, bound in (certificate.bounds | certificate.hidden).items()}
    for source, limit in limits.items():
        found = [case.hanging(manifest, source, limit) for case in cases]
        near, examples = sum(float(hanging.sum()) for hanging in found), sum(map(len, found))
        if near > share * examples:
            raise IntegrityError(
                f"{where} proves little: {near:.0f} of its {examples} answers that give {source} hang on rounding."
            )
