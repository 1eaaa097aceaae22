"""Two columns out of a table of text, TSV or CSV: whatever its bytes are, pairs and the lines that gave none."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from zoo.data.compressed import raw_chunks
from zoo.errors import DataError, UnknownName, UsageError, typed

LONGEST = 1 << 16
"""Most bytes of a line that is taken for a pair of sentences."""
WORDS = 1000
"""Most words of a sentence."""
NAMED = 3
"""So many bad lines are named, the others are counted."""
BOM = b"\xef\xbb\xbf"
WIDE = (b"\xff\xfe", b"\xfe\xff")
"""How UTF-16 begins."""


@dataclass
class Table:
    """What a table of text gave.

    Args:
        source: of the pairs, white space at both ends removed.
        target: of the pairs.
        lines: that hold something, the header left out.
        bad: how many of them give no pair.
        named: the first of these, with their numbers from 1 and why.
    """

    source: list[str] = field(default_factory=list)
    target: list[str] = field(default_factory=list)
    lines: int = 0
    bad: int = 0
    named: list[str] = field(default_factory=list)

    def refuse(self, number: int, why: str) -> None:
        """Count a line that gives no pair."""
        self.bad += 1
        if len(self.named) < NAMED:
            self.named.append(f"line {number:,} {why}")

    @property
    def complaint(self) -> str:
        """The bad lines in words; empty where there is none."""
        more = "; …" if self.bad > len(self.named) else ""
        return f"{self.bad:,} of {self.lines:,} lines give no pair ({'; '.join(self.named)}{more})" if self.bad else ""


def read_table(path: Path, *, source: str, target: str) -> Table:
    """The pairs in a file of lines, raw, `.gz` or `.xz`; columns are parted by tabs, in `.csv` by commas, with quotes.

    Args:
        path: of the file, UTF-8, with or without a byte-order mark; lines end with LF or CR LF.
        source: column, a number from 0, or a name that stands in the first line.
        target: likewise.

    Raises:
        UnknownName: a column's name is not in the first line.
        UsageError: both columns are the same.
        DataError: it is UTF-16, or not a line of it gives a pair, or fewer than half of them do.
        IntegrityError: damaged compressed data.
        OSError: it cannot be read.
    """
    table = Table()
    commas = any(suffix == ".csv" for suffix in path.suffixes[-2:])
    within = False
    lines: Iterator[tuple[int, bytes]] = enumerate(_lines(raw_chunks(path)), 1)
    first = next(((number, line) for number, line in lines if line.strip()), None)
    if first is None:
        raise DataError(f"{path} holds no line; each should be a pair of sentences, parted by {'a comma' if commas else 'a tab'}.")
    if first[0] == 1 and first[1].startswith(WIDE):
        raise DataError(f"{path} is UTF-16 text; it should be UTF-8.", hint=typed("iconv", "-f", "UTF-16", "-t", "UTF-8", path))
    columns = (_number(source), _number(target))
    if columns[0] is None or columns[1] is None:
        columns = _named(path, first[1], commas, source, target)
    else:
        lines = chain([first], lines)
    if columns[0] == columns[1]:
        raise UsageError(f"--source {source} and --target {target} are the same column; a pair wants two.")
    for number, line in lines:
        if not line.strip():
            continue
        table.lines += 1
        if within:  # the second half of a record is no pair of its own
            within = line.count(b'"') % 2 == 0
            table.refuse(number, "goes on with a field of the line before; a pair is to be one line")
            continue
        try:
            fields = _fields(line, commas=commas)
            pair = [_sentence(fields, *column) for column in zip((source, target), columns, strict=True)]
        except _BadLineError as error:
            within = error.within
            table.refuse(number, str(error))
            continue
        table.source.append(pair[0])
        table.target.append(pair[1])
    if not table.lines:
        raise DataError(f"{path} holds names of columns and no pair of sentences.")
    if table.bad * 2 > table.lines:
        raise DataError(f"Of {path}, {table.complaint}; columns are counted from 0, and --source and --target choose them.")
    return table


class _BadLineError(Exception):
    """A line gives no pair; the text goes on after "line 7".

    Attributes:
        within: it ends within a quoted field, which goes on in the next one.
    """

    within = False


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Lines without their ends, parted at line feeds alone; of one that is too long only the first bytes, too many still."""
    held = b""
    first = True
    for chunk in chunks:
        pieces = chunk.split(b"\n")
        pieces[0] = held + pieces[0]
        held = pieces.pop()[: LONGEST + 2]
        for piece in pieces:
            yield _bare(piece, first)
            first = False
    if held:
        yield _bare(held, first)


def _bare(line: bytes, first: bool) -> bytes:
    """A line without its carriage return, and the first without a byte-order mark."""
    line = line.removesuffix(b"\r")
    return line.removeprefix(BOM) if first else line


def _fields(line: bytes, *, commas: bool) -> list[str]:
    """The columns of one line, white space at their ends removed.

    Raises:
        _BadLineError: they cannot be told.
    """
    if len(line) > LONGEST:
        raise _BadLineError(f"has more than {LONGEST:,} bytes")
    if (place := line.find(b"\0")) >= 0:
        raise _BadLineError(f"has a NUL as byte {place + 1}")
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise _BadLineError(f"is no UTF-8: byte {error.start + 1} is 0x{line[error.start]:02x}") from None
    if not commas:
        return [item.strip() for item in text.split("\t")]
    try:
        (items,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError) as error:  # ValueError: the line holds a carriage return, and so two rows
        bad = _BadLineError(f"is no row of CSV ({error})" if isinstance(error, csv.Error) else "holds two rows")
        bad.within = "unexpected end" in str(error)
        raise bad from None
    return [item.strip() for item in items]


def _sentence(fields: list[str], name: str, column: int | None) -> str:
    """What stands in the column called `name`.

    Raises:
        _BadLineError: no sentence does.
    """
    if column is None or column >= len(fields):
        raise _BadLineError(f"has {len(fields)} column{'s' * (len(fields) != 1)}, none is {name}")
    if not fields[column]:
        raise _BadLineError(f"is empty in column {name}")
    if len(fields[column].split()) > WORDS:
        raise _BadLineError(f"has more than {WORDS:,} words in column {name}")
    return fields[column]


def _number(column: str) -> int | None:
    return int(column) if column.isascii() and column.isdigit() and len(column) < 10 else None


def _named(path: Path, header: bytes, commas: bool, source: str, target: str) -> tuple[int, int]:
    """The places of two columns, at least one of them by its name in the first line."""
    try:
        names = _fields(header, commas=commas)
    except _BadLineError as error:
        raise DataError(f"The first line of {path} should name its columns; it {error}.") from None

    def place(column: str) -> int:
        number = _number(column)
        if number is not None:
            return number
        if column not in names:
            raise UnknownName(f"column of {path}", column, names, hint=typed("head", "-1", path))
        return names.index(column)

    return place(source), place(target)
