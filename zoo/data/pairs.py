"""A person's own sentence pairs as a data set: a table of text with two columns."""

from __future__ import annotations

from pathlib import Path

from zoo.data.apart import split_apart
from zoo.data.class_layout import check_name
from zoo.data.dataset import Dataset, texts
from zoo.data.tables import read_table
from zoo.errors import DataError
from zoo.spec import DatasetSpec


def read_own(path: Path, like: DatasetSpec, *, source: str = "0", target: str = "1") -> Dataset:  # noqa: ARG001
    """Read a file of sentence pairs, `.tsv`, `.csv`, or any text with tabs, also `.gz` and `.xz`.

    Args:
        path: of the file; a pair a line, UTF-8.
        like: the data set in whose place the pairs are used.
        source: column that is translated from: a number from 0, or a name that stands in the first line.
        target: column that is translated to.

    Returns:
        Splits `train`, `validation` and `test`, none empty, each with `source` and `target`, object [n] of `str`; no sentence is
        in two of them. Lines that give no pair are left out; `origin` counts them and names the first.

    Raises:
        UsageError: the columns do not exist, or are the same.
        DataError: the file is missing or a folder, most of its lines give no pair, or they cannot be split.
        IntegrityError: damaged compressed data.
    """
    if not path.exists():
        raise DataError(f"The file {path} does not exist; it should hold sentence pairs, one a line, parted by a tab.")
    if path.is_dir():
        raise DataError(f"{path} is a folder; --data should be a file of sentence pairs, one a line, parted by a tab.")
    check_name(path, "file")
    table = read_table(path, source=source, target=target)
    places = split_apart(table.source, table.target)
    if empty := [split for split, found in places.items() if not len(found)]:
        raise DataError(
            f"The {len(table.source):,} pairs of {path} leave nothing for {' and '.join(empty)}: pairs that share a sentence "
            "stay together, and at least three that share none are wanted."
        )
    sides = {"source": texts(table.source), "target": texts(table.target)}
    sizes = ", ".join(f"{len(found):,} {split}" for split, found in places.items())
    left_out = f"; {table.complaint}" if table.bad else ""
    return Dataset(
        id=path.name.partition(".")[0],
        splits={split: {side: array[found] for side, array in sides.items()} for split, found in places.items()},
        classes=(),
        origin=f"own pairs in {path}, columns {source} and {target} ({sizes}){left_out}",
    )
