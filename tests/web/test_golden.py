"""The golden vectors of artifacts, asked of the page itself: its modules, its worker, its onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from tests.web.conftest import EXPORTED, serving
from tools.runtimes.runtimes import DTYPES, plain
from zoo.certify.replay import replay_answers
from zoo.progress import Progress
from zoo.web.site import site

FOLDERS = sorted(path for path in EXPORTED.iterdir() if path.is_dir())
LARGE = 4_000_000
"""Bytes of a model that is long in being loaded and asked."""
CASES = [
    pytest.param(folder, marks=pytest.mark.slow) if (folder / "model.onnx").stat().st_size > LARGE else folder for folder in FOLDERS
]
ASK = """async ([id, inputs]) => {
    const { loadIndex } = await import(new URL("runtime.js", location.href));
    window.loaded ??= (await loadIndex()).models;
    const arrays = { uint8: Uint8Array, float32: Float32Array, int64: BigInt64Array, bool: Uint8Array };
    for (const given of Object.values(inputs)) {
        if (given.dtype === "int64") given.data = given.data.map(BigInt);
        if (given.dtype !== "string") given.data = arrays[given.dtype].from(given.data);
    }
    const { outputs } = await window.loaded.find((model) => model.id === id).run(inputs);
    return Object.entries(outputs).map(([name, { dtype, dims, data }]) =>
        [name, dtype, dims, Array.from(data, dtype === "int64" ? String : (value) => value)]);
}"""


@pytest.fixture(scope="module")
def page(onnxruntime_web, home, chromium):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(home))
        files = site(FOLDERS, Progress())
    with serving({**files, "empty.html": b"<!doctype html>"}) as server:  # no panel asks anything meanwhile
        one = chromium.new_page()
        one.goto(f"{server.url}empty.html")
        yield one
        one.close()


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_the_page_answers_as_certified(page, folder):
    def ask(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        found: list[Any] = page.evaluate(ASK, [folder.name, plain(arrays)])
        return {name: np.array(data, DTYPES[dtype]).reshape(dims) for name, dtype, dims, data in found}  # [as the page says]

    assert replay_answers(folder, ask, runtime="page").problems == ()
