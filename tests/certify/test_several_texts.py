"""A model that gives several texts for each example, and floats beside them."""

from __future__ import annotations

import dataclasses

import numpy as np

from tests.certify import neighbour_model, text_model
from zoo.certify.replay import replay
from zoo.data.dataset import texts
from zoo.exporting.export import export
from zoo.progress import Progress


def test_several_texts_for_each_example(tmp_path):
    spec = neighbour_model.spec_like(text_model.SPEC)
    split = {"words": texts([*neighbour_model.WORDS, "Katze"])}
    trained = dataclasses.replace(
        text_model.trained(split={"source": text_model.TEST}), id=spec.id, spec=spec, judge=lambda answers, split: {}
    )
    trained = dataclasses.replace(
        trained,
        module=neighbour_model.build(spec.config).eval(),
        dataset=dataclasses.replace(trained.dataset, splits={"train": split, "test": split}),
    )
    (artifact,) = export(trained, tmp_path, progress=Progress())
    assert artifact.certificate.audit.examples == 61
    assert artifact.certificate.bounds.keys() == {"similarity", "vector"}
    assert artifact.certificate.oracle.agrees
    assert replay(artifact.path).passed
    with np.load(artifact.path / "golden.npz") as stored:
        assert "Wort50" not in {text for name in stored.files if ":in:" in name for text in stored[name]}
        assert stored["batch-64:out:neighbours"].shape == (64, 10)
