"""Whole recipes against their published figures: `pytest -m slow`."""

from __future__ import annotations

import pytest

import zoo
from zoo.registry import registry

SPECS = [owned.spec for owned in registry().models.values() if owned.spec.references]


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("spec", SPECS, ids=[spec.id for spec in SPECS])
def test_the_recipe_reproduces_its_figures(spec, tmp_path, mnist):
    rows = zoo.reproduce(spec.id, seeds=(0, 1, 2), runs=tmp_path / "runs", records=tmp_path).rows
    assert {row.metric: row.verdict for row in rows} == {row.metric: "reproduced" for row in rows}
