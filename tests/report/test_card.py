"""The model card shows the views, and an artifact holds the pictures it shows."""

from __future__ import annotations

import json
import re

import numpy as np
from PIL import Image

from zoo import api
from zoo.report.card import PLACES
from zoo.report.confusion import Confusion
from zoo.views.gather import VIEWS


def test_every_view_has_its_place():
    assert PLACES.keys() == VIEWS.keys()


def test_the_artifact_holds_the_pictures_of_its_card(tmp_path):
    run = api.train("camera.trained", recipe={"steps": 8}, output=tmp_path / "runs")
    (artifact,) = api.export(run=run.path, runs=tmp_path / "runs", output=tmp_path / "exported")
    card = (artifact.path / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^!\[([^\]]+)\]\((\w+)\.png\)\n\n(.+)$", card, re.MULTILINE)
    assert {name for _, name, _ in shown} == {"curves", "samples", "confusion", "mistakes", "weights", "parameters"}
    assert {path.stem for path in artifact.path.glob("*.png")} == {name for _, name, _ in shown} | {"certificate"}
    for words, name, lesson in shown:
        assert words.startswith(PLACES[name][1])
        assert lesson.endswith(".")
        with Image.open(artifact.path / f"{name}.png") as image:
            assert image.convert("RGB").getpixel((1, 1)) == (255, 255, 255)
    assert sum(path.stat().st_size for path in artifact.path.glob("*.png")) < 400_000
    sections = re.findall(r"^## (.+)$", card, re.MULTILINE)
    assert sections == ["Use", "Inputs and outputs", "Figures", "A look inside", "Training", "Certificate", "Data and licence"]
    manifest = json.loads((artifact.path / "zoo.json").read_text())
    assert not any("png" in key for key in manifest)
    assert api.verify(artifact.path).passed


def test_a_class_may_be_called_anything():
    plot = Confusion("x.y", "test", ("a](b) <i>", "[c]"), np.array([[1, 1], [0, 2]]))
    line = plot.markdown("Confusion matrix", "confusion.png").splitlines()[0]
    assert line.endswith("](confusion.png)")
    assert r"a\](b) \<i\> taken for \[c\]" in line
