import gzip
import hashlib
import lzma
import random
import tracemalloc
from pathlib import Path

import pytest

from zoo.data.compressed import read_raw, unpack
from zoo.errors import IntegrityError

RAW = random.Random(0).randbytes(300_000)
PACK = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("suffix", PACK)
def test_reads_each_form(tmp_path: Path, suffix):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(PACK[suffix](RAW))
    assert read_raw(path) == RAW
    assert unpack(path, tmp_path / "out") == hashlib.sha256(RAW).hexdigest()
    assert (tmp_path / "out").read_bytes() == RAW


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
def test_several_members_are_one_file(tmp_path: Path, suffix):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(PACK[suffix](b"one ") + PACK[suffix](b"two"))
    assert read_raw(path) == b"one two"


@pytest.mark.parametrize("suffix", PACK)
def test_the_limit_holds_for_each_form(tmp_path: Path, suffix):
    path = tmp_path / f"file{suffix}"
    path.write_bytes(PACK[suffix](RAW))
    assert len(read_raw(path, limit=len(RAW))) == len(RAW)
    with pytest.raises(IntegrityError, match="more than 299,999 bytes"):
        read_raw(path, limit=len(RAW) - 1)


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
def test_a_bomb_takes_little_memory(tmp_path: Path, suffix):
    path = tmp_path / f"bomb{suffix}"
    path.write_bytes(PACK[suffix](bytes(20_000_000)))
    tracemalloc.start()
    try:
        with pytest.raises(IntegrityError, match="more than"):
            read_raw(path, limit=1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 16_000_000  # xz has a dictionary of 8 MiB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
@pytest.mark.parametrize("length", [0.0, 0.00001, 0.3, 0.999])
def test_truncated(tmp_path: Path, suffix, length):
    path = tmp_path / f"file{suffix}"
    packed = PACK[suffix](RAW)
    path.write_bytes(packed[: int(length * len(packed))])
    if suffix == ".gz" and length == 0:
        assert read_raw(path) == b""  # gzip takes an empty file for no members at all
        return
    with pytest.raises(IntegrityError, match="truncated"):
        read_raw(path)


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
@pytest.mark.parametrize("place", [0, 2, 100_000, -1, -5])
def test_a_changed_byte_is_noticed(tmp_path: Path, suffix, place):
    path = tmp_path / f"file{suffix}"
    packed = bytearray(PACK[suffix](RAW))
    packed[place] ^= 0xFF
    path.write_bytes(packed)
    with pytest.raises(IntegrityError, match=r"is not valid|truncated"):
        read_raw(path)
