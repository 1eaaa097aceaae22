"""Other runtimes: committed artifacts answer there as certified, and the page of what runs where is of these artifacts."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tools.runtimes import runtimes
from tools.runtimes.runtimes import HERE, CannotError
from tools.runtimes.table import ARTIFACTS, PAGE, first_example, folders, reason, replaced, stale
from zoo.certify.replay import replay, replay_answers
from zoo.runtime.model import open as open_model

PINNED = json.loads((HERE / "package.json").read_text())["dependencies"]
FAST = ("cnn.fast", "word2vec.skipgram.int8")
"""With text in and out in the second."""


def installed() -> bool:
    try:
        return all(runtimes.version(name) == wanted for name, wanted in PINNED.items())
    except FileNotFoundError:
        return False


needs_packages = pytest.mark.skipif(not installed(), reason="python -m tools.runtimes.table installs the npm packages")


def test_the_page_is_of_the_artifacts_that_there_are():
    text = PAGE.read_text(encoding="utf-8")
    assert stale(text) == []
    for name, wanted in PINNED.items():
        assert f"{name} {wanted}" in text
    name, digits = next((folder.name, json.loads((folder / "zoo.json").read_text())["model_sha256"][:12]) for folder in folders())
    assert stale(text.replace(digits, "0" * 12)) == [name]
    assert stale(text.replace(f"`{name}`", "`gone`")) == [name, "gone"]


def test_the_lock_file_pins_what_the_package_asks_for():
    lock = json.loads((HERE / "package-lock.json").read_text())["packages"]
    assert lock[""]["dependencies"] == PINNED
    assert all("integrity" in entry for name, entry in lock.items() if name)
    assert {name: lock[f"node_modules/{name}"]["version"] for name in PINNED} == PINNED


def test_generated_parts_are_replaced_and_nothing_else():
    text = "a\n<!-- generated: x -->\nold\n<!-- end: x -->\nb\n"
    assert replaced(text, {"x": "new"}) == "a\n<!-- generated: x -->\n\nnew\n\n<!-- end: x -->\nb\n"


@pytest.mark.parametrize("name", FAST)
def test_a_runtime_is_judged_as_onnxruntime_is(name):
    folder = ARTIFACTS / name
    model = open_model(folder)
    found = replay_answers(folder, model.answer, runtime="ours")
    assert (found.passed, found.provider, found.levels) == (True, "ours", ())
    assert found.errors.keys() == replay(folder).errors.keys()

    def wrong(output: str, change):
        def ask(inputs):
            answers = model.answer(inputs)
            return {**answers, output: change(answers[output])}

        return replay_answers(folder, ask, runtime="wrong")

    for output, array in model.answer(first_example(folder)).items():
        if array.dtype.kind == "f":
            assert "lies" in wrong(output, lambda values: values + np.float32(1e-3)).problems[0]
        elif array.dtype.kind == "U":
            assert "differ" in wrong(output, lambda values: np.char.add(values, "x")).problems[0]
    assert not wrong("probabilities" if name == "cnn.fast" else "vector", lambda values: values[:0]).passed


@contextlib.contextmanager
def started(start) -> Iterator[Any]:
    """A runtime, or a skip where it is not there; what it cannot do once it runs is a failure."""
    with contextlib.ExitStack() as stack:
        try:
            runtime = stack.enter_context(start())
        except CannotError as error:
            pytest.skip(str(error))
        yield runtime


@needs_packages
def test_node_answers_as_certified():
    with started(runtimes.node) as node:
        for name in FAST:
            assert runtimes.replay(node, ARTIFACTS / name).problems == ()
        with pytest.raises(CannotError, match="ENOENT"):
            node.call({"do": "open", "model": "nothing.onnx"})
        with pytest.raises(CannotError):
            runtimes.ask(node, {"nothing": np.zeros(1, np.float32)})
        node.process.kill()
        with pytest.raises(CannotError, match="SIGKILL"):
            node.call({"do": "open", "model": "nothing.onnx"})


@needs_packages
def test_a_page_in_chromium_answers_as_certified():
    with started(lambda: runtimes.web(ARTIFACTS)) as page:
        for name in FAST:
            assert runtimes.replay(page, ARTIFACTS / name, f"/{name}/model.onnx").problems == ()
        with pytest.raises(CannotError):
            page.call({"do": "open", "model": "/nothing/model.onnx"})


def test_openvino_answers_as_certified_or_says_what_it_lacks():
    with started(runtimes.openvino) as openvino:
        assert runtimes.replay(openvino, ARTIFACTS / "cnn.fast").problems == ()
    with started(runtimes.openvino) as openvino, pytest.raises(CannotError) as refused:
        runtimes.replay(openvino, ARTIFACTS / "word2vec.skipgram.int8")
    assert "ai.onnx.ml.LabelEncoder" in reason(refused.value, ARTIFACTS / "word2vec.skipgram.int8")


@pytest.fixture(scope="module")
def packages() -> None:
    """The npm packages, fetched where they are not there."""
    try:
        runtimes.install()
    except CannotError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_every_artifact_answers_as_certified_in_node_and_in_chromium(packages, folder):
    with started(runtimes.node) as node:
        assert runtimes.replay(node, folder).problems == ()
    with started(lambda: runtimes.web(ARTIFACTS)) as page:
        assert runtimes.replay(page, folder, f"/{folder.name}/model.onnx").problems == ()
