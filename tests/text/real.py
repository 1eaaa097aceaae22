"""Real sentences from the local mirror, where there is one."""

from __future__ import annotations

import functools
import gzip
import lzma
import os
from pathlib import Path

import pytest


@functools.cache
def sentences(name: str) -> tuple[str, ...]:
    """Lines of one language: `multi30k.de`, `multi30k.de.test`, `lohelp.pl`, `bible.ru`; skips where there is no mirror."""
    mirror = os.environ.get("ZOO_MIRROR")
    corpus, language, *split = name.split(".")
    if corpus == "multi30k":
        file = f"{'test_2016_flickr' if split else 'train'}.{language}.gz"
    else:
        file = f"en-{language}.tsv.xz" if corpus == "lohelp" else "bible_aligned.tsv.xz"
    if not mirror or not (path := Path(mirror, corpus, file)).exists():
        pytest.skip(f"no {corpus}/{file} in ZOO_MIRROR")
    with (gzip.open if path.suffix == ".gz" else lzma.open)(path, "rt", encoding="utf-8", newline="\n") as lines:
        texts = [line.removesuffix("\n") for line in lines]
    if corpus == "multi30k":
        return tuple(texts)
    return tuple(text.split("\t")[1 if corpus == "lohelp" else 5] for text in texts)
