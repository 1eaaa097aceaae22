"""What a person asks a model with → arrays that it takes: pictures, arrays, files of them, numbers, truth values, texts.

One way for the command line and for Python: `zoo predict`, `python -m zoo.runtime` and `Model.predict` all prepare here.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import DataError, IntegrityError, UsageError
from zoo.pictures.decode import SUFFIXES, begins_like_picture
from zoo.runtime import truth
from zoo.runtime.contents import KNOWN, arrays_in, limited
from zoo.runtime.examples import as_examples
from zoo.runtime.kinds import takes_numbers, takes_pictures, takes_text, takes_truth_values
from zoo.runtime.manifest import Manifest, Picture, Tensor
from zoo.runtime.photo import from_bytes, from_colour, from_image, is_colour, is_image

Source = tuple[str, Any]
"""A name for messages and answers, and what was given."""
NUMBER = r"[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|nan|inf(?:inity)?)"
NUMBERS = re.compile(rf"[\s,]*{NUMBER}(?:[\s,]+{NUMBER})*[\s,]*", re.IGNORECASE)
"""Numbers with commas or blanks between them."""


@dataclass
class Given:
    """What a model is asked about, ready for it.

    Attributes:
        names: of the examples, for who reads the answers: the file's, the text itself.
        arrays: input name → array of its dtype, examples first: what `Model.answer` takes.
        notes: source → what was done to it, in words.
    """

    names: list[str] = field(default_factory=list)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)


def prepare(manifest: Manifest, sources: Iterable[Source]) -> Given:
    """Bring everything into the form that the model takes, before anything is answered.

    Raises:
        UsageError: nothing is given, or it is of a kind that the model does not take.
        DataError: a path is missing, a folder has no picture, or something is of a kind or shape that is not taken.
        IntegrityError: a file is damaged or not what its name says.
    """
    sources = list(sources)
    if not sources:
        raise UsageError(f"{manifest.id} is asked about nothing; give it {manifest.inputs[0].meaning}.")
    if takes_text(manifest.inputs):
        return _texts(manifest, sources)
    if takes_truth_values(manifest.inputs):
        return _truth_values(manifest.inputs[0], sources)
    if not takes_pictures(manifest.inputs) and not takes_numbers(manifest.inputs):
        takes = "; ".join(map(str, manifest.inputs))
        raise UsageError(f"{manifest.id} takes {takes}: neither pictures, numbers, truth values nor text; ask it with arrays.")
    return _arrays(manifest, sources)


# --- What is given, and its name ------------------------------------------------------------------------------------------


def from_arguments(manifest: Manifest, arguments: Sequence[str]) -> list[Source]:
    """Arguments of a command line, shielded or not; `-` is stdin where files are taken.

    Raises:
        UsageError: `-` is given twice.
    """
    plain = [argument[1:] if shielded([argument[1:]]) == [argument] else argument for argument in arguments]
    if takes_text(manifest.inputs) or takes_truth_values(manifest.inputs):
        return [(argument, argument) for argument in plain]
    if plain.count("-") > 1:
        raise UsageError("- (stdin) can be given once only.")
    return [("stdin", sys.stdin.buffer) if argument == "-" else (argument, argument) for argument in plain]


def from_values(given: Iterable[Any]) -> list[Source]:
    """Python values; a list of paths, texts, pictures or arrays is each of them."""
    flat = list(_flat(given))
    return [(_name(item, number, len(flat)), item) for number, item in enumerate(flat, 1)]


def _flat(given: Iterable[Any]) -> Iterator[Any]:
    for item in given:
        if isinstance(item, list | tuple) and any(_stands_alone(part) for part in item):
            yield from _flat(item)
        else:
            yield item


def _stands_alone(item: Any) -> bool:
    """Whether an item of a list is an input of its own, and no number of an array."""
    return isinstance(item, str | bytes | os.PathLike | Mapping | np.ndarray) or hasattr(item, "read") or is_image(item)


def _name(item: Any, number: int, count: int) -> str:
    if isinstance(item, str | os.PathLike):
        return os.fspath(item) if isinstance(os.fspath(item), str) else f"input {number}"
    return "the input" if count == 1 else f"input {number}"


def shielded(arguments: Sequence[str]) -> list[str]:
    """Arguments among which negative numbers look like no option: `-5.1,3.5` gets a blank before it, which no reader minds."""
    return [f" {argument}" if argument.startswith("-") and NUMBERS.fullmatch(argument) else argument for argument in arguments]


# --- Pictures and numbers -------------------------------------------------------------------------------------------------


def _arrays(manifest: Manifest, sources: Sequence[Source]) -> Given:
    """Pictures [n, h, w], or numbers [n, k]."""
    (tensor,) = manifest.inputs
    given, pieces = Given(), []
    if takes_numbers(manifest.inputs) and all(_is_scalar(item) for _, item in sources):
        sources = [("the input", [item for _, item in sources])]
    for source, item in sources:
        for found, values, notes in _pieces(source, item, tensor, manifest.picture):
            name = found.encode("utf-8", "backslashreplace").decode()  # a file's may be no text, and is to be printed
            given.names += [name] if len(values) == 1 else [f"{name}[{number}]" for number in range(len(values))]
            pieces.append(values)
            if notes is not None:
                given.notes[name] = notes
    given.arrays[tensor.name] = np.concatenate(pieces)
    return given


def _is_scalar(item: Any) -> bool:
    return isinstance(item, bool | int | float | np.number | np.bool_)


Piece = tuple[str, np.ndarray, list[str] | None]
"""A name, examples, and what was done to them; `None` where there is nothing that could have been done."""


def _pieces(name: str, item: Any, tensor: Tensor, picture: Picture | None) -> Iterator[Piece]:
    if isinstance(item, str | os.PathLike):
        if not os.fspath(item):
            # As a path it would mean the current folder, which nobody means by an unset variable.
            raise UsageError("An input is empty; it should be a file, a folder, or - for stdin.")
        path = Path(os.fsdecode(item))
        if isinstance(item, str) and len(tensor.shape) == 2 and NUMBERS.fullmatch(item) and not os.path.exists(path):  # noqa: PTH110
            typed = np.array([float(number) for number in item.replace(",", " ").split()])  # [k]
            yield name, as_examples(typed, tensor, name=name)[0], None
            return
        for file in _files(path):
            with file.open("rb") as stream:
                yield from _inside(limited(stream, str(file)), str(file), tensor, picture)
    elif isinstance(item, bytes | bytearray):
        yield from _inside(bytes(item), name, tensor, picture)
    elif hasattr(item, "read"):
        yield from _inside(limited(item, name), name, tensor, picture)
    elif is_image(item):
        array, notes = from_image(item, name, tensor, picture)
        yield name, array[None], notes
    else:
        array = _as_array(item, name)
        if picture is not None and is_colour(array, tensor):
            seen, notes = from_colour(array, name, tensor, picture)
            yield name, seen[None], notes
        else:
            yield name, *as_examples(array, tensor, name=name)


def _as_array(item: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(item)
    except (ValueError, TypeError) as error:  # rows of different lengths
        raise DataError(f"{name} is no array: {' '.join(str(error).split())}.") from None


def _files(path: Path) -> list[Path]:
    if not os.path.exists(path):  # noqa: PTH110 - a Path raises where a name is too long
        raise DataError(f"There is no file {path}.")
    if path.is_dir():
        files = [file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file()]
        files = [file for file in files if not any(part.startswith(".") for part in file.relative_to(path).parts)]
        if not files:
            raise DataError(f"The folder {path} holds no pictures ({', '.join(SUFFIXES)}).")
        return sorted(files)
    return [path]


def _inside(content: bytes, name: str, tensor: Tensor, picture: Picture | None) -> Iterator[Piece]:
    """What the bytes of one file hold."""
    if not content:
        raise (DataError if name == "stdin" else IntegrityError)(f"{name} is empty; it should be {KNOWN}.")
    if begins_like_picture(content):
        array, notes = from_bytes(content, name, tensor, picture)
        yield name, array[None], notes
        return
    for part, raw in arrays_in(content, name):
        yield part, *as_examples(raw, tensor, name=part)


# --- Truth values and texts -----------------------------------------------------------------------------------------------


def _truth_values(tensor: Tensor, sources: Sequence[Source]) -> Given:
    """Truth values [n, k]. Several single ones are one example, as `1 0 1` is."""
    names, count = truth.names_of(tensor), int(tensor.shape[1])
    if all(isinstance(item, str) for _, item in sources):
        values = truth.read([item for _, item in sources], names)
    elif all(_is_scalar(item) for _, item in sources):
        values = truth.from_array(np.array([item for _, item in sources]), count, name="the input")
    else:
        values = np.concatenate([_truth_of(name, item, names) for name, item in sources])
    return Given(["".join("1" if value else "0" for value in row) for row in values], {tensor.name: values})


def _truth_of(name: str, item: Any, names: Sequence[str]) -> np.ndarray:
    if isinstance(item, str):
        return truth.read([item], names)
    if isinstance(item, Mapping):
        return truth.from_names(item, names)
    return truth.from_array(_as_array(item, name), len(names), name=name)


def _texts(manifest: Manifest, sources: Sequence[Source]) -> Given:
    """Texts [n] for each input; of a model with several inputs one for each in turn."""
    from zoo.text.tokens import well_formed

    texts: list[str] = []
    for name, item in sources:
        items = item.ravel().tolist() if isinstance(item, np.ndarray) else [item]
        if not all(isinstance(text, str) for text in items):
            kind = type(item).__name__
            raise UsageError(f"{manifest.id} takes text, which {name} ({kind}) is not: {manifest.inputs[0].meaning}.")
        texts += map(well_formed, items)
    many = len(manifest.inputs)
    if len(texts) % many:
        named = ", ".join(tensor.name for tensor in manifest.inputs)
        raise UsageError(f"{manifest.id} takes {many} texts at a time ({named}), so {len(texts)} do not come out even.")
    arrays = {}
    for place, tensor in enumerate(manifest.inputs):
        arrays[tensor.name] = column = np.empty(len(texts) // many, dtype=object)
        column[:] = texts[place::many]
    return Given([", ".join(texts[start : start + many]) for start in range(0, len(texts), many)], arrays)
