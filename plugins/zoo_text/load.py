"""Files of text → splits."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from zoo import paths
from zoo.data.class_layout import check_name
from zoo.data.compressed import raw_chunks
from zoo.data.dataset import Dataset, texts
from zoo.errors import DataError
from zoo.spec import DatasetSpec
from zoo.text.corpus import Corpus, read_corpus

SUFFIXES = (".txt", ".txt.gz", ".txt.xz")
CACHE = "corpora"
"""Folder of the maps, in the folder of fetched data sets."""


def load(files: Mapping[str, Path]) -> dict[str, dict[str, np.ndarray]]:
    """The splits of a corpus.

    Args:
        files: name → checked raw file; their texts follow each other in this order.

    Returns:
        `train`: `token`, int32 [n], ids of words, -1 where a line ends; `test`: `word`, object [words] of `str`, and `count`, int64
        [words], by falling frequency.
    """
    return _splits(_corpus(list(files.values())))


def read_own(path: Path, like: DatasetSpec) -> Dataset:  # noqa: ARG001
    """Read a person's own text: a file, raw, `.gz` or `.xz`, or all `.txt`, `.txt.gz` and `.txt.xz` in a folder and below it.

    Raises:
        DataError: there is none, it is no UTF-8 text, or it holds no word.
        IntegrityError: damaged compressed data.
        OSError: it cannot be read.
    """
    if not path.exists():
        raise DataError(f"The file {path} does not exist; --data should be a text, or a folder of .txt files.")
    check_name(path, "file")
    files = sorted(found for found in path.rglob("*") if found.name.endswith(SUFFIXES)) if path.is_dir() else [path]
    if not files:
        raise DataError(f"The folder {path} holds no {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.")
    try:
        corpus = _corpus(files)
    except DataError as error:
        raise DataError(f"{path}: {error}") from None
    words, different = int(corpus.counts.sum()), len(corpus.words)
    strange = f"; {corpus.strange:,} places that are no UTF-8 were taken for spaces" if corpus.strange else ""
    several = f" of {len(files):,} files" if path.is_dir() else ""
    return Dataset(
        id=path.name.partition(".")[0],
        splits=_splits(corpus),
        classes=(),
        origin=f"own text in {path}: {words:,} words{several}, {different:,} different{strange}",
    )


def _corpus(files: Sequence[Path]) -> Corpus:
    digest = hashlib.sha256()
    for piece in _chunks(files):
        digest.update(piece)
    return read_corpus(lambda: _chunks(files), paths.data_home() / CACHE, digest.hexdigest())


def _chunks(files: Sequence[Path]) -> Iterator[bytes]:
    """The raw bytes of all files; no word or line goes from one into the next."""
    for file in files:
        yield from raw_chunks(file)
        yield b"\n"


def _splits(corpus: Corpus) -> dict[str, dict[str, np.ndarray]]:
    return {"train": {"token": corpus.tokens}, "test": {"word": texts(corpus.words), "count": corpus.counts}}
