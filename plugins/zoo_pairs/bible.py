"""Verses of the Bible in five translations: database → table, and table → splits."""

from __future__ import annotations

import contextlib
import re
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from zoo.data.routes import RouteError
from zoo_pairs.splits import split_columns

FILE = "bible_aligned.tsv"
VERSIONS = {"en_kjv": "k", "en_web": "4", "fr_segond1910": "l", "de_elberfelder1905": "e", "ru_synodal1876": "r"}
"""Column → what the database calls it. Its other texts are in copyright, or in other languages than those wanted."""
NUMBER = re.compile(r"\(\d+:\d+\)")
"""A verse's number in the edition's own counting."""
MARKS = re.compile(r"[\[\]*]|\s-\s*$")
"""Brackets stand around words that a translator supplied, stars and a last dash where a paragraph ends."""


def load(files: Mapping[str, Path], *, source: str, target: str) -> dict[str, dict[str, np.ndarray]]:
    """The splits of one language pair.

    Args:
        files: name → checked raw file.
        source: column that is translated from.
        target: column that is translated to.

    Returns:
        `train`, `validation` and `test`, each with `source` and `target`, object [n] of `str`; no verse is in two of them.
    """
    header, *rows = (line.split("\t") for line in files[FILE].read_bytes().decode().split("\n") if line)
    left, right = header.index(source), header.index(target)
    pairs = [(clean(row[left]), clean(row[right])) for row in rows]
    pairs = [pair for pair in pairs if all(pair)]
    return split_columns([pair[0] for pair in pairs], [pair[1] for pair in pairs])


def clean(verse: str) -> str:
    """A verse without its number, brackets, stars and a last dash, and with apostrophes where the text has backquotes."""
    return " ".join(MARKS.sub("", NUMBER.sub(" ", verse)).replace("`", "'").split())


def convert(sources: Sequence[Path], name: str, target: Path) -> None:  # noqa: ARG001
    """Make the table of the database `bible.db`: a header, then a verse a line with its place, `1.1.1`, and its translations.

    Raises:
        RouteError: it is no such database.
    """
    verses: dict[tuple[int, int, int], dict[str, str]] = {}
    marks = ", ".join("?" * len(VERSIONS))
    # "+" keeps SQLite from its index: one pass over the file is a hundred times faster than a seek for each verse.
    query = f"SELECT bbName, bNumber, cNumber, vNumber, vText FROM bible WHERE +bbName IN ({marks})"
    try:
        with contextlib.closing(sqlite3.connect(f"{sources[0].resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            for version, *place, text in database.execute(query, tuple(VERSIONS.values())):
                verses.setdefault(tuple(place), {})[version] = " ".join(text.split())
    except (sqlite3.Error, TypeError, ValueError, AttributeError) as error:
        raise RouteError(f"bible.db in it is not the database that is known: {error}") from None
    with target.open("w", encoding="utf-8", newline="\n") as out:
        out.write("\t".join(("ref", *VERSIONS)) + "\n")
        for place, found in sorted(verses.items()):
            out.write("\t".join((".".join(map(str, place)), *(found.get(version, "") for version in VERSIONS.values()))) + "\n")
