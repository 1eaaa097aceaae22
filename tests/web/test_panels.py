"""The panels of special models in Chromium: what they show is what Python answers."""

from __future__ import annotations

import json
import re

import numpy as np
import onnx
import pytest
from onnx import helper
from onnxruntime import InferenceSession

import zoo.runtime
from tests.artifacts import facts, write_artifact
from tests.web.conftest import EXPORTED, serving
from zoo.progress import Progress
from zoo.web.site import site

MODELS = ("autoencoder.dense-32", "boolean.xor", "camera.hand", "seq2seq.help-pl-en.int8", "word2vec.skipgram.int8")


@pytest.fixture(scope="module")
def files(onnxruntime_web, home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(home))
        return site([EXPORTED / name for name in MODELS], Progress())


@pytest.fixture(scope="module")
def models():
    return {name: zoo.runtime.open(EXPORTED / name) for name in MODELS}


@pytest.fixture(scope="module")
def server(files):
    with serving(files) as running:
        yield running


@pytest.fixture(scope="module")
def page(chromium, server):
    """One page for all: what a panel does is no other's concern. Nothing may go wrong in it."""
    context = chromium.new_context(viewport={"width": 1100, "height": 900})
    seen = []
    one = context.new_page()
    one.set_default_timeout(20_000)
    # Reading canvases back is what this test does, not the page.
    one.on("console", lambda message: "willReadFrequently" in message.text or seen.append(message.text))
    one.on("pageerror", lambda error: seen.append(str(error)))
    one.goto(server.url)
    one.wait_for_selector("html[data-ready]")
    yield one
    context.close()
    assert seen == []


def panel(page, model: str):
    """The section of a model, in sight."""
    section = page.locator("section", has=page.locator(f"a[href='#model-{model}']")).first
    section.scroll_into_view_if_needed()
    return section


def painted(canvas) -> np.ndarray:
    """The grey values that a canvas shows."""
    return np.reshape(canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"), (28, 28, 4))[
        ..., 0
    ]


def wait_until(page, painted_canvas, expected: np.ndarray):
    page.wait_for_function(
        """([label, grey]) => {
            const canvas = document.querySelector(`canvas[aria-label="${label}"]`);
            const data = canvas.getContext("2d").getImageData(0, 0, 28, 28).data;
            return grey.every((value, place) => Math.abs(value - data[4 * place]) <= 1);
        }""",
        arg=[painted_canvas, expected.ravel().tolist()],
    )


BACK = "The picture that is given back"


def test_an_autoencoder_gives_a_picture_back_and_its_code_can_be_changed(page, files, models):
    model = models["autoencoder.dense-32"]
    section = panel(page, model.id)
    images = np.array(json.loads(files[f"models/{model.id}/examples.json"])["image"], np.uint8)
    section.get_by_role("button", name="Example 3").click()
    expected = model.run(image=images[2:3])
    wait_until(page, BACK, expected["reconstruction"])
    assert np.array_equal(painted(section.locator("figure canvas").first), images[2])
    sliders = section.get_by_role("slider")
    assert sliders.count() == 32

    decoder = InferenceSession(files[f"models/{model.id}/decoder.onnx"])
    sliders.nth(8).focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    code = np.array([[float(slider.input_value()) for slider in sliders.all()]], np.float32)
    assert code[0, 8] > expected["code"][0, 8] + 1
    np.testing.assert_allclose(np.delete(code, 8), np.delete(expected["code"], 8), atol=1e-4)
    changed = decoder.run(None, {"code": code})[0]
    assert np.abs(changed.astype(int) - expected["reconstruction"]).max() > 20
    wait_until(page, BACK, changed)

    section.get_by_role("button", name="Random code").click()
    section.get_by_role("button", name="All 0").click()
    wait_until(page, BACK, decoder.run(None, {"code": np.zeros((1, 32), np.float32)})[0])
    section.get_by_role("button", name="Back to the picture's code").click()
    wait_until(page, BACK, expected["reconstruction"])

    box = section.locator(".pad .ink").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.15 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.48 * box["width"], box["y"] + 0.85 * box["height"], steps=6)
    page.mouse.up()
    section.get_by_text("Given back from 32 numbers").wait_for()
    page.wait_for_function(
        "document.querySelector('.reconstruction canvas').getContext('2d').getImageData(14, 14, 1, 1).data[0] > 200"
    )
    drawn = painted(section.locator("figure canvas").first).astype(np.uint8)
    wait_until(page, BACK, model.run(image=drawn[None])["reconstruction"])


def test_a_camera_is_clicked_and_its_units_are_drawn(page, files, models):
    model = models["camera.hand"]
    section = panel(page, model.id)
    section.locator("svg").wait_for()
    description = json.loads(files[f"models/{model.id}/layers.json"])
    names = [description["given"], *(layer["value"] for layer in description["layers"])]
    layers = InferenceSession(files[f"models/{model.id}/layers.onnx"])
    pixels = section.get_by_role("button", name="Pixel")
    for number in range(16):
        wanted = [bool(number >> place & 1) for place in range(4)]
        for place, bright in enumerate(wanted):
            pixel = pixels.nth(place)
            if (pixel.get_attribute("aria-pressed") == "true") != bright:
                pixel.focus()
                page.keyboard.press("Space") if place % 2 else pixel.click()
        given = np.where(wanted, 1, -1).astype(np.float32).reshape(1, 2, 2)
        answer = model.run(pixels=given)
        values = np.concatenate([np.ravel(value) for value in layers.run(names, {"pixels": given})])
        page.wait_for_function(
            """([id, expected]) => {
                const texts = [...document.querySelectorAll(`[id$="${id}"] svg .value`)].map((text) => text.textContent);
                return expected.every((value, place) => Math.abs(value - Number(texts[place].replace("−", "-"))) < 0.006);
            }""",
            arg=[model.id, values.tolist()],
        )
        probabilities = answer["probabilities"][0]
        verdict = section.locator(".verdict").inner_text()
        shares = [float(share.rstrip(" %")) / 100 for share in section.locator("dl dd:last-child").all_inner_texts()]
        np.testing.assert_allclose(shares, probabilities, atol=6e-4)
        assert verdict == f"{model.classes[int(probabilities.argmax())]} {100 * probabilities.max():.1f} %"
    unit = section.locator("svg .unit").first
    unit.focus()
    page.keyboard.press("ArrowRight")
    assert re.fullmatch(r"layer 1, unit 1: 1 · 1 \+ 1 · 1 = 2; tanh gives 0.964\.", section.locator(".readout").inner_text())
    section.get_by_text("All weights and values as a table").click()
    assert section.locator("details tbody tr").count() == 20


def test_a_boolean_networks_truth_table_and_switches(page, models):
    model = models["boolean.xor"]
    section = panel(page, model.id)
    section.locator("svg").wait_for()
    inputs = np.array([[False, False], [False, True], [True, False], [True, True]])
    truth = model.run(inputs=inputs)["output"].astype(int)
    rows = section.locator("tbody tr:has(.result)")
    assert [row.inner_text().split() for row in rows.all()] == [
        [*map(str, map(int, bits)), str(value)] for bits, value in zip(inputs, truth, strict=True)
    ]
    switches = section.get_by_role("switch")
    for number, bits in enumerate(inputs.tolist()):
        for place, bit in enumerate(bits):
            if (switches.nth(place).get_attribute("aria-checked") == "true") != bit:
                switches.nth(place).focus()
                page.keyboard.press("Space")
        section.locator(".bit-answer", has_text=f"output = {truth[number]}").wait_for()
        assert rows.nth(number).get_attribute("aria-current") == "true"
        assert section.locator("tr[aria-current]").count() == 1
        a, b = bits
        page.wait_for_function(
            "expected => [...document.querySelectorAll('.boolean svg .value')].map((text) => text.textContent).join() === expected",
            arg=",".join(str(int(value)) for value in (a, b, a or b, a and b, a != b)),
        )
    rows.nth(2).click()
    section.locator(".bit-answer", has_text="output = 1").wait_for()
    assert [switch.get_attribute("aria-checked") for switch in switches.all()] == ["true", "false"]


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
    with serving(site([own], Progress())) as server:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(server.url)
        page.wait_for_selector("html[data-ready]")
        section = panel(page, "stranger.analogy")
        section.get_by_role("button", name="good : better = bad : ?").click()
        section.get_by_text("bad", exact=True).wait_for()
        assert listed(section.locator(".tile")) == (["bad", "better", "good"], [0.9, 0.5, -0.25])
        assert section.get_by_text("Nearest words").count() == 0
        context.close()


def test_a_damaged_graph_is_told_in_its_panel(chromium, files):
    damaged = bytearray(files["models/camera.hand/model.onnx"])
    damaged[len(damaged) // 2] ^= 1
    with serving({**files, "models/camera.hand/model.onnx": bytes(damaged)}) as server:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(server.url)
        page.wait_for_selector("html[data-ready]")
        panel(page, "camera.hand").get_by_text("No answer: model.onnx was changed or damaged").wait_for()
        panel(page, "boolean.xor").locator(".bit-answer", has_text="output = 1").wait_for()
        context.close()


def test_a_phone_shows_them_without_scrolling_sideways(chromium, server):
    context = chromium.new_context(viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(server.url)
    page.wait_for_selector("html[data-ready]")
    for name in MODELS:
        panel(page, name)
        page.wait_for_timeout(100)
    panel(page, "camera.hand").locator("svg").wait_for()
    panel(page, "word2vec.skipgram.int8").locator(".tile").nth(1).wait_for()
    panel(page, "camera.hand").locator("summary").click()
    assert page.evaluate("[document.documentElement.scrollWidth, innerWidth]") == [360, 360]
    context.close()
