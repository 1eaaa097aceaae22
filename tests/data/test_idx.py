import gzip
import lzma
import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoo.data.idx import read_idx, write_idx
from zoo.errors import IntegrityError
from zoo.pictures.idx import parse_idx

LABELS = bytes.fromhex("00000801 00000003") + b"\x07\x02\x01"
shapes = st.lists(st.integers(0, 5), min_size=1, max_size=4).map(tuple)


def arrays(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def encoded(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@given(shapes, st.integers(0, 99))
def test_parse_gives_back_what_was_encoded(shape, seed):
    array = arrays(shape, seed)
    found = parse_idx(encoded(array), name="x")
    assert found.dtype == np.uint8
    assert found.shape == shape
    assert np.array_equal(found, array)
    assert found.flags.writeable


@pytest.mark.parametrize("suffix", ["", ".gz"])
@pytest.mark.parametrize("shape", [(0,), (3,), (2, 28, 28), (1, 2, 3, 4)])
def test_file_round_trip(tmp_path: Path, suffix, shape):
    path = tmp_path / "new" / f"a{suffix}"
    write_idx(path, arrays(shape, 1))
    assert np.array_equal(read_idx(path, axes=len(shape)), arrays(shape, 1))
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_reads_xz(tmp_path: Path):
    (tmp_path / "a.xz").write_bytes(lzma.compress(LABELS))
    assert read_idx(tmp_path / "a.xz").tolist() == [7, 2, 1]


def test_equal_arrays_make_equal_files(tmp_path: Path):
    for name in ("a.gz", "b.gz"):
        write_idx(tmp_path / name, arrays((4, 4), 2))
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()


@pytest.mark.parametrize("array", [np.zeros(3, np.int64), np.uint8(3), np.zeros((1,) * 33, np.uint8)])
def test_write_refuses_what_idx_cannot_hold(tmp_path: Path, array):
    with pytest.raises(ValueError, match="idx files hold uint8"):
        write_idx(tmp_path / "a", np.asarray(array))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty"),
        (b"\x00\x00", "begins with 0x0000 instead"),
        (b"\x00\x00\x08\x03" + LABELS[4:], "begins with 0x00000803 instead of 0x00000801"),
        (b"\x00\x00\x0d\x01" + LABELS[4:], "begins with 0x00000d01 instead of 0x00000801"),
        (b"\x1f\x8b\x08\x00" + LABELS[4:], "begins with 0x1f8b0800"),
        (LABELS[:6], "is truncated: its idx header takes 8 bytes, the file has 6"),
        (LABELS[:-1], "is truncated: 3 = 3 bytes of data were expected, 2 found"),
        (LABELS + b"!", "is longer than its header says: 3 = 3 bytes of data were expected, 4 found"),
    ],
)
def test_faults_are_named(content, words):
    with pytest.raises(IntegrityError) as caught:
        parse_idx(content, name="some/labels", axes=1)
    assert "some/labels" in str(caught.value)
    assert words in str(caught.value)


def test_no_axes_and_too_many():
    for axes in (0, 33, 255):
        with pytest.raises(IntegrityError, match=f"{axes} axes instead of 1 to 32"):
            parse_idx(bytes([0, 0, 8, axes]) + bytes(4 * axes), name="x")


def test_impossible_empty_shape():
    """No byte of data is promised, but numpy cannot address the other axes."""
    with pytest.raises(IntegrityError, match="impossible shape"):
        parse_idx(b"\x00\x00\x08\x05" + bytes(4) + b"\xff" * 16, name="x")


@given(shapes, st.data())
def test_changed_headers_end_well(shape, data):
    content = bytearray(encoded(arrays(shape, 0)))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, min(len(content), 4 + 4 * len(shape)) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))]) if data.draw(st.booleans()) else bytes(content)
    try:
        found = parse_idx(cut, name="x")
    except IntegrityError:
        return
    assert encoded(found) == cut


@given(st.binary(max_size=80))
def test_any_bytes_end_well(content):
    try:
        found = parse_idx(content, name="x")
    except IntegrityError:
        return
    assert encoded(found) == content


@pytest.mark.parametrize("header", [b"\x00\x00\x08\x03" + b"\xff" * 12, b"\x00\x00\x08\x20" + b"\xff" * 128])
def test_a_hostile_header_takes_no_memory(header):
    tracemalloc.start()
    try:
        with pytest.raises(IntegrityError, match="truncated"):
            parse_idx(header + bytes(1000), name="x")
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_memory_is_that_of_the_input():
    content = encoded(np.zeros((100, 100, 100), np.uint8))
    tracemalloc.start()
    try:
        parse_idx(content, name="x")
        assert tracemalloc.get_traced_memory()[1] < len(content) + 100_000
    finally:
        tracemalloc.stop()


def test_a_bomb_is_stopped(tmp_path: Path):
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bytes(5_000_000)))
    with pytest.raises(IntegrityError, match="more than 1,000,000 bytes"):
        read_idx(tmp_path / "bomb.gz", limit=1_000_000)
