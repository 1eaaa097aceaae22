"""Debian and Python packages built on the spot."""

from __future__ import annotations

import gzip
import hashlib
import io
import lzma
import os
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path


def tar(members: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """A raw tar file."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in members.items():
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
            else:
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def ar(members: Sequence[tuple[str, bytes]]) -> bytes:
    """An ar archive as `dpkg-deb` writes it."""
    parts = [b"!<arch>\n"]
    for name, content in members:
        parts.append(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode())
        parts.append(content + b"\n" * (len(content) % 2))
    return b"".join(parts)


def deb(name: str, members: Mapping[str, bytes | tarfile.TarInfo], *, suffix: str = ".xz") -> bytes:
    """A Debian package of architecture `all`, version 1."""
    control = f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nDescription: made\n"
    pack = {".xz": lzma.compress, ".gz": gzip.compress, "": bytes}[suffix]
    return ar(
        [
            ("debian-binary", b"2.0\n"),
            ("control.tar.xz", lzma.compress(tar({"./control": control.encode()}))),
            (f"data.tar{suffix}", pack(tar(members))),
        ]
    )


def apt_repository(folder: Path, packages: Mapping[str, bytes]) -> Path:
    """A repository of packages on disk, and the path of the configuration that makes apt use it and nothing else."""
    pool = folder / "pool"
    pool.mkdir(parents=True)
    entries = []
    for name, content in packages.items():
        file = f"{name}_1_all.deb"
        (pool / file).write_bytes(content)
        entries.append(
            f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: nobody <nobody@example.org>\nFilename: ./{file}\n"
            f"Size: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\nDescription: made\n"
        )
    (pool / "Packages").write_text("\n".join(entries))
    for place in ("state/lists/partial", "cache/archives/partial", "etc"):
        (folder / place).mkdir(parents=True)
    (folder / "state" / "status").touch()
    (folder / "etc" / "sources.list").write_text(f"deb [trusted=yes] file:{pool} ./\n")
    configuration = folder / "apt.conf"
    configuration.write_text(
        f'Dir::State "{folder}/state";\nDir::State::status "{folder}/state/status";\nDir::Cache "{folder}/cache";\n'
        f'Dir::Etc::sourcelist "{folder}/etc/sources.list";\nDir::Etc::sourceparts "/dev/null";\nDir::Etc::parts "/dev/null";\n'
        'APT::Sandbox::User "";\n'
    )
    return configuration


def wheel(folder: Path, members: Mapping[str, bytes], *, name: str = "made", version: str = "1.0") -> Path:
    """A wheel that fits every machine."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: here\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


def sdist(folder: Path, members: Mapping[str, bytes]) -> Path:
    """A source archive of the project `made`, version 1.0."""
    path = folder / "made-1.0.tar.gz"
    path.write_bytes(gzip.compress(tar({f"made-1.0/{name}": content for name, content in members.items()})))
    return path


def pip_finds(folder: Path) -> dict[str, str]:
    """The environment in which pip takes packages from `folder` and from nowhere else."""
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}
