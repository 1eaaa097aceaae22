"""The panels of texts in Chromium: what they show is what Python answers."""

from __future__ import annotations

import re

import numpy as np
import onnx
import pytest
from onnx import helper

import zoo.runtime
from tests.artifacts import facts, write_artifact
from tests.web.conftest import EXPORTED, serving
from tests.web.opened import is_as_wide_as_a_phone, opened, panel
from zoo.progress import Progress
from zoo.web.site import site

MODELS = ("seq2seq.help-pl-en.int8", "word2vec.skipgram.int8")


@pytest.fixture(scope="module")
def files(onnxruntime_web, home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(home))
        return site([EXPORTED / name for name in MODELS], Progress())


@pytest.fixture(scope="module")
def models():
    return {name: zoo.runtime.open(EXPORTED / name) for name in MODELS}


def test_a_translator_takes_lines(page, models):
    model = models["seq2seq.help-pl-en.int8"]
    section = panel(page, model.id)
    section.locator(".target").wait_for()  # the first example, once the panel is seen
    field = section.get_by_role("textbox")
    lines = [field.input_value(), "Wybierz czcionkę z listy.", "Kto to jest?"]
    field.fill(f"{lines[0]}\n\n  {lines[1]}\n{lines[2]}")
    page.keyboard.press("Control+Enter")
    section.locator(".target").nth(2).wait_for()
    answer = model.run(text=np.array(lines))
    assert section.locator(".target").all_inner_texts() == answer["translation"].tolist()
    assert section.locator(".source").all_inner_texts() == lines
    shares = [float(share.rstrip(" %")) for share in section.locator("dd:last-child").all_inner_texts()]
    np.testing.assert_allclose(shares, 100 * np.exp(answer["score"]), atol=0.06)
    section.get_by_text(re.compile(r"[\d.]+ m?s for 3 sentences\.")).wait_for()
    example = section.get_by_role("button", name="Naciśnij klawisz Enter")
    expected = str(model.run(text=np.array([example.inner_text()]))["translation"][0])
    example.click()
    section.get_by_text(expected, exact=True).wait_for()
    assert section.locator(".target").count() == 1


def listed(tile) -> tuple[list[str], list[float]]:
    return tile.locator("dt").all_inner_texts(), [
        float(text.replace("−", "-")) for text in tile.locator("dd:last-child").all_inner_texts()
    ]


def analogy(model, words: list[str]) -> list[str]:
    """All words of the graph, those nearest to b − a + c first, by NumPy."""
    graph = onnx.load(EXPORTED / model.id / "model.onnx").graph
    names = next(value for value in graph.initializer if value.data_type == onnx.TensorProto.STRING)
    known = [word for word in onnx.numpy_helper.to_array(names).astype(str).tolist() if word]
    vectors = model.run(word=np.array(known))["vector"].astype(np.float64)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    a, b, c = (vectors[known.index(word)] for word in words)
    cosines = vectors @ (b - a + c) / np.linalg.norm(b - a + c)
    return [known[place] for place in np.argsort(-cosines) if known[place] not in words]


def test_words_have_neighbours_and_analogies(page, models):
    model = models["word2vec.skipgram.int8"]
    section = panel(page, model.id)
    tiles = section.locator(".tile")
    tiles.nth(1).wait_for()
    field = section.get_by_label("Word", exact=True)
    field.fill("War")
    page.keyboard.press("Enter")
    answer = model.run(word=np.array(["War"]))
    tiles.first.get_by_text(str(answer["neighbours"][0, 0]), exact=True).wait_for()
    words, cosines = listed(tiles.first)
    assert words == answer["neighbours"][0].tolist()
    np.testing.assert_allclose(cosines, answer["similarity"][0], atol=0.006)
    tiles.first.get_by_role("button", name=words[2]).click()
    expected = model.run(word=np.array(words[2:3]))["neighbours"][0]
    tiles.first.get_by_text(str(expected[0]), exact=True).wait_for()
    assert listed(tiles.first)[0] == expected.tolist()
    assert field.input_value() == words[2]
    field.fill("zzzz")
    page.keyboard.press("Enter")
    tiles.first.get_by_text("The model does not know “zzzz”.").wait_for()

    asked = ["soldier", "soldiers", "farmer"]
    for label, word in zip(("First", "Second", "Third"), asked, strict=True):
        section.get_by_label(f"{label} word").fill(word)
    section.get_by_role("button", name="Solve").click()
    tiles.nth(1).get_by_text("farmers", exact=True).wait_for()
    words, cosines = listed(tiles.nth(1))
    assert words[0] == "farmers"
    assert words == analogy(model, asked)[: len(words)]
    assert 7 <= len(words) <= 10
    assert cosines == sorted(cosines, reverse=True)
    section.get_by_label("First word").fill("zzzz")
    page.keyboard.press("Enter")
    tiles.nth(1).get_by_text("The model does not know “zzzz”.").wait_for()


def three_words() -> tuple[onnx.ModelProto, dict[str, object]]:
    """`a`, `b`, `c` string [batch] → the same as `answers` [batch, 3], with made-up similarities; and what is said of it."""
    nodes = [helper.make_node("Unsqueeze", [name, "axis"], [f"{name}_wide"]) for name in "abc"]
    nodes += [
        helper.make_node("Concat", ["c_wide", "b_wide", "a_wide"], ["answers"], axis=1),
        helper.make_node("Shape", ["answers"], ["size"]),
        helper.make_node("Expand", ["cosines", "size"], ["similarity"]),
    ]
    text, number = onnx.TensorProto.STRING, onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, text, ["batch"]) for name in "abc"],
        [helper.make_tensor_value_info(name, kind, ["batch", 3]) for name, kind in (("answers", text), ("similarity", number))],
        [
            helper.make_tensor("axis", onnx.TensorProto.INT64, [1], [1]),
            helper.make_tensor("cosines", number, [1, 3], [0.9, 0.5, -0.25]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10

    def tensor(name: str, dtype: str, *shape: int) -> dict[str, object]:
        return {"name": name, "dtype": dtype, "shape": ["batch", *shape], "meaning": name, "low": None, "high": None}

    said = {
        "inputs": [tensor(name, "string") for name in "abc"],
        "outputs": [tensor("answers", "string", 3), tensor("similarity", "float32", 3)],
        "classes": [],
        "picture": None,
    }
    return model, facts("stranger.analogy") | said


def test_a_strangers_graph_of_analogies_is_asked_by_its_signature(chromium, onnxruntime_web, home, tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_HOME", str(home))
    graph, said = three_words()
    own = write_artifact(tmp_path, "stranger.analogy", graph=graph, said=said)
    with serving(site([own], Progress())) as server, opened(chromium, server.url) as page:
        section = panel(page, "stranger.analogy")
        section.get_by_role("button", name="good : better = bad : ?").click()
        section.get_by_text("bad", exact=True).wait_for()
        assert listed(section.locator(".tile")) == (["bad", "better", "good"], [0.9, 0.5, -0.25])
        assert section.get_by_text("Nearest words").count() == 0


def test_analogies_are_solved_once(onnxruntime_web, home, files, tmp_path, monkeypatch):
    monkeypatch.setenv("ZOO_HOME", str(home))
    graph, said = three_words()
    own = write_artifact(
        tmp_path, "word2vec.analogy", graph=graph, said=said | {"id": "word2vec.analogy", "base": "word2vec.skipgram"}
    )
    part = "models/word2vec.skipgram.int8/nearest.onnx"
    assert part in files
    assert part not in site([own, EXPORTED / "word2vec.skipgram.int8"], Progress())


def test_a_phone_shows_them_without_scrolling_sideways(page):
    panel(page, "seq2seq.help-pl-en.int8").locator(".target").first.wait_for()
    panel(page, "word2vec.skipgram.int8").locator(".tile").nth(1).wait_for()
    assert is_as_wide_as_a_phone(page)
