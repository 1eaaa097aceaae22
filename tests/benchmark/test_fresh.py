"""A process of its own: what it imports, what it remembers of memory, and what it says when it fails."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.artifacts import example_images, example_pixels, write_artifact
from zoo.benchmark.fresh import measure_fresh
from zoo.errors import ZooError


def test_times_and_memory(tmp_path: Path) -> None:
    found = measure_fresh(write_artifact(tmp_path), {"image": example_images(3)}, providers=["cpu"], threads=1, level="basic")
    assert found.load > 0
    assert found.first > 0
    if sys.platform == "linux":
        assert (found.how or "").startswith("VmHWM")
        assert 10 << 20 < found.before <= found.loaded <= found.run < 2 << 30


def test_memory_grows_with_the_batch(tmp_path: Path) -> None:
    """The answer to 200,000 examples takes 8 MB at least that the answer to one does not; the inputs are not counted."""
    folder = write_artifact(tmp_path, camera=True)
    one, many = (
        measure_fresh(folder, {"pixels": example_pixels(count)}, providers=["cpu"], threads=1, level="all")
        for count in (1, 200_000)
    )
    if one.how is not None:
        assert (many.run - many.before) - (one.run - one.before) > 8e6


PEAKS = """
import json
import sys
import numpy as np
from zoo.benchmark.fresh import Peak
held = np.ones(8 << 20, np.uint8)  # 8 MiB, touched
del held
peak = Peak()
at_once = peak.read()
held = np.ones(64 << 20, np.uint8)
del held
sys.stdout.write(json.dumps([peak.how, at_once - peak.before, peak.read() - peak.before]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_peak_is_since_it_was_made() -> None:
    """In a process of its own: one that has run other tests gives memory back while this one measures."""
    result = subprocess.run(
        [sys.executable, "-c", PEAKS],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    how, at_once, later = json.loads(result.stdout)
    if how != "VmHWM":
        pytest.skip(f"this system's is {how}")
    assert at_once < 1 << 20
    assert later > 60 << 20


def test_failure_is_told_in_one_line(tmp_path: Path) -> None:
    bare = tmp_path / "none.onnx"
    bare.write_bytes(b"nothing")
    with pytest.raises(ZooError, match=r"^A fresh process could not open and run the model: \S*none\.onnx is no model.*[^.]\.$"):
        measure_fresh(bare, {"image": example_images(1)}, providers=["cpu"], threads=1, level="all")


SCRIPT = """
import sys
from zoo.benchmark import fresh
sys.stdout.write(str(sorted(fresh.answer(sys.stdin.buffer))))
imported = {name.partition(".")[0] for name in sys.modules}
heavy = {"torch", "onnx", "msgspec", "click", "pluggy", "rich", "PIL", "matplotlib"} & imported
assert not heavy, heavy
"""


def test_imports_the_runtime_alone(tmp_path: Path) -> None:
    """Whatever else it imported would be memory that the artifact does not take."""
    request = {"path": str(write_artifact(tmp_path)), "providers": ["cpu"], "threads": 1, "level": "all"}
    stream = io.BytesIO()
    np.savez(stream, image=example_images(2))
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        input=json.dumps(request).encode() + b"\n" + stream.getvalue(),
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert (result.stderr, result.returncode) == (b"", 0)
    assert result.stdout == b"['before', 'first', 'how', 'load', 'loaded', 'run']"
