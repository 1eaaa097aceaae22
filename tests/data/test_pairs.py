"""A person's own sentence pairs: any bytes give pairs or a clean error, and no sentence stands in two splits."""

import gzip
import lzma
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from zoo.data.apart import folded, split_apart
from zoo.data.dataset import Dataset, texts
from zoo.data.load import load_dataset
from zoo.data.pairs import read_own
from zoo.data.tables import LONGEST, read_table
from zoo.errors import DataError, IntegrityError, UnknownName, UsageError, ZooError

COLUMNS = {"columns": ("source", "target"), "own": "zoo.data.pairs:read_own"}
PLAIN = "".join(f"word {number}\tsłowo {number}\n" for number in range(100)).encode()


@pytest.fixture
def written(tmp_path: Path):
    def write(content: bytes | str, name: str = "pairs.tsv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def table(path: Path, source: str = "0", target: str = "1"):
    return read_table(path, source=source, target=target)


def pairs(path: Path, source: str = "0", target: str = "1") -> list[tuple[str, str]]:
    found = table(path, source, target)
    return list(zip(found.source, found.target, strict=True))


@pytest.mark.parametrize(
    "content",
    [
        "a\tb\nc d\te\n",
        "a\tb\nc d\te",
        "a\tb\r\nc d\te\r\n",
        "\ufeffa\tb\nc d\te\n",
        "\n\n a \tb\n\t\nc d\te \n\n".replace("\t\n", "\n"),
        "a\tb\tthird\nc d\te\n",
    ],
)
def test_forms_of_the_same_pairs(written, content):
    assert pairs(written(content)) == [("a", "b"), ("c d", "e")]


def test_a_line_ends_at_a_line_feed_and_nowhere_else(written):
    odd = "one\u2028two\x0bthree\x85four"
    assert pairs(written(f"{odd}\tx\nb\ty\n")) == [(odd, "x"), ("b", "y")]


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_compressed(written, suffix, pack):
    assert len(pairs(written(pack(PLAIN), f"pairs.tsv{suffix}"))) == 100
    with pytest.raises(IntegrityError, match="truncated"):
        pairs(written(pack(PLAIN)[:-20], f"pairs.tsv{suffix}"))


def test_csv_with_quotes(written):
    content = 'id,en,pl\n1,"Hello, you",Cześć\n2,"He said ""no""",Nie\n3,open,"never closed\n'
    found = table(written(content, "pairs.csv"), "en", "pl")
    assert (found.source, found.target) == (["Hello, you", 'He said "no"'], ["Cześć", "Nie"])
    assert found.complaint.startswith("1 of 3 lines give no pair (line 4 is no row of CSV (")


def test_tsv_has_no_quotes(written):
    assert pairs(written('"Hello\t"Cześć\n')) == [('"Hello', '"Cześć')]


def test_columns_by_number_and_by_name(written):
    path = written("id\ten\tpl\n7\tHello\tCześć\n8\tYes\tTak\n")
    assert pairs(path, "2", "1") == [("pl", "en"), ("Cześć", "Hello"), ("Tak", "Yes")]
    assert pairs(path, "pl", "en") == [("Cześć", "Hello"), ("Tak", "Yes")]
    assert pairs(path, "pl", "1") == [("Cześć", "Hello"), ("Tak", "Yes")]


def test_columns_that_are_not_there(written):
    path = written("id\tenglish\tpolish\n7\tHello\tCześć\n")
    with pytest.raises(UnknownName, match=r"There is no column of .*pairs\.tsv 'polski'; did you mean polish\?"):
        pairs(path, "polski", "english")
    with pytest.raises(UsageError, match="--source 1 and --target 1 are the same column"):
        pairs(path, "1", "1")
    with pytest.raises(UsageError, match="--source english and --target 1 are the same column"):
        pairs(path, "english", "1")
    with pytest.raises(DataError, match=r"2 of 2 lines give no pair \(line 1 has 3 columns, none is 9; line 2"):
        pairs(path, "0", "9")


def test_bad_lines_are_counted_and_named(written):
    lines = [b"a\tb"] * 6 + [b"one column", b"\tempty", b"bad \xff\tx", b"n\0ul\tx", b"x" * (LONGEST + 1) + b"\ty"]
    found = table(written(b"\n".join(lines) + b"\n"))
    assert (found.lines, found.bad, len(found.source)) == (11, 5, 6)
    assert found.complaint == (
        "5 of 11 lines give no pair (line 7 has 1 column, none is 1; line 8 is empty in column 0; "
        "line 9 is no UTF-8: byte 5 is 0xff; …)"
    )


def test_nul_and_long_lines_say_so(written):
    assert "line 2 has a NUL as byte 2" in table(written(b"a\tb\nn\0ul\tx\n")).complaint
    assert "line 2 has more than 65,536 bytes" in table(written(b"a\tb\n" + b"x" * 3_000_000 + b"\ty\nc\td\n")).complaint


def test_a_novel_is_no_sentence(written):
    novel = "word " * 1001
    assert "line 2 has more than 1,000 words in column 1" in table(written(f"a\tb\na\t{novel}\n{novel[:5000]}\td\n")).complaint
    assert len(pairs(written(f"a\tb\n{novel[:5000]}\td\n"))) == 2


def test_the_longest_line(written):
    longest = "x" * (LONGEST - 2) + "\ty"
    assert [len(text) for text, _ in pairs(written(longest + "\r\n" + longest + "x\na\tb\n"))] == [LONGEST - 2, 1]


def test_more_bad_than_good(written):
    with pytest.raises(DataError, match="--source and --target choose them"):
        table(written("one\ntwo\na\tb\n"))
    assert table(written("one\na\tb\n")).bad == 1


@pytest.mark.parametrize("order", ["utf-16", "utf-16-be"])
def test_utf_16_is_told(written, order):
    content = ("" if order == "utf-16" else "\ufeff") + "a\tb\n"
    with pytest.raises(DataError, match=r"is UTF-16 text; it should be UTF-8\. Try: iconv"):
        table(written(content.encode(order)))


@pytest.mark.parametrize("content", [b"", b"\n\n \r\n"])
def test_nothing_in_it(written, content):
    for columns in ({}, {"source": "de", "target": "en"}):
        with pytest.raises(DataError, match="holds no line"):
            table(written(content), **columns)


def test_names_and_nothing_else(written):
    with pytest.raises(DataError, match="holds names of columns and no pair"):
        table(written(b"de\ten\n"), source="de", target="en")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.lists(st.sampled_from([b"\t", b"\n", b"\r", b",", b'"', b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"a", "ż".encode()])).map(
            b"".join
        ),
    ),
    name=st.sampled_from(["p.tsv", "p.csv", "p.txt", "p.tsv.gz", "p.tsv.xz"]),
    source=st.sampled_from(["0", "1", "a", "ż", ""]),
    target=st.sampled_from(["0", "1", "2", "a"]),
)
def test_any_bytes_give_pairs_or_a_clean_error(written, content, name, source, target):
    try:
        found = table(written(content, name), source, target)
    except ZooError:
        pass  # any other exception fails the test
    else:
        assert len(found.source) == len(found.target) == found.lines - found.bad
        assert found.bad * 2 <= found.lines
        assert all(text == text.strip() != "" and "\n" not in text and "\0" not in text for text in found.source + found.target)


WORDS = st.text("abAB \t", min_size=1, max_size=3)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=80), st.integers(0, 3))
def test_no_sentence_in_two_splits(given_pairs, seed):
    source, target = map(list, zip(*given_pairs, strict=True))
    places = split_apart(source, target, seed=seed)
    assert sorted(np.concatenate(list(places.values())).tolist()) == list(range(len(source)))
    seen = [{folded(side[place]) for place in found for side in (source, target)} for found in places.values()]
    assert len(set().union(*seen)) == sum(map(len, seen))
    assert all(len(places[split]) <= max(1, len(source) // 20) for split in ("validation", "test"))
    reverse = split_apart(target, source, seed=seed)
    assert {split: found.tolist() for split, found in reverse.items()} == {split: found.tolist() for split, found in places.items()}


def test_the_split_follows_from_the_texts_and_the_seed():
    source, target = [f"s{number}" for number in range(4000)], [f"t{number}" for number in range(4000)]
    places = split_apart(source, target)
    assert {split: len(found) for split, found in places.items()} == {"train": 3600, "validation": 200, "test": 200}
    backwards = split_apart(source[::-1], target[::-1])
    assert sorted(3999 - backwards["test"]) == places["test"].tolist()
    assert split_apart(source, target, seed=1)["test"].tolist() != places["test"].tolist()
    large = split_apart([f"s{number}" for number in range(30_000)], [f"t{number}" for number in range(30_000)])
    assert (len(large["validation"]), len(large["test"])) == (1000, 1000)


def test_a_chain_of_shared_sentences_stays_together():
    source = ["a", "A ", "b", "c", *(f"s{number}" for number in range(96))]
    target = ["x", "y", "Y", "b", *(f"t{number}" for number in range(96))]
    places = split_apart(source, target)
    assert any({0, 1, 2, 3} <= set(found.tolist()) for found in places.values())
    assert [len(places[split]) for split in ("validation", "test")] == [5, 5]


def test_own_pairs_as_a_data_set(written, spec, progress):
    path = written(PLAIN + b"no pair\n", "my.pairs.tsv")
    dataset = load_dataset(spec(**COLUMNS), own=path, name="pl-en", progress=progress, columns={"source": "1", "target": "0"})
    assert (dataset.id, dataset.classes, dataset.picture) == ("pl-en", (), None)
    assert {split: len(arrays["source"]) for split, arrays in dataset.splits.items()} == {"train": 90, "validation": 5, "test": 5}
    assert dataset.splits["train"]["source"].dtype == object
    assert dataset.splits["train"]["source"][0].startswith("słowo ")
    (note,) = progress.notes
    assert note == (
        f"pl-en: own pairs in {path}, columns 1 and 0 (90 train, 5 validation, 5 test); "
        "1 of 101 lines give no pair (line 101 has 1 column, none is 1)"
    )
    assert load_dataset(spec(**COLUMNS), own=path, name=None, progress=progress).id == "my"


def test_own_pairs_that_cannot_be_read(written, spec, progress, tmp_path):
    like = spec(**COLUMNS)
    with pytest.raises(DataError, match="does not exist; it should hold sentence pairs"):
        read_own(tmp_path / "nowhere.tsv", like)
    with pytest.raises(DataError, match="is a folder; --data should be a file"):
        read_own(tmp_path, like)
    with pytest.raises(DataError, match="leave nothing for train: pairs that share a sentence stay together"):
        read_own(written("a\tb\nc\td\n"), like)
    with pytest.raises(DataError, match=r"The 50 pairs .* leave nothing for validation and test"):
        read_own(written("a\tb\n" * 50), like)


def test_columns_where_they_have_no_meaning(written, spec, progress):
    path = written(PLAIN)
    with pytest.raises(UsageError, match="'made' are no table of sentence pairs: leave out --source 1"):
        load_dataset(spec(own="some:reader"), own=path, name="x", progress=progress, columns={"source": "1"})
    with pytest.raises(UsageError, match="give those with --data FILE, or leave out --source 1 and --target 0"):
        load_dataset(spec(**COLUMNS), own=None, name=None, progress=progress, columns={"source": "1", "target": "0"})


def test_the_hash_of_texts_is_of_the_texts():
    def hashed(*items: str) -> str:
        return Dataset(id="x", splits={"train": {"source": texts(items)}}, classes=(), origin="").sha256

    assert hashed("a", "b") == hashed("a", "b")
    # Equal texts that are other objects, and lists that would be equal if they were only joined.
    assert hashed("ab" * 2, "c") == hashed("".join(["ab", "ab"]), "c")
    assert len({hashed("a", "b"), hashed("ab", ""), hashed("", "ab"), hashed("b", "a"), hashed("a", "b", "")}) == 5
    assert hashed("\ud800") != hashed("?")


def test_the_hash_of_numbers_is_as_it_was():
    splits = {"train": {"image": np.arange(6, dtype=np.uint8).reshape(2, 3)}, "test": {"label": np.array([1, 2])}}
    dataset = Dataset(id="x", splits=splits, classes=(), origin="")
    assert dataset.sha256 == "4038756e2392da1211e68754681661e9254caf2f62e43fc2f3e000ee4e7ed3cc"
    assert replace(dataset, origin="elsewhere").sha256 == dataset.sha256


def test_a_field_of_two_lines_gives_no_half_pair(tmp_path):
    """The rest of a quoted field is not taken for a record of its own."""
    table = tmp_path / "pairs.csv"
    table.write_text('"a, b",x\n"two\nlines",y\n"three\n\nlong\nlines",z\nc,d\ne,f\ng,h\ni,j\nk,l\n')
    found = read_table(table, source="0", target="1")
    assert list(zip(found.source, found.target, strict=True)) == [
        ("a, b", "x"),
        ("c", "d"),
        ("e", "f"),
        ("g", "h"),
        ("i", "j"),
        ("k", "l"),
    ]
    assert found.bad == 5
