"""The sentence pairs as they are in a mirror, and as they are made of packages."""

import os
import re
import sqlite3
import tarfile
from pathlib import Path

import numpy as np
import pytest

import zoo_pairs
from tests.data.packages import tar
from zoo.data.apart import folded
from zoo.data.load import load_dataset
from zoo.data.routes import RouteError
from zoo.progress import Progress
from zoo_pairs import bible, lohelp, multi30k

MIRROR = os.environ.get("ZOO_MIRROR")
SPECS = {spec.id: spec for spec in zoo_pairs.zoo_datasets()}
COUNTS = {
    **dict.fromkeys(("multi30k.de-en", "multi30k.fr-en", "multi30k.cs-en"), (29_000, 1_014, 1_000)),
    "lohelp.en-de": (30_088, 1_000, 1_000),
    "lohelp.en-fr": (28_583, 1_000, 1_000),
    "lohelp.en-pl": (23_143, 1_000, 1_000),
    "lohelp.en-ru": (17_784, 988, 988),
    **dict.fromkeys(("bible.en-de", "bible.en-fr", "bible.en-ru"), (29_102, 1_000, 1_000)),
}
SHARED = {"multi30k.de-en": 2, "multi30k.fr-en": 4, "multi30k.cs-en": 2}
"""Sentences that stand in the training and in the validation split, as these were published."""


def loaded(name: str):
    spec = SPECS[name]
    if not MIRROR or not (Path(MIRROR) / spec.folder).is_dir():
        pytest.skip(f"needs a mirror: set ZOO_MIRROR to a folder with {spec.folder}/")
    return load_dataset(spec, own=None, name=None, progress=Progress())


def reverse(name: str) -> str:
    corpus, _, pair = name.partition(".")
    return f"{corpus}.{'-'.join(reversed(pair.split('-')))}"


def test_the_hook_gives_each_corpus_in_both_directions():
    assert set(SPECS) == set(COUNTS) | {reverse(name) for name in COUNTS}
    assert all(spec.columns == ("source", "target") and spec.own for spec in SPECS.values())
    assert {SPECS[name].licence.partition(":")[0] for name in SPECS} == {"none stated", "MPL-2.0", "public domain"}
    assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) for spec in SPECS.values() for file in spec.files)


@pytest.mark.parametrize("name", COUNTS)
def test_a_set_of_the_mirror(name):
    dataset = loaded(name)
    assert tuple(len(dataset.splits[split]["source"]) for split in ("train", "validation", "test")) == COUNTS[name]
    assert list(dataset.splits) == ["train", "validation", "test"]
    for split in dataset.splits.values():
        assert {side: (array.dtype, array.ndim) for side, array in split.items()} == {
            "source": (np.dtype(object), 1),
            "target": (np.dtype(object), 1),
        }
        assert all(type(text) is str and text and text == text.strip("\r\n") for array in split.values() for text in array)
    sentences = [{folded(text) for array in split.values() for text in array} for split in dataset.splits.values()]
    assert sum(map(len, sentences)) - len(set().union(*sentences)) == SHARED.get(name, 0)
    backwards = load_dataset(SPECS[reverse(name)], own=None, name=None, progress=Progress())
    for split, sides in dataset.splits.items():
        assert backwards.splits[split]["source"].tolist() == sides["target"].tolist()
        assert backwards.splits[split]["target"].tolist() == sides["source"].tolist()
    assert backwards.sha256 != dataset.sha256


def test_pairs_belong_together():
    test = loaded("multi30k.de-en").splits["test"]
    assert test["source"][0] == "Ein Mann mit einem orangefarbenen Hut, der etwas anstarrt."
    assert test["target"][0] == "A man in an orange hat starring at something."
    verses = loaded("bible.en-de").splits
    (place,) = np.flatnonzero(verses["train"]["source"] == "In the beginning God created the heavens and the earth.")
    assert verses["train"]["target"][place] == "Im Anfang schuf Gott die Himmel und die Erde."
    assert not any(mark in text for split in verses.values() for array in split.values() for text in array for mark in "[]*`")


def test_lines_are_parted_at_line_feeds_alone(tmp_path):
    for name, content in (("de", "eins\u2028noch eins\r\nzwei\x85\n"), ("en", "one\ntwo\n")):
        for split in multi30k.SPLITS.values():
            (tmp_path / f"{split}.{name}").write_text(content, encoding="utf-8", newline="")
    files = {path.name: path for path in tmp_path.iterdir() if path.is_file()}
    splits = multi30k.load(files, source="de", target="en")
    assert splits["test"]["source"].tolist() == ["eins\u2028noch eins", "zwei\x85"]
    assert splits["test"]["target"].tolist() == ["one", "two"]


PAGE = """<html><body><p>Menu</p><div id="DisplayArea"><h1 id="hd_1">{title}</h1>
<p id="par_1">{first} <b>{bold}</b><br>{second}</p><pre>{code}</pre><p id="par_2">same</p></div></body></html>"""


def page(*words: str) -> bytes:
    return PAGE.format(**dict(zip(("title", "first", "bold", "second", "code"), words, strict=True))).encode()


def archive(tmp_path: Path, language: str, pages: dict[str, bytes | tarfile.TarInfo]) -> Path:
    path = tmp_path / f"{language}.tar"
    path.write_bytes(tar({f"./usr/share/libreoffice/help/{language}/text/{name}": content for name, content in pages.items()}))
    return path


def test_help_pages_are_paired_block_by_block(tmp_path):
    link = tarfile.TarInfo("./usr/share/libreoffice/help/pl/text/d.html")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    english = {
        "a.html": page("Title", "One", "bold", "word &amp; more", "x = 1"),
        "b.html": page("Title", "Two", "b", "c", ""),
        "c.html": page("Title", "Two", "b", "c", ""),
        "d.html": page("Linked", "a", "b", "c", ""),
        "moved.html": b'<div id="DisplayArea"><p id="1">first</p><p id="2">second</p></div>',
        "alone.html": page("Alone", "a", "b", "c", ""),
    }
    polish = {
        "a.html": page("Nagłówek", "Jeden", "gruby", "wyraz &amp; więcej", "x = 2"),
        "b.html": page("Tytuł", "Dwa", "b", "c", ""),
        "c.html": page("Tytuł", "Dwa", "b", "d", ""),
        "d.html": link,
        "moved.html": b'<div id="DisplayArea"><p id="2">drugi</p><p id="1">pierwszy</p></div>',
    }
    target = tmp_path / "out.tsv"
    lohelp.convert([archive(tmp_path, "en-US", english), archive(tmp_path, "pl", polish)], "en-pl.tsv", target)
    assert target.read_bytes().decode() == "Title\tTytuł\nOne bold word & more\tJeden gruby wyraz & więcej\nTwo b c\tDwa b c\n"


def test_help_without_pages(tmp_path):
    with pytest.raises(RouteError, match="no page of usr/share/libreoffice/help/pl has the blocks"):
        lohelp.convert([archive(tmp_path, "en-US", {}), archive(tmp_path, "pl", {})], "en-pl.tsv", tmp_path / "out")
    (tmp_path / "bad.tar").write_bytes(b"no tar" * 200)
    with pytest.raises(RouteError, match="its archive is damaged"):
        lohelp.convert([tmp_path / "bad.tar"] * 2, "en-pl.tsv", tmp_path / "out")


def test_verses_out_of_the_database(tmp_path):
    path = tmp_path / "bible.db"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE bible (bbName TEXT, bNumber INTEGER, cNumber INTEGER, vNumber INTEGER, vText TEXT)")
        rows = [
            (version, 1, 1, verse, f"\t{version} [x] {verse} ") for verse in (10, 2) for version in (*bible.VERSIONS.values(), "z")
        ]
        database.executemany("INSERT INTO bible VALUES (?, ?, ?, ?, ?)", rows)
    database.close()
    bible.convert([path], bible.FILE, tmp_path / "out.tsv")
    assert (tmp_path / "out.tsv").read_bytes().decode() == (
        "ref\ten_kjv\ten_web\tfr_segond1910\tde_elberfelder1905\tru_synodal1876\n"
        "1.1.2\tk [x] 2\t4 [x] 2\tl [x] 2\te [x] 2\tr [x] 2\n"
        "1.1.10\tk [x] 10\t4 [x] 10\tl [x] 10\te [x] 10\tr [x] 10\n"
    )


@pytest.mark.parametrize("content", [b"", b"no database" * 100])
def test_another_database(tmp_path, content):
    (tmp_path / "bible.db").write_bytes(content)
    with pytest.raises(RouteError, match=r"bible\.db in it is not the database that is known"):
        bible.convert([tmp_path / "bible.db"], bible.FILE, tmp_path / "out.tsv")


@pytest.mark.parametrize(
    ("verse", "clean"),
    [
        ("(7:26) L'Éternel dit", "L'Éternel dit"),
        ("Va en paix. (20:43) David se leva", "Va en paix. David se leva"),
        ("God`s Spirit [was] here", "God's Spirit was here"),
        ("und er starb. -", "und er starb."),
        ("auf ewig. * * *", "auf ewig."),
        ("a-b (mit ihm)", "a-b (mit ihm)"),
    ],
)
def test_verses_are_cleaned(verse, clean):
    assert bible.clean(verse) == clean
