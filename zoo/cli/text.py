"""What `zoo predict` does with models that read text: sentences as arguments, a file or stdin line by line, in constant memory."""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click
import msgspec

from zoo.cli.output import echo_json, echo_table
from zoo.data.dataset import texts as text_array
from zoo.errors import DataError, UsageError
from zoo.runtime.describe import origin
from zoo.runtime.given import from_arguments, prepare
from zoo.runtime.texts import in_batches

if TYPE_CHECKING:
    from zoo.runtime.manifest import Tensor
    from zoo.runtime.model import Model

BLOCK = 1 << 16
"""Bytes that are read at once; what a pipe has ready is taken at once, so that whoever types is answered."""
LONGEST = 1 << 20
"""Bytes of a line at most: a file without line breaks is not text line by line."""
NONE = "\N{EN DASH}"
"""In a table, in the place of an answer that is empty."""
Texts = tuple[str, ...]
"""What one example is asked with: a text for each input."""
MARK = b"\xef\xbb\xbf"
"""With which some editors begin a file of UTF-8."""


def answer(model: Model, given: Sequence[str], file: Path | None, *, as_json: bool, quiet: bool) -> None:
    """Ask `model` and print its answers: of sentences as a table, of lines a line each, as they come.

    Args:
        model: for which `zoo.runtime.kinds.takes_text` holds.
        given: sentences, of a model of several inputs one for each in turn, or `-` alone for stdin.
        file: a text file in UTF-8; of a model of several inputs, tabs part the texts of a line.
        as_json: one object for sentences; for lines an object each, on a line of its own.
        quiet: print the answers' texts alone.

    Raises:
        UsageError: sentences and lines are mixed, or are not as many as the model takes at a time.
        DataError: a line is longer than `LONGEST`, or does not hold as many texts.
    """
    if ("-" in given or file) and len(given) + bool(file) > 1:
        raise UsageError("Sentences, - (stdin) and --input cannot be mixed; give one of them.")
    if file is not None:
        with file.open("rb") as stream:
            _stream(model, stream, str(file), as_json=as_json, quiet=quiet)
    elif list(given) == ["-"]:
        _stream(model, sys.stdin.buffer, "stdin", as_json=as_json, quiet=quiet)
    else:
        _sentences(model, given, as_json=as_json, quiet=quiet)


def _sentences(model: Model, arguments: Sequence[str], *, as_json: bool, quiet: bool) -> None:
    arrays = prepare(model.manifest, from_arguments(model.manifest, arguments)).arrays
    given: list[Texts] = list(zip(*arrays.values(), strict=True))
    if not quiet:
        for text in itertools.chain.from_iterable(given):
            if os.path.isfile(text):  # noqa: PTH113 - a Path would raise for a sentence that is too long for a name
                click.echo(f"{text} is taken as text; --input {text} reads the file of that name.", err=True)
    rows = _ask(model, given)
    if as_json:
        answers = [{**_named(model, texts), **row} for texts, row in zip(given, rows, strict=True)]
        echo_json({**origin(model), "answers": answers})
    elif quiet:
        click.echo("\n".join(_line(model, row) for row in rows))
    else:
        columns = _columns(model)
        header = [tensor.name for tensor in (*model.inputs, *columns)]
        cells = [
            [*map(_flat, texts), *(_cell(model, tensor, row) for tensor in columns)] for texts, row in zip(given, rows, strict=True)
        ]
        echo_table(header, cells)


def _stream(model: Model, stream: BinaryIO, name: str, *, as_json: bool, quiet: bool) -> None:
    """Answer line by line; each block of lines is answered before the next is read."""
    began, count, broken = time.monotonic(), 0, 0
    encoder = msgspec.json.Encoder()
    for block in _blocks(stream, name):
        lines = [line.decode("utf-8", "replace") for line in block]
        broken += sum("\ufffd" in text and "\ufffd".encode() not in line for text, line in zip(lines, block, strict=True))
        texts = [_parted(model, text, f"Line {number:,} of {name}") for number, text in enumerate(lines, count + 1)]
        rows = _ask(model, texts)
        if as_json:
            found = (encoder.encode({**_named(model, each), **row}).decode() for each, row in zip(texts, rows, strict=True))
        else:
            found = (_line(model, row) for row in rows)
        click.echo("\n".join(found))
        sys.stdout.flush()
        count += len(texts)
    if not quiet:
        seconds = time.monotonic() - began
        click.echo(f"{name}: {count:,} lines in {seconds:,.1f} s", err=True)
        if broken:
            click.echo(f"{name}: {broken:,} of them no UTF-8; what could not be read became \ufffd", err=True)


def _parted(model: Model, line: str, where: str) -> Texts:
    """The texts of a line.

    Raises:
        DataError: they are not as many as the model takes.
    """
    many = len(model.inputs)
    found = tuple(line.split("\t")) if many > 1 else (line,)
    if len(found) != many:
        names = ", ".join(tensor.name for tensor in model.inputs)
        raise DataError(f"{where} holds {len(found)} texts parted by tabs; {model.id} takes {many}: {names}.")
    return found


def _named(model: Model, given: Texts) -> dict[str, str]:
    """Texts by the names of the inputs."""
    return {tensor.name: text for tensor, text in zip(model.inputs, given, strict=True)}


def _blocks(stream: BinaryIO, name: str) -> Iterator[list[bytes]]:
    """The lines that each read completes, without their ends; the last may lack its own.

    Raises:
        DataError: a line is longer than `LONGEST`.
    """
    read = getattr(stream, "read1", stream.read)
    rest, count, first = b"", 0, True
    while content := read(BLOCK):
        *lines, rest = (rest + content).split(b"\n")
        if lines and first:
            lines[0], first = lines[0].removeprefix(MARK), False
        count += len(lines)
        if max(map(len, (rest, *lines))) > LONGEST:
            raise DataError(f"{name} has a line of more than {LONGEST:,} bytes near line {count + 1:,}; is it text?")
        if lines:
            yield [line.removesuffix(b"\r") for line in lines]
    if rest:
        yield [rest.removeprefix(MARK if first else b"").removesuffix(b"\r")]


def _ask(model: Model, texts: Sequence[Texts]) -> list[dict[str, Any]]:
    """Output → value for each example, in their order."""
    rows: list[dict[str, Any]] = [{}] * len(texts)
    columns = zip(*texts, strict=True)
    arrays = {tensor.name: text_array(column) for tensor, column in zip(model.inputs, columns, strict=True)}
    for places, found in in_batches(model, arrays):
        lists = {tensor.name: found[tensor.name].tolist() for tensor in model.outputs}
        for number, place in enumerate(places):
            rows[place] = {output: values[number] for output, values in lists.items()}
    return rows


def _texts(model: Model) -> list[Tensor]:
    return [tensor for tensor in model.outputs if tensor.dtype == "string"]


def _columns(model: Model) -> list[Tensor]:
    """The outputs that a table shows: text, and numbers that are one for each example; of a model without text all."""
    return (
        [tensor for tensor in model.outputs if tensor.dtype == "string" or len(tensor.shape) == 1]
        if _texts(model)
        else list(model.outputs)
    )


def _cell(model: Model, tensor: Tensor, row: dict[str, Any]) -> str:
    """A value in a table; several texts with the numbers that belong to them."""
    value = row[tensor.name]
    if not isinstance(value, list):
        return f"{value:.4g}" if isinstance(value, float) else _flat(str(value))
    beside = [other for other in model.outputs if other.shape == tensor.shape and other.dtype == "float32"]
    if tensor.dtype == "string" and len(beside) == 1:
        pairs = zip(value, row[beside[0].name], strict=True)
        return ", ".join(f"{_flat(text)} {number:.3f}" for text, number in pairs if text) or NONE
    return ", ".join(_flat(str(item)) if isinstance(item, str) else f"{item:.4g}" for item in itertools.islice(value, 10))


def _line(model: Model, row: dict[str, Any]) -> str:
    """An answer on one line: its texts, several parted by tabs; of a model without, all its values."""
    values = [row[tensor.name] for tensor in _texts(model) or model.outputs]
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return "\t".join(_flat(item) if isinstance(item, str) else f"{item:g}" for item in flat)


def _flat(text: str) -> str:
    """Without line breaks, of which a line has none."""
    return text if text.isprintable() else " ".join(text.splitlines())
