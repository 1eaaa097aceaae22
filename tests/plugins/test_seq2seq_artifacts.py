"""A translator on its whole way, small: from sentence pairs to a graph that translates alone."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from zoo import api
from zoo.certify.texts import hostile
from zoo.exporting.trace import STANDARD
from zoo.text import Vocabulary

TINY = {"config.embedding": 12, "config.hidden": 12, "config.words": 40, "steps": 60, "batch_size": 64, "precision": "fp32"}


@pytest.fixture(scope="module", params=["gru-attention", "lstm"])
def exported(request, tmp_path_factory, small_data_session):
    """A run of a few steps and its artifact: its certificate passes, or there were none.

    Of greedy search: to one that has learned next to nothing, many orders of the same words are equally good, and a beam of them
    is all ties.
    """
    folder = tmp_path_factory.mktemp("translator")
    with small_data_session():
        run = api.train(f"seq2seq.{request.param}", recipe=TINY, output=folder / "runs")
        (greedy,) = api.export(None, run=run.path, variants=["greedy"], output=folder / "exported")
    return run, greedy


def test_the_search_is_certified(exported):
    run, greedy = exported
    assert greedy.id == run.state.id
    certificate = greedy.certificate
    assert certificate.passed
    assert certificate.oracle.agrees
    assert not certificate.oracle.skipped
    assert certificate.hostile is not None
    assert api.verify(greedy.path).passed
    assert greedy.certificate.audit.torch_metrics["bleu"] == pytest.approx(run.state.metrics["bleu"], abs=0.05)


def test_the_file_translates_alone(exported, tmp_path):
    _, greedy = exported
    alone = tmp_path / "model.onnx"
    alone.write_bytes((greedy.path / "model.onnx").read_bytes())
    model = onnx.load(alone)
    assert {entry.domain for entry in model.opset_import} <= STANDARD
    session = onnxruntime.InferenceSession(alone)
    texts = np.array(["Ein Mann.", "", "Zwei Hunde laufen durch den Schnee."], dtype=object)
    translations, scores = session.run(None, {"text": texts})
    assert translations.dtype == object
    assert (translations[1], scores[1]) == ("", 0)
    assert (scores[[0, 2]] < 0).all()
    for place in range(len(texts)):  # whatever its company
        assert session.run(None, {"text": texts[place : place + 1]})[0][0] == translations[place]


def test_hostile_sentences_get_an_answer(exported):
    _, greedy = exported
    answers = api.open(greedy.path).run(text=hostile(32, seed=9), batch=8)
    assert answers["translation"].shape == (32,)
    assert np.isfinite(answers["score"]).all()


def test_no_sentence_of_the_corpus_is_given_away(exported, zoo_registry, mnist):
    from zoo.data.load import load_dataset
    from zoo.progress import Progress

    _, greedy = exported
    splits = load_dataset(zoo_registry.dataset("multi30k.de-en"), own=None, name=None, progress=Progress()).splits
    content = b"".join(file.read_bytes() for file in sorted(greedy.path.iterdir()) if file.suffix != ".png")
    with np.load(greedy.path / "golden.npz") as golden:
        content += " ".join(str(text) for array in golden.values() if array.dtype.kind == "U" for text in array.ravel()).encode()
    for split in splits.values():
        for texts in split.values():
            assert not any(text.encode() in content for text in texts[:2000] if len(text.split()) > 4)


def test_the_vocabulary_is_among_the_weights(exported):
    run, _ = exported
    module = api.load(run.state.base, run=run.path)
    reads, writes = (Vocabulary.from_bytes(stored.numpy()) for stored in (module.source, module.target))
    assert len(reads) == len(writes) == 40
    assert run.state.config["source_ids"] == 40
