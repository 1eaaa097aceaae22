"""Seeded damage to artifacts: a file of the folder, with the manifest's hashes as they were or set right by who did it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

from tools.hardness.corruption import BYTES, edit_json

HASHED = {"model.onnx": "model_sha256", "certificate.json": "certificate_sha256", "golden.npz": "golden_sha256"}
GiB = 2**30


def rehash(folder: Path) -> None:
    """Set every hash right, as who wants to deceive does: the model's in the certificate, and all in the manifest."""
    _set(folder / "certificate.json", {"model_sha256": _sha256(folder / "model.onnx")})
    _set(folder / "zoo.json", {field: _sha256(folder / name) for name, field in HASHED.items()})


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _set(path: Path, changes: dict[str, str]) -> None:
    """Change keys of a JSON object, where it still is one."""
    with contextlib.suppress(ValueError, RecursionError):
        value = json.loads(path.read_bytes())
        if isinstance(value, dict):
            path.write_text(json.dumps(value | changes))


def edit_json_file(rng: Random, path: Path) -> None:
    """One edit of a JSON file."""
    path.write_bytes(edit_json(rng, json.loads(path.read_text()))[1].encode("utf-8", "surrogatepass"))


def damage(rng: Random, path: Path, kind: str) -> None:
    """One damage of a kind of `BYTES`."""
    path.write_bytes(BYTES[kind](rng, path.read_bytes()))


def edit_golden(rng: Random, path: Path) -> None:
    """One edit of the arrays of an `.npz`: a value, a dtype, a shape, a name, one too few or too many."""
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    name = rng.choice(sorted(arrays))
    array = arrays[name]
    kind = rng.randrange(6)
    if kind == 0 and array.dtype.kind in "fiub" and array.size:
        array.flat[rng.randrange(array.size)] = rng.choice([0, 1, 200])
    elif kind == 1 and array.dtype.kind == "f":
        array.flat[rng.randrange(array.size)] = rng.choice([np.nan, np.inf, -1e30])
    elif kind == 2:
        with contextlib.suppress(ValueError):  # a word is no number
            arrays[name] = array.astype(rng.choice(["S3", "U3", "complex64", "float16", "int8", "datetime64[s]"]))
    elif kind == 3:
        arrays[name] = rng.choice([array[:0], array[None], array.reshape(-1), array[0], np.repeat(array, 1000, 0)])  # other shapes
    elif kind == 4:
        del arrays[name]
    else:
        arrays[rng.choice(["x", "a:in:b:c:d", "../../x", name + ":x", "x:in:" + name.split(":")[-1], ":in:", name.upper()])] = array
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)
    path.write_bytes(stream.getvalue())


def _npy(shape: str, descr: str = "<f8", body: bytes = b"") -> bytes:
    text = f"{{'descr': {descr!r}, 'fortran_order': False, 'shape': {shape}}}".encode()
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + body


def hostile_archive(rng: Random, path: Path) -> None:
    """An `.npz` that is a bomb, a way out of the folder, or an array that claims to be larger than it is."""
    with np.load(path) as stored:
        name = rng.choice(sorted(stored.files)) + ".npy"
    entries: list[tuple[str, bytes]] = rng.choice(
        [
            [(name, bytes(300 * 2**20))],
            [(f"{number}.npy", bytes(20 * 2**20)) for number in range(30)],
            [(name, _npy("(1125899906842624,)"))],
            [(name, _npy("(9223372036854775807, 9223372036854775807)"))],
            [(name, _npy("(1073741824,)", "|u1"))],
            [(name, _npy("(-1,)"))],
            [(name, _npy("(1,)", "|O", b"cos\nsystem\n(S'true'\ntR."))],
            [(name, _npy("(1,)", "|S4000000000"))],
            [(name, _npy("(1,)", "(" * 5000))],
            [(name, b"\x93NUMPY\x03\x00\xff\xff\xff\xff" + b" " * 1000)],
            [("../../../../tmp/x.npy", _npy("(1,)", body=bytes(8)))],
            [("/etc/x.npy", _npy("(1,)", body=bytes(8)))],
            [(f"{number}:in:x.npy", _npy("(0,)")) for number in range(5000)],
            [(name, _npy("(1,)", body=bytes(8)))] * 2,
            [("x" * 60000, b"")],
        ]
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a name that occurs twice
        for entry, content in entries:
            archive.writestr(entry, content)
    content = bytearray(stream.getvalue())
    if rng.random() < 0.3:  # entries that claim to be small
        mark = content.find(b"PK\x01\x02")
        content[mark + 24 : mark + 28] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(content))


def sparse_file(rng: Random, path: Path) -> None:
    """A file that takes no room on the disk and more memory than there is."""
    with path.open("r+b") as stream:
        stream.truncate(rng.choice([3 * GiB, 200 * GiB, 2**42]))


def replaced_by(rng: Random, path: Path) -> None:
    """No file but a folder, a pipe, a device or a link."""
    path.unlink()
    kind = rng.choice(["folder", "pipe", "zero", "itself", "outside", "nothing"])
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind != "nothing":
        path.symlink_to({"zero": "/dev/zero", "itself": path.name, "outside": "/etc/passwd"}[kind])


FILE_KINDS: dict[str, Callable[[Random, Path], None]] = {"sparse file": sparse_file, "no file": replaced_by}
GOLDEN_KINDS: dict[str, Callable[[Random, Path], None]] = {"golden arrays": edit_golden, "golden archive": hostile_archive}
