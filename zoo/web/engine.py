"""onnxruntime-web: the two files of it that the page loads, each known by its SHA-256."""

from __future__ import annotations

import json
from pathlib import Path

from zoo.data.fetch import fetch
from zoo.errors import DataError
from zoo.files import sha256_of
from zoo.progress import Progress
from zoo.spec import DataFile, DatasetSpec, NpmRoute

HERE = Path(__file__).parent
LOCK = HERE / "onnxruntime-web.json"
"""Names the package, its version, and the hash of each file that is taken from it."""


def engine(progress: Progress) -> tuple[str, dict[str, bytes]]:
    """The version, and name → bytes of each file: from beside the page, the cache, `$ZOO_MIRROR`, or npm, in this order.

    Raises:
        DataError: they could be had nowhere; the message lists what was tried.
        OSError: the cache cannot be read or written.
    """
    lock = json.loads(LOCK.read_bytes())
    name = f"{lock['package']}-{lock['version']}"
    beside = {file: HERE / lock["package"] / file for file in lock["files"]}
    if all(path.is_file() and sha256_of(path) == lock["files"][file] for file, path in beside.items()):
        return lock["version"], {file: path.read_bytes() for file, path in beside.items()}
    package = DatasetSpec(
        id=name,
        summary="onnxruntime for browsers",
        source=lock["package"],
        licence=lock["licence"],
        load="",  # the files are all that is wanted of it
        files=tuple(DataFile(name=file, sha256=sha256) for file, sha256 in lock["files"].items()),
        routes=(NpmRoute(package=f"{lock['package']}@{lock['version']}", folder=lock["folder"]),),
    )
    try:
        paths, _ = fetch(package, progress)
    except DataError as error:
        said = str(error.args[0]).removeprefix(f"Data set {name!r} ")
        hint = f"ZOO_MIRROR=FOLDER zoo demo where FOLDER/{name}/{package.files[0].name} is a copy"
        raise DataError(f"The page needs {lock['package']} {lock['version']}, but {said}", hint=hint) from None
    return lock["version"], {file: path.read_bytes() for file, path in paths.items()}
