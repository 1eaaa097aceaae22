"""A limit of memory bounds what is asked about at once, changes no answer, and is kept."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import zoo.runtime
from tests.artifacts import example_images
from tests.runtime.graphs import numbers_artifact
from zoo.errors import UsageError
from zoo.runtime.memory import bytes_of

EXPORTED = Path(__file__).parents[2] / "exported"
WIDE = 10_000


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, 1), (4096, 4096), ("12 B", 12), ("256 MB", 256_000_000), ("1.5 GiB", 3 * 2**29), ("2kb", 2000), (" 1 KiB ", 1024)],
)
def test_sizes(size, expected):
    assert bytes_of(size) == expected


@pytest.mark.parametrize("size", [0, -1, "", "256", "lots", "0 MB", "-1 MB", "1 TB", "1,5 GB"])
def test_what_is_no_size(size):
    with pytest.raises(UsageError, match="should be a number of bytes, or a size like '256 MB'"):
        bytes_of(size)


def test_the_batch_follows_from_the_limit(tmp_path, monkeypatch):
    model = zoo.runtime.open(numbers_artifact(tmp_path, wide=WIDE))
    asked = []
    run = model.session.run
    monkeypatch.setattr(
        model.session, "run", lambda names, feeds, options: asked.append(len(feeds["values"])) or run(names, feeds, options)
    )
    values = np.random.default_rng(0).random((100, 3), np.float32)
    found = model.answer({"values": values}, memory=40 * 4 * WIDE)
    np.testing.assert_allclose(found["code"], 2 * values)
    # An example writes its 10,000 floats once or, where Relu is an operator of its own, twice.
    assert 9 <= asked[0] <= 20
    assert sum(asked) == 100
    asked.clear()
    model.predict(values, memory=1)
    assert asked == [1] * 100
    asked.clear()
    model.predict(values, memory="1 GB", batch=64)
    assert asked == [64, 36]
    assert model.answer({"values": values[:0]}, memory="1 MB")["code"].shape == (0, 3)


@pytest.mark.parametrize("name", ["cnn.fast", "word2vec.skipgram.int8"])
def test_the_answers_are_the_same(name):
    model = zoo.runtime.open(EXPORTED / name)
    given = list(example_images(30)) if name == "cnn.fast" else ["war", "peace and law", "king"] * 10
    free, bound = model.predict(given), model.predict(given, memory="1 MB")
    for tensor in model.outputs:
        if tensor.dtype == "float32":
            np.testing.assert_allclose(bound[tensor.name], free[tensor.name], rtol=1e-4, atol=1e-6)
        else:
            assert bound[tensor.name].tolist() == free[tensor.name].tolist()


SCRIPT = """
import re, sys
import numpy as np
import zoo.runtime
peak = lambda: 1024 * int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
model = zoo.runtime.open(sys.argv[1])
values = np.ones((4000, 3), np.float32)
model.warm_up()
before = peak()
model.answer({"values": values}, memory=sys.argv[2] if len(sys.argv) > 2 else None)
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a process has no such figure")
def test_the_limit_is_kept(tmp_path):
    folder = numbers_artifact(tmp_path, wide=WIDE)

    def grown(*arguments: str) -> int:
        command = [sys.executable, "-c", SCRIPT, str(folder), *arguments]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert grown() > 4 * WIDE * 4000  # 160 MB
    # The limit, and what the measuring session and its profile take once.
    assert grown("32 MB") < 32e6 + 24e6
