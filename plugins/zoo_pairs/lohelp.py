"""LibreOffice's help in two languages: pages → pairs, and pairs → splits."""

from __future__ import annotations

import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path

import numpy as np

from zoo.data.routes import RouteError
from zoo_pairs.splits import split_columns

BLOCKS = frozenset(("div", "h1", "h2", "h3", "h4", "h5", "h6", "li", "p", "pre", "td", "th"))
SILENT = frozenset(("pre", "script", "style"))
"""What holds no sentences."""
ROOT = "usr/share/libreoffice/help"
ENGLISH = "en-US"
LARGEST = 1 << 24
"""Bytes of a page that is read; true ones have a hundred thousand."""
HIDDEN = "Title is: "
"""How a line begins that no reader sees."""

Block = tuple[str, str | None, str]
"""The tag it stands in, that tag's id, and the text."""


def load(files: Mapping[str, Path], *, file: str, reverse: str = "") -> dict[str, dict[str, np.ndarray]]:
    """The splits of one language pair.

    Args:
        files: name → checked raw file.
        file: `en-de.tsv` and the like: English, a tab, the other language.
        reverse: not empty where it is translated to English.

    Returns:
        `train`, `validation` and `test`, each with `source` and `target`, object [n] of `str`; no sentence is in two of them.
    """
    rows = [line.split("\t") for line in files[file].read_bytes().decode().split("\n") if line]
    english, other = ([row[side] for row in rows] for side in (0, 1))
    return split_columns(other, english) if reverse else split_columns(english, other)


def convert(sources: Sequence[Path], name: str, target: Path) -> None:
    """Make `en-XX.tsv` of the raw tar files of `libreoffice-help-en-us` and `libreoffice-help-XX`.

    A page is paired block by block where both languages have the same blocks, by their tags and ids; other pages, whose sections
    are sorted by their translated titles, are left out. Of several translations of a sentence the commonest is kept, of equally
    common ones the first; what is not translated at all is left out.

    Raises:
        RouteError: a tar file is damaged, or there are no such pages.
    """
    language = name.removeprefix("en-").removesuffix(".tsv")
    english = dict(_pages(sources[0], ENGLISH))
    found: dict[str, Counter[str]] = {}
    other = dict(_pages(sources[1], language))
    for page in sorted(english.keys() & other.keys(), key=lambda page: page.split("/")):
        left, right = english[page], other[page]
        if [block[:2] for block in left] != [block[:2] for block in right]:
            continue
        for (*_, text), (*_, translated) in zip(left, right, strict=True):
            if text != translated and not text.startswith(HIDDEN):
                found.setdefault(text, Counter())[translated] += 1
    if not found:
        raise RouteError(f"no page of {ROOT}/{language} has the blocks of its English one")
    with target.open("w", encoding="utf-8", newline="\n") as out:
        for text, translations in found.items():
            out.write(f"{text}\t{translations.most_common(1)[0][0]}\n")


def _pages(archive: Path, language: str) -> Iterator[tuple[str, list[Block]]]:
    """The pages of one language: path below `text/`, and blocks."""
    prefix = f"{ROOT}/{language}/text/"
    try:
        with tarfile.open(archive, "r:") as tar:
            for entry in tar:
                name = entry.name.removeprefix("./")
                if not (name.startswith(prefix) and name.endswith(".html") and entry.isreg() and entry.size <= LARGEST):
                    continue
                stream = tar.extractfile(entry)
                assert stream is not None
                reader = _Reader()
                reader.feed(stream.read().decode("utf-8", "replace"))
                reader.close()
                yield name.removeprefix(prefix), reader.blocks
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise RouteError(f"its archive is damaged: {error or type(error).__name__}") from None


class _Reader(HTMLParser):
    """The blocks of text of a page, menus and program code left out."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[Block] = []
        self._place: tuple[str, str | None] = ("", None)
        self._pieces: list[str] = []
        self._shown = False
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        name = dict(attrs).get("id")
        self._shown |= (tag, name) == ("div", "DisplayArea")
        self._silent += tag in SILENT
        if tag in BLOCKS:
            self._end(tag, name)
        elif tag == "br":
            self._pieces.append(" ")

    def handle_endtag(self, tag: str) -> None:
        self._silent = max(0, self._silent - (tag in SILENT))
        if tag in BLOCKS:
            self._end("/", None)

    def handle_data(self, data: str) -> None:
        if self._shown and not self._silent:
            self._pieces.append(data)

    def close(self) -> None:
        super().close()
        self._end("", None)

    def _end(self, tag: str, name: str | None) -> None:
        """End the block under way, and begin one at this tag."""
        text = " ".join("".join(self._pieces).split())
        if text:
            self.blocks.append((*self._place, text))
        self._pieces, self._place = [], (tag, name)
