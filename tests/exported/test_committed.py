"""The artifacts that are committed: whole, certified, small, and answering."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from tools.exported import MODELS, TOGETHER, most
from zoo import api
from zoo.certify.texts import hostile
from zoo.sample import sample_input
from zoo.spec import Recipe, replaced
from zoo.training.build import kind_of

EXPORTED = Path(__file__).parents[2] / "exported"
FOLDERS = sorted(path for path in EXPORTED.iterdir() if path.is_dir())


def test_there_is_one_of_each_that_is_promised_and_they_stay_small():
    promised = {model if precision == "fp32" else f"{model}.{precision}" for model, precision in MODELS.items()}
    assert {path.name for path in FOLDERS} == promised
    for path in FOLDERS:
        manifest = json.loads((path / "zoo.json").read_text(encoding="utf-8"))
        assert (path / "model.onnx").stat().st_size <= most(manifest["inputs"])
    assert sum(file.stat().st_size for file in EXPORTED.rglob("*") if file.is_file()) <= TOGETHER


@pytest.mark.parametrize("path", FOLDERS, ids=lambda path: path.name)
def test_its_certificate_is_replayed_and_it_answers(path, zoo_registry):
    assert api.verify(path).passed
    model = api.open(path)
    spec = zoo_registry.model(model.manifest.base)
    assert model.manifest.id == path.name
    assert model.manifest.precision == MODELS[spec.id]
    given = {
        tensor.name: hostile(3) if tensor.dtype == "string" else sample_input(tensor, {"batch": 3}, seed=0)
        for tensor in spec.inputs
    }
    answers = model.run(**given)
    assert {len(values) for values in answers.values()} == {3}


@pytest.mark.parametrize("path", FOLDERS, ids=lambda path: path.name)
def test_it_says_what_the_zoo_trains_now(path, zoo_registry):
    """A recipe that has changed since wants the artifact made anew: `python tools/exported.py`."""
    manifest = api.open(path).manifest
    spec = zoo_registry.model(manifest.base)
    if spec.recipe is None:
        assert manifest.recipe is None
        return
    theirs = kind_of(spec).unsettled(spec, msgspec.convert(manifest.recipe, Recipe))
    assert theirs == replaced(spec.recipe, seed=theirs.seed)
