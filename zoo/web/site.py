"""The page as a whole: its own files, onnxruntime-web, and artifacts, each under the path that a browser asks for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from zoo.errors import IntegrityError, UsageError, ZooError
from zoo.files import replacing_folder
from zoo.progress import Progress
from zoo.runtime.artifact import CERTIFICATE, MANIFEST, MODEL, check, read_inside, read_plain
from zoo.runtime.model import open as open_model
from zoo.web.card import CARDS, card
from zoo.web.engine import engine
from zoo.web.extras import NEAREST, extras

INDEX = "models.json"
HERE = Path(__file__).parent
KINDS = (".html", ".css", ".js", ".svg")
"""What of this package's folder belongs to the page."""


def site(artifacts: Iterable[Path], progress: Progress, *, lenient: bool = False) -> dict[str, bytes]:
    """Path relative to the page → content. What lies in memory cannot be changed between its check and its serving.

    Args:
        artifacts: folders, or bare `.onnx` files, which the page calls uncertified.
        progress: told what is fetched and what is left out.
        lenient: whether a damaged artifact is left out.

    Raises:
        IntegrityError: an artifact is damaged, and `lenient` is not set.
        UsageError: two have one id.
        ZooError: there is nothing to show.
        DataError: onnxruntime-web could not be had.
        OSError: a file cannot be read.
    """
    files = {path.relative_to(HERE).as_posix(): path.read_bytes() for path in sorted(HERE.rglob("*")) if path.suffix in KINDS}
    shell = list(files)
    models = []
    for artifact in artifacts:
        try:
            entry, contents = _model(artifact)
        except IntegrityError as error:
            if not lenient:
                raise
            progress.note(f"left out: {error}")
            continue
        if entry["path"] + MODEL in files:
            raise UsageError(f"Two artifacts are called {entry['id']}; the page shows one of a name.")
        models.append(entry)
        files |= {entry["path"] + name: content for name, content in contents.items()}
    _solved(models, files)
    if not models:
        raise ZooError("There is no artifact to show.", hint="zoo run cnn")
    version, parts = engine(progress)
    files |= {f"runtime/{name}": content for name, content in parts.items()}
    index = {
        "shell": {path: _told(files[path]) for path in shell},
        "runtime": {
            "version": version,
            "files": [{"path": path, **_told(files[path])} for path in files if path.startswith("runtime/")],
        },
        "models": models,
    }
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    files[INDEX] = text.encode(errors="backslashreplace")  # half a surrogate pair, as JSON escapes it
    return files


def write(files: Mapping[str, bytes], target: Path) -> None:
    """Write a page to a folder, which takes the place of an older page.

    Raises:
        UsageError: the folder holds something else.
        OSError: it cannot be written.
    """
    if target.exists() and not (target.is_dir() and (not any(target.iterdir()) or (target / INDEX).is_file())):
        raise UsageError(f"{target} holds something other than a page, which is not to be lost; give a new or an empty folder.")
    with replacing_folder(target) as beside:
        for name, content in files.items():
            path = beside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _model(place: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the page is told of an artifact, and the contents of its files."""
    opened = open_model(place)
    manifest, certificate, golden = opened.manifest, None, None
    if place.is_dir():
        artifact = check(place)
        contents = {name: read_inside(place, name) for name in (MANIFEST, *_shown(place))}
        contents |= {MODEL: artifact.model, CERTIFICATE: artifact.certificate}
        said, golden = json.loads(contents[MANIFEST]), artifact.golden
        certificate = json.loads(artifact.certificate, parse_constant=lambda _: None)  # NaN is no JSON
    else:
        contents = {MODEL: read_plain(place)}
        said = asdict(manifest) | {"model_sha256": hashlib.sha256(contents[MODEL]).hexdigest()}
    path = f"models/{manifest.id}/"
    contents |= card(contents, path) | extras(contents[MODEL], manifest, golden)
    entry = {
        "id": manifest.id,
        "path": path,
        "certified": opened.certified,
        "manifest": said,
        "certificate": certificate,
        "files": {name: _told(content) for name, content in contents.items()},
    }
    return entry, contents


def _solved(models: list[dict[str, Any]], files: dict[str, bytes]) -> None:
    """Leave out the part of a graph of neighbours that solves analogies where an artifact of the same model does so."""
    manifests = [model["manifest"] for model in models]
    solved = {said["base"] for said in manifests if [tensor["dtype"] for tensor in said["inputs"]] == ["string"] * 3}
    for model in models:
        if model["manifest"]["base"] in solved and model["files"].pop(NEAREST, None):
            del files[model["path"] + NEAREST]


def _shown(place: Path) -> list[str]:
    """The pages of an artifact and their pictures."""
    return sorted(path.name for path in place.iterdir() if path.suffix == ".png" or path.name in CARDS)


def _told(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
