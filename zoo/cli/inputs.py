"""What a person hands to `predict` → a batch: pictures, arrays, idx files, folders of pictures, any of them on stdin, or numbers.

What a file is, its first bytes say; its name says only what it claims to be.
"""

from __future__ import annotations

import gzip
import io
import sys
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from zoo.data.decode import KINDS, SUFFIXES, begins_like_picture, decode, upright
from zoo.errors import DataError, IntegrityError, UsageError, ZooError
from zoo.runtime.examples import as_examples, threshold_note, thresholded

if TYPE_CHECKING:
    from zoo.runtime.manifest import Picture, Tensor

LIMIT = 1 << 30
"""Most bytes of one input, packed or unpacked."""
KNOWN = f"{KINDS.replace(' or', ',')}, .npy, .npz or idx"


@dataclass
class Inputs:
    """A batch, and where each example of it came from.

    Args:
        names: of the examples, for the answer's table.
        pieces: arrays [n, h, w] of the input's dtype, to be joined.
        notes: source → what was done to it, in words.
    """

    names: list[str] = field(default_factory=list)
    pieces: list[np.ndarray] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)

    @property
    def values(self) -> np.ndarray:
        """All examples: [n, h, w] of the input's dtype."""
        return np.concatenate(self.pieces)


def array_input(model_id: str, inputs: tuple[Tensor, ...]) -> Tensor:
    """The one input of a model that takes pictures, uint8 or two-valued float32 [batch, h, w], or numbers, float32 [batch, k].

    Raises:
        ZooError: the model takes something else.
    """
    if len(inputs) == 1:
        tensor = inputs[0]
        sized = all(isinstance(side, int) for side in tensor.shape[1:])
        picture = len(tensor.shape) == 3 and (tensor.dtype == "uint8" or None not in (tensor.low, tensor.high))
        if sized and tensor.dtype in ("uint8", "float32") and (picture or takes_numbers(tensor)):
            return tensor
    raise ZooError(f"{model_id} takes {'; '.join(map(str, inputs))}: no pictures, and predict can show it nothing else.")


def takes_numbers(tensor: Tensor) -> bool:
    """Whether an input is so many numbers each: float32 [batch, k]."""
    return tensor.dtype == "float32" and len(tensor.shape) == 2


def read_inputs(paths: Iterable[str], tensor: Tensor, picture: Picture | None) -> Inputs:
    """Read everything, before anything is answered.

    Args:
        paths: of files and folders of pictures; `-` is stdin. Of a model that takes numbers also these, as `5.1,3.5,1.4`.
        tensor: the model's input.
        picture: how a picture enters the model.

    Raises:
        UsageError: `-` is given twice, or a path is empty.
        DataError: a path is missing, a folder has no picture, or something is of a kind or shape that is not taken.
        IntegrityError: a file is damaged or not what its name says.
    """
    inputs = Inputs()
    paths = list(paths)
    if paths.count("-") > 1:
        raise UsageError("- (stdin) can be given once only.")
    if "" in paths:
        # As a path it would mean the current folder, which nobody means by an unset variable.
        raise UsageError("An input is empty; it should be a file, a folder, or - for stdin.")
    for path in paths:
        if takes_numbers(tensor) and (typed := _typed(path)) is not None:
            inputs.names.append(path)
            inputs.pieces.append(as_examples(typed, tensor, name=path)[0])
            continue
        if path == "-":
            _add(inputs, "stdin", _limited(sys.stdin.buffer, "stdin"), tensor, picture)
            continue
        for file in _files(Path(path)):
            with file.open("rb") as stream:
                _add(inputs, str(file), _limited(stream, str(file)), tensor, picture)
    return inputs


def _typed(text: str) -> np.ndarray | None:
    """Numbers with commas or spaces between them, float64 [n]; `None` where the text is something else."""
    try:
        return np.array([float(number) for number in text.replace(",", " ").split()]) if text.strip(", ") else None
    except ValueError:
        return None


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        files = [file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file()]
        files = [file for file in files if not any(part.startswith(".") for part in file.relative_to(path).parts)]
        if not files:
            raise DataError(f"The folder {path} holds no pictures ({', '.join(SUFFIXES)}).")
        return sorted(files)
    if not path.exists():
        raise DataError(f"There is no file {path}.")
    return [path]


def _limited(stream: BinaryIO, name: str) -> bytes:
    content = stream.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise DataError(f"{name} has more than {LIMIT:,} bytes, the most that is read.")
    return content


def _add(inputs: Inputs, name: str, content: bytes, tensor: Tensor, picture: Picture | None) -> None:
    """Append what one file holds."""
    if not content:
        raise (DataError if name == "stdin" else IntegrityError)(f"{name} is empty; it should be {KNOWN}.")
    if begins_like_picture(content):
        array, notes = _prepared(content, name, tensor, picture)
        inputs.names.append(name)
        inputs.pieces.append(array[None])
        inputs.notes[name] = notes
        return
    for part, raw in _arrays(content, name):
        values, notes = as_examples(raw, tensor, name=part)
        inputs.names.extend([part] if len(values) == 1 else [f"{part}[{number}]" for number in range(len(values))])
        inputs.pieces.append(values)
        inputs.notes[part] = notes


def _prepared(content: bytes, name: str, tensor: Tensor, picture: Picture | None) -> tuple[np.ndarray, list[str]]:
    """A picture in the form the model was trained on: [h, w] of the input's dtype, and what was done to it."""
    from zoo.data.framing import whole
    from zoo.data.grey import to_grey
    from zoo.data.picture import prepare
    from zoo.spec import Picture as PictureSpec

    if len(tensor.shape) != 3:
        raise DataError(f"{name} is a picture; the model takes {tensor.shape[1]} numbers each ({tensor.name}), as .npy or .npz.")
    height, width = (int(side) for side in tensor.shape[1:])
    first, frames = decode(io.BytesIO(content), name)
    notes = [f"the first of {frames} frames was taken"] if frames > 1 else []
    if tensor.dtype == "uint8":
        spec = PictureSpec(height=height, width=width) if picture is None else PictureSpec(**asdict(picture))
        array, done = prepare(first, spec)
        return array, notes + done
    first, turned = upright(first)
    notes += turned
    grey = to_grey(first, "dark")
    if grey.shape != (height, width):
        notes.append(f"scaled: {grey.shape[1]}×{grey.shape[0]} became {width}×{height}")
        grey = whole(grey, height, width)
    return thresholded(grey, tensor), [*notes, threshold_note(tensor)]


def _arrays(content: bytes, name: str) -> Iterator[tuple[str, np.ndarray]]:
    """Names and arrays of what is no picture."""
    from zoo.data.idx import parse_idx

    if content.startswith(b"\x1f\x8b"):
        content = _unzipped(content, name)
    if content.startswith(b"\x93NUMPY"):
        yield name, _npy(content, name)
    elif content.startswith(b"PK\x03\x04"):
        yield from _npz(content, name)
    elif content[:3] == b"\x00\x00\x08":
        yield name, parse_idx(content, name=name)
    else:
        # A file that calls itself a picture and is none is damaged; one that never did is only of no use here.
        claims = name.lower().endswith((*SUFFIXES, ".npy", ".npz", "ubyte", ".gz"))
        raise (IntegrityError if claims else DataError)(f"{name} begins like none of the files that can be read: {KNOWN}.")


def _unzipped(content: bytes, name: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            raw = stream.read(LIMIT + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise IntegrityError(f"{name} is damaged gzip data: {error}.") from None
    if len(raw) > LIMIT:
        raise DataError(f"{name} unpacks to more than {LIMIT:,} bytes, the most that is read.")
    return raw


def _npy(content: bytes, name: str) -> np.ndarray:
    try:
        array: np.ndarray = np.load(io.BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError, MemoryError, SyntaxError, TypeError, OverflowError) as error:
        reason = " ".join(str(error).split()) or "it is truncated"
        raise IntegrityError(f"{name} is no array that can be read: {reason.rstrip('.')}.") from None
    return array


def _npz(content: bytes, name: str) -> Iterator[tuple[str, np.ndarray]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > LIMIT:
                raise DataError(f"{name} unpacks to more than {LIMIT:,} bytes, the most that is read.")
            members = [info.filename for info in archive.infolist()]
            contents = {member: archive.read(member) for member in members}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError, ValueError) as error:
        raise IntegrityError(f"{name} is a damaged zip archive: {error}.") from None
    if not members or not all(member.endswith(".npy") for member in members):
        raise DataError(f"{name} is a zip archive, but no .npz of arrays.")
    for member in members:
        part = f"{name}:{member.removesuffix('.npy')}"
        yield part, _npy(contents[member], part)
