"""Word vectors in files that other programs read: those of word2vec, and those of TensorBoard's embedding projector."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from zoo.files import replacing
from zoo.progress import Progress

VECTORS, METADATA = "vectors.tsv", "metadata.tsv"
"""Files of the projector."""
LITTLE = np.dtype("<f4")
BLOCK = 1000
"""Words between two words of progress."""


def write_word2vec(path: Path, words: Sequence[str], vectors: np.ndarray, *, binary: bool, progress: Progress | None = None) -> int:
    """Write the format that word2vec.c and gensim's `KeyedVectors.load_word2vec_format` read, byte for byte as gensim writes it.

    Args:
        path: of the file.
        words: without white space, as those of a corpus are.
        vectors: float32 [words, numbers].
        binary: float32 as they are; else as decimal numbers, the shortest that name exactly them.
        progress: who is told.

    Returns:
        Bytes written.

    Raises:
        ValueError: a word holds white space, or there are not as many words as vectors.
        OSError: it cannot be written; then what was there is as it was.
    """
    _check(words, vectors)
    rows = vectors.astype(LITTLE, copy=False)
    with replacing(path) as beside, beside.open("wb") as out:
        size = out.write(f"{len(words)} {vectors.shape[1]}\n".encode())
        for block in _blocks(path, words, progress):
            for word, row in zip(words[block], rows[block], strict=True):
                value = row.tobytes() if binary else f"{_decimal(row, ' ')}\n".encode()
                size += out.write(f"{word} ".encode() + value)
    return size


def write_projector(
    folder: Path, words: Sequence[str], counts: np.ndarray, vectors: np.ndarray, *, progress: Progress | None = None
) -> dict[Path, int]:
    """Write what https://projector.tensorflow.org and TensorBoard load: `vectors.tsv`, a line for each word, and `metadata.tsv`,
    the words with their counts below a header. Neither takes its place before both are whole.

    Args:
        folder: made if it is not there; other files in it are kept.
        words: without white space.
        counts: how often each occurs in the text, int64 [words].
        vectors: float32 [words, numbers].
        progress: who is told.

    Returns:
        Files → bytes written.

    Raises:
        ValueError: a word holds white space, or there are not as many words as vectors and counts.
        OSError: they cannot be written.
    """
    _check(words, vectors)
    files = {folder / METADATA: 0, folder / VECTORS: 0}
    made = not folder.is_dir()
    try:
        with replacing(folder / METADATA) as metadata, replacing(folder / VECTORS) as table:
            lines = [f"{word}\t{count}\n" for word, count in zip(words, counts.tolist(), strict=True)]
            files[folder / METADATA] = metadata.write_bytes(("word\tcount\n" + "".join(lines)).encode())
            with table.open("wb") as out:
                for block in _blocks(folder / VECTORS, words, progress):
                    text = "".join(f"{_decimal(row, chr(9))}\n" for row in vectors[block].astype(LITTLE, copy=False))
                    files[folder / VECTORS] += out.write(text.encode())
    except BaseException:
        if made and folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
        raise
    return files


def _check(words: Sequence[str], vectors: np.ndarray) -> None:
    if vectors.shape[:1] != (len(words),):
        raise ValueError(f"{len(words)} words have vectors of shape {list(vectors.shape)}")
    for word in words:
        if word.split() != [word]:
            raise ValueError(f"{word!r} is no word: it is empty, or holds white space, which parts words in these formats")


def _blocks(path: Path, words: Sequence[str], progress: Progress | None) -> Iterator[slice]:
    with (progress or Progress()).bar(f"writing {path}", len(words), unit="words") as advance:
        for start in range(0, len(words), BLOCK):
            yield slice(start, start + BLOCK)
            advance(min(BLOCK, len(words) - start))


def _decimal(row: np.ndarray, between: str) -> str:
    """Numbers as NumPy writes them: the fewest digits that name this float32 and no other."""
    return between.join(map(str, row))
