"""Artifacts on disk: which folder a name means, and whether its files are what its manifest says."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from zoo.errors import IntegrityError, UnknownName
from zoo.runtime.manifest import Manifest, parse

MODEL = "model.onnx"
MANIFEST = "zoo.json"
CERTIFICATE = "certificate.json"
GOLDEN = "golden.npz"
HASHED = {MODEL: "model_sha256", CERTIFICATE: "certificate_sha256", GOLDEN: "golden_sha256"}
MOST = 2**31 - 1
"""Bytes of a file that is read: no protobuf has more, and the whole of it lies in memory."""
LIMITS = {MANIFEST: 64 * 2**20, CERTIFICATE: 64 * 2**20, GOLDEN: 256 * 2**20}
ATTEMPTS = 20
"""Times that an artifact is read anew when an export puts another one in its place meanwhile."""


@dataclass(frozen=True)
class Artifact:
    """A folder whose files have the hashes that its manifest gives.

    Args:
        folder: where it lies.
        manifest: its `zoo.json`.
        model: the bytes of `model.onnx` that were checked, so that what is loaded is what was checked.
        certificate: those of `certificate.json`.
        golden: those of `golden.npz`.
    """

    folder: Path
    manifest: Manifest
    model: bytes
    certificate: bytes
    golden: bytes


def list_artifacts(folders: Sequence[Path]) -> dict[str, Path]:
    """Id → folder of every artifact in `folders`, sorted by id; of two with one id the one in the earlier folder.

    One that lost its model or its manifest is still listed, so that whoever goes through all of them meets the damage.
    """
    found: dict[str, Path] = {}
    for folder in folders:
        if folder.is_dir():
            for inner in folder.iterdir():
                # A hidden folder is one that an export is still filling.
                if not inner.name.startswith(".") and ((inner / MANIFEST).exists() or (inner / MODEL).exists()):
                    found.setdefault(inner.name, inner)
    return dict(sorted(found.items()))


def find(name: str, folders: Sequence[Path]) -> Path:
    """The artifact that `name` means.

    Args:
        name: an id, looked for as `folder/<id>` in the order of `folders`; else the path of an artifact's folder or of an
            `.onnx` file.
        folders: where ids are looked for.

    Returns:
        The artifact's folder, or the path of a bare `.onnx` file.

    Raises:
        UnknownName: there is none; the message says where it was looked for, with near matches.
        IntegrityError: `name` is a folder without a `model.onnx`, or an id whose folder holds a model with another id.
    """
    known = list_artifacts(folders)
    if name in known:
        return _with_id(known[name])
    path = Path(name)
    if (path / MODEL).exists() or path.is_file():
        return path
    if path.is_dir():
        raise IntegrityError(f"{path} is no artifact: it holds no {MODEL}.")
    if "/" in name or "\\" in name or name.endswith(".onnx"):
        raise UnknownName("file or folder", name, [str(folder) for folder in known.values()])
    places = " or ".join(dict.fromkeys(str(folder) for folder in folders))
    error = UnknownName(f"artifact in {places} called" if places else "artifact", name, known)
    error.hint = None if error.near else f"zoo export {name}"  # a name that was misspelt is not to be exported
    raise error


def _with_id(folder: Path) -> Path:
    """The folder, if its manifest bears the id that its name promises: who asks for one model must not be given another."""
    manifest = parse(read_inside(folder, MANIFEST), where=str(folder / MANIFEST))
    if manifest.id != folder.name:
        raise IntegrityError(f"{folder} holds the model {manifest.id}, not {folder.name}.")
    return folder


def check(folder: Path) -> Artifact:
    """Read an artifact and compare the SHA-256 of every file with its manifest.

    Where an export replaces it meanwhile, the old one or the new one is read, whole.

    Raises:
        IntegrityError: a file is missing, changed, too large, no plain file, or a link that leads out of the folder; the manifest
            is malformed; the certificate is of another model, or did not pass; or the graph keeps data in another file.
    """
    for attempt in range(ATTEMPTS):
        before = _identity(folder)
        try:
            return _check(folder)
        except (IntegrityError, FileNotFoundError):
            if attempt + 1 == ATTEMPTS or before == _identity(folder) is not None:
                raise
        time.sleep(0.005)  # where folders cannot be exchanged in one step, there is none for a moment
    raise AssertionError


def _identity(folder: Path) -> tuple[int, int, int] | None:
    """What tells a folder from one that takes its place."""
    try:
        found = folder.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_ctime_ns


def _check(folder: Path) -> Artifact:
    manifest = parse(read_inside(folder, MANIFEST), where=str(folder / MANIFEST))
    contents = {name: read_inside(folder, name) for name in HASHED}
    for name, field in HASHED.items():
        expected, found = getattr(manifest, field), hashlib.sha256(contents[name]).hexdigest()
        if expected != found:
            raise IntegrityError(
                f"{folder / name} was changed or damaged: its SHA-256 is {found[:12]}…, {MANIFEST} says {expected[:12]}….",
                hint=f"zoo export {_made_from(manifest)}",
            )
    _check_subject(contents[CERTIFICATE], manifest, where=folder / CERTIFICATE)
    refuse_external_data(contents[MODEL], where=folder / MODEL)
    return Artifact(folder, manifest, contents[MODEL], contents[CERTIFICATE], contents[GOLDEN])


def _made_from(manifest: Manifest) -> str:
    """What is exported to make it again: its id without the precision, which is an option."""
    plain = manifest.precision == "fp32"
    return manifest.id if plain else f"{manifest.id.removesuffix(f'.{manifest.precision}')} --precision {manifest.precision}"


def _check_subject(content: bytes, manifest: Manifest, *, where: Path) -> None:
    """The certificate must be of this model, and have passed: another one's, with its hash in the manifest, proves nothing."""
    try:
        certificate = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"{where} is no readable JSON: {error}.") from None
    if not isinstance(certificate, dict) or certificate.get("model_sha256") != manifest.model_sha256:
        raise IntegrityError(f"{where} is not the certificate of the {MODEL} beside it.")
    problems = certificate.get("problems")
    if problems != []:
        said = "; ".join(map(str, problems)) if isinstance(problems, list) else "it does not say"
        raise IntegrityError(
            f"{where} certifies nothing: the {MODEL} beside it did not pass ({said}).", hint=f"zoo export {_made_from(manifest)}"
        )


def read_inside(folder: Path, name: str) -> bytes:
    """The bytes of a plain file of an artifact.

    Raises:
        IntegrityError: it is missing, too large, no plain file, or a link that leads out of the folder.
    """
    path = folder / name
    try:
        inside = path.resolve(strict=True).is_relative_to(folder.resolve())
    except FileNotFoundError:
        raise IntegrityError(f"The artifact {folder} is incomplete: it lacks {name}.") from None
    except (OSError, RuntimeError):  # a loop of links
        inside = False
    if not inside:
        raise IntegrityError(f"{path} is a link that leads out of its artifact; it should be a file of its own.")
    return read_plain(path, limit=LIMITS.get(name, MOST))


def read_plain(path: Path, *, limit: int = MOST) -> bytes:
    """The bytes of a plain file of at most `limit` bytes; a pipe or device, which might never end, is refused.

    Raises:
        IntegrityError: it is larger, or no plain file.
        OSError: it cannot be read.
    """
    # Opened without waiting, so that a pipe that takes the file's place meanwhile is refused, too.
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb") as stream:
        found = os.fstat(stream.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise IntegrityError(f"{path} is no plain file.")
        if found.st_size > limit:
            raise IntegrityError(f"{path} has {found.st_size:,} bytes, more than the {limit:,} that are read.")
        return stream.read()


# A tensor kept in another file has an entry `key: "location"` in its `external_data`. On the wire that is the tag of field 1
# (0x0a), the length 8 and the word. A parser also takes tag and length in needlessly long varints, so these count too.
_EXTERNAL = re.compile(rb"(?:\x0a|\x8a\x80{0,8}\x00)(?:\x08|\x88\x80{0,8}\x00)\Z")


def refuse_external_data(model: bytes, *, where: Path) -> None:
    """Refuse a graph that names another file.

    A scan of the raw bytes is sound: nothing is compressed in a protobuf, so no graph can name a file without these bytes.
    It may refuse a graph without external data only where a text in it holds a newline, a backspace and "location". And
    onnxruntime is given bytes, never a path, so that it knows no folder in which it could look for another file.

    Raises:
        IntegrityError: it does.
    """
    word, at = b"location", model.find(b"location")
    while at >= 0:
        if _EXTERNAL.search(model, max(0, at - 24), at):
            raise IntegrityError(f"{where} keeps data in another file, which zoo never reads; the weights should be inside it.")
        at = model.find(word, at + 1)
