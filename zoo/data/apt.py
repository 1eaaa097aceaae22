"""Files made from Debian packages, fetched by `apt-get download`: no root is needed and nothing is installed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO

from zoo import paths
from zoo.data.compressed import LIMIT, unpack
from zoo.data.npm import CHUNK
from zoo.data.routes import RouteDeadError, RouteError, RouteSkippedError
from zoo.data.tool import run
from zoo.errors import IntegrityError
from zoo.plugins import resolve
from zoo.progress import Progress
from zoo.spec import AptRoute, DataFile

# Without a network apt would try each address for two minutes.
OPTIONS = ("-q", "-o", "Acquire::Retries=0", "-o", "Acquire::http::Timeout=10", "-o", "Acquire::https::Timeout=10")
AR_MAGIC = b"!<arch>\n"
AR_HEADER = 60
"""Bytes before each member: name [16], times and owners [32], size in decimal [10], an end mark [2]."""
AR_END = b"`\n"


class AptSource:
    """What is made from a route's Debian packages, which are fetched when the first file is asked for."""

    made = True

    def __init__(self, route: AptRoute, scratch: Path, progress: Progress) -> None:
        self.route, self.progress = route, progress
        self.words = f"Debian package{'s' if len(route.packages) > 1 else ''} {' and '.join(route.packages)}"
        self.folder = scratch / "apt"
        self._archives: list[Path] | None = None

    def get(self, file: DataFile) -> Path:
        if self._archives is None:
            if paths.offline():
                raise RouteSkippedError(f"not tried, {paths.OFFLINE} is set")
            self._archives = self._download()
        target = self.folder / f"made-{Path(file.name).name}.raw"
        resolve(self.route.convert, owner=self.words)(self._archives, file.name, target)
        return target

    def _download(self) -> list[Path]:
        """The raw tar file of data of each package."""
        program = shutil.which("apt-get")
        if program is None:
            raise RouteDeadError("apt-get is not installed")
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.progress.note(f"apt-get download {' '.join(self.route.packages)} …")
        run([program, *OPTIONS, "download", *self.route.packages], self.folder, words="apt-get download", complaint=_complaint)
        archives = []
        for package in self.route.packages:
            found = sorted(self.folder.glob(f"{package}_*.deb"))
            if len(found) != 1:
                raise RouteDeadError(f"apt-get download left {len(found)} files {package}_*.deb, one was expected")
            archives.append(data_of(found[0], self.folder / package))
        return archives


def _complaint(news: str) -> str:
    """What apt has to say, in one short line, and the next command where its lists are missing or old."""
    said = ", ".join(line[3:].strip() for line in news.splitlines() if line.startswith("E: "))[:150]
    return f"{said.rstrip('.')}; sudo apt-get update may help" if "Unable to locate" in said or "404" in said else said


def data_of(package: Path, target: Path) -> Path:
    """Write the raw tar file of data of a Debian package beside `target` and return its path.

    Raises:
        RouteDeadError: it is no Debian package, is damaged, or is packed in a way that cannot be undone here.
    """
    try:
        with package.open("rb") as stream:
            packed = _member(stream, "data.tar", target)
        raw = target.with_suffix(".tar")
        if packed.suffix == ".zst":
            program = shutil.which("zstd")
            if program is None:
                raise RouteDeadError(f"{package.name} is packed by zstd, which is not installed")
            run([program, "-q", "-d", "-f", str(packed), "-o", str(raw)], raw.parent, words="zstd", complaint=str.strip)
        elif packed.suffix in (".xz", ".gz"):
            unpack(packed, raw)
        elif packed.suffix == ".tar":
            return packed
        else:
            raise RouteDeadError(f"{package.name} holds {packed.name}, which is packed in an unknown way")
    except (RouteError, IntegrityError) as error:
        if isinstance(error, RouteDeadError):
            raise
        raise RouteDeadError(f"{package.name} is damaged: {error}".replace(f"{target.parent}/", "").rstrip(".")) from None
    return raw


def _member(stream: BinaryIO, stem: str, target: Path) -> Path:
    """Write the member of an ar archive whose name is `stem` and perhaps a suffix beside `target`.

    Raises:
        RouteError: it is no ar archive, is cut short, or has no such member.
    """
    if stream.read(len(AR_MAGIC)) != AR_MAGIC:
        raise RouteError("it is no ar archive")
    while header := stream.read(AR_HEADER):
        name = header[:16].decode("ascii", "replace").strip().rstrip("/")
        digits = header[48:58].strip()
        if len(header) < AR_HEADER or not header.endswith(AR_END) or not digits.isdigit():
            raise RouteError("its ar archive is damaged")
        size = int(digits)
        if size > LIMIT:
            raise RouteError(f"{name} in it has {size:,} bytes, more than the {LIMIT:,} that are taken")
        if name == stem or name.startswith(f"{stem}."):
            # Of the member's name only a known suffix becomes part of a path.
            suffix = Path(name).suffix
            packed = target.with_name(f"{target.name}.data{suffix if suffix in ('.xz', '.gz', '.zst', '.tar') else '.unknown'}")
            with packed.open("wb") as out:
                while size:
                    piece = stream.read(min(size, CHUNK))
                    if not piece:
                        raise RouteError(f"it ends within {name}")
                    out.write(piece)
                    size -= len(piece)
            return packed
        stream.seek(size + size % 2, 1)  # members begin at even places
    raise RouteError(f"it has no {stem}")
