"""The panels of pictures and truth values in Chromium: what they show is what Python answers."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from onnxruntime import InferenceSession

import zoo.runtime
from tests.web.conftest import EXPORTED, serving
from tests.web.opened import is_as_wide_as_a_phone, opened, panel
from zoo.progress import Progress
from zoo.web.site import site

MODELS = ("autoencoder.dense-32", "boolean.xor", "camera.hand")


@pytest.fixture(scope="module")
def files(onnxruntime_web, home):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(home))
        return site([EXPORTED / name for name in (*MODELS, "cnn.fast")], Progress())


@pytest.fixture(scope="module")
def models():
    return {name: zoo.runtime.open(EXPORTED / name) for name in MODELS}


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


def test_a_picture_is_pasted_into_the_pad_that_is_meant(page, models):
    paste = """async (grey) => {
        const canvas = new OffscreenCanvas(28, 28);
        const { toImage } = await import(new URL("framing.js", location.href));
        canvas.getContext("2d").putImageData(toImage(grey, 28, 28), 0, 0);
        const clipboardData = new DataTransfer();
        clipboardData.items.add(new File([await canvas.convertToBlob()], "a.png", { type: "image/png" }));
        document.activeElement.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
    }"""
    grey = np.zeros((28, 28), np.uint8)
    grey[4:24, 12:16] = 255
    autoencoder = panel(page, "autoencoder.dense-32")
    autoencoder.locator(".pad .ink").focus()
    page.evaluate(paste, grey.ravel().tolist())
    wait_until(page, BACK, models["autoencoder.dense-32"].run(image=grey[None])["reconstruction"])
    digits = panel(page, "cnn.fast")
    assert digits.locator(".hint").is_visible()


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


def test_a_damaged_graph_is_told_in_its_panel(chromium, files):
    damaged = bytearray(files["models/camera.hand/model.onnx"])
    damaged[len(damaged) // 2] ^= 1
    with serving({**files, "models/camera.hand/model.onnx": bytes(damaged)}) as server, opened(chromium, server.url) as page:
        panel(page, "camera.hand").get_by_text("No answer: model.onnx was changed or damaged").wait_for()
        panel(page, "boolean.xor").locator(".bit-answer", has_text="output = 1").wait_for()


def test_a_phone_shows_them_without_scrolling_sideways(page):
    camera = panel(page, "camera.hand")
    camera.locator("svg").wait_for()
    if not camera.locator("details table").is_visible():
        camera.locator("summary").click()
    panel(page, "boolean.xor").locator("svg").wait_for()
    panel(page, "autoencoder.dense-32").get_by_text("Given back from 32 numbers").wait_for()
    assert is_as_wide_as_a_phone(page)
