"""`zoo eval`: the figures are sacreBLEU's and the task's own, of a graph and of a run, and every mistake a person can make."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF

import zoo
from tests.artifacts import facts, write_artifact
from tests.commands import Zoo
from tests.texts import bracket_graph, text_facts
from tests.translators import PAIRS, train_tiny, write_pairs
from zoo.progress import Progress
from zoo.registry import registry
from zoo.training.run import Run
from zoo.training.train import data_of

EXPORTED = Path(__file__).parents[2] / "exported"
SENTENCES = [f"{text} {number}" for number in range(10) for text in ("Two men play, says she", "a Dog runs.", "A WOMAN reads!")]


@pytest.fixture
def zoo_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Zoo:
    """The command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return Zoo(monkeypatch, capfd)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A translator of own pairs, `runs/seq2seq.tiny/1`."""
    return train_tiny(tmp_path_factory.mktemp("trained"))


@pytest.fixture
def brackets(tmp_path: Path) -> Path:
    """An artifact of a translator that puts its sentence in brackets; it says that it was trained on own data."""
    said = text_facts() | {"base": "seq2seq.gru-attention", "dataset": {"id": "mine", "sha256": "0" * 64, "origin": "own data"}}
    return write_artifact(tmp_path / "exported", "brackets.plain", graph=bracket_graph(), said=said)


def expected(translations: list[str], references: list[str]) -> dict[str, float]:
    """As a person would compute it with sacreBLEU itself."""
    metrics = {"bleu": BLEU(lowercase=True), "bleu_cased": BLEU(), "chrf": CHRF()}
    return {name: metric.corpus_score(translations, [references]).score for name, metric in metrics.items()}


def test_a_graph_that_translates(zoo_, brackets, tmp_path):
    pairs = write_pairs(tmp_path / "pairs.tsv", [(text, f"<{text.lower()} >") for text in SENTENCES])
    result = zoo_("eval", brackets, "--data", pairs, "--split", "train", "--save", "out.txt", "--json")
    assert result.code == 0, result.err
    assert f"warning: the data pairs ({json.loads(result.out)['sha256'][:12]}) are not those of brackets.plain" in result.err
    found = json.loads(result.out)
    assert (found["id"], found["split"], found["data"], found["same_data"]) == ("brackets.plain", "train", "pairs", False)
    lines = Path("out.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == found["examples"] > 3
    assert set(lines) <= {f"<{text}>" for text in SENTENCES}
    assert found["metrics"] == pytest.approx(expected(lines, [f"<{line[1:-1].lower()} >" for line in lines]))
    assert found["metrics"]["bleu"] == pytest.approx(100)  # the space before the bracket is none to 13a
    assert found["metrics"]["bleu_cased"] < 90
    assert found["signatures"]["bleu"].startswith("nrefs:1|case:lc|eff:no|tok:13a|smooth:exp|version:")
    assert found["signatures"]["bleu_cased"].startswith("nrefs:1|case:mixed|eff:no|tok:13a|")
    assert found["signatures"]["chrf"].startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|")


def test_answers_are_saved_in_the_order_of_the_data(zoo_, brackets, tmp_path):
    """Sentences of like length are asked about together; more than one batch of them here."""
    pairs = write_pairs(
        tmp_path / "pairs.tsv",
        [(f"{'word ' * (number % 7)}{number}", f"<{'word ' * (number % 7)}{number}>") for number in range(300)],
    )
    assert zoo_("eval", brackets, "--data", pairs, "--split", "train", "--save", "out.txt", "-q").code == 0
    found = zoo.evaluate(brackets, data=pairs, split="train")
    assert found.scores["bleu"].value == pytest.approx(100)
    assert Path("out.txt").read_text(encoding="utf-8").splitlines() == found.texts.tolist()
    assert found.answers["score"].tolist() == [len(text.split()) for text in found.texts]
    assert not (np.diff(found.answers["score"]) >= 0).all()


def test_a_run_has_what_its_training_said_and_more(zoo_, trained):
    result = zoo_("eval", "--run", trained.path, "--save", "out.txt", "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    metrics = found["metrics"]
    assert list(metrics) == ["loss", "perplexity", "bleu", "bleu_cased", "chrf"]
    assert {name: metrics[name] for name in trained.state.metrics} == pytest.approx(trained.state.metrics, rel=1e-5)
    assert metrics["perplexity"] == pytest.approx(math.exp(metrics["loss"]))
    assert found["same_data"]
    lines = Path("out.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == found["examples"] == 9
    english = list(data_of(trained, registry(), Progress()).splits["test"]["target"])
    assert {name: metrics[name] for name in ("bleu", "bleu_cased", "chrf")} == pytest.approx(expected(lines, english))


def test_a_run_is_measured_on_other_data_with_its_own_words(zoo_, trained, tmp_path):
    """The vocabulary is the network's, whatever the other data would have: their words would have other ids."""
    other = write_pairs(
        tmp_path / "other.tsv", [(f"{source} Quark {number}", target) for number, (source, target) in enumerate(PAIRS)]
    )
    found = zoo.evaluate(run=trained.path, data=other, split="train", device="cpu")
    assert not found.same
    assert set(" ".join(found.texts).replace(".", "").lower().split()) & {"the", "man", "a", "woman"}
    assert 0 < found.scores["loss"].value < 8


def test_a_table_tells_what_was_measured(zoo_, trained):
    result = zoo_("eval", "--run", "seq2seq.tiny", "--runs", trained.path.parents[1], "--split", "validation")
    assert result.code == 0, result.err
    first, header, *rows = result.out.splitlines()
    assert first.startswith("seq2seq.tiny: 9 examples of the validation split of tiny, PyTorch ")
    assert header.split() == ["metric", "value", "signature"]
    assert [row.split("  ")[0] for row in rows] == ["loss", "perplexity", "bleu", "bleu cased", "chrf"]
    quiet = zoo_("eval", "--run", trained.path, "--split", "validation", "-q")
    assert quiet.err == ""
    assert [line.split("\t")[0] for line in quiet.out.splitlines()] == ["loss", "perplexity", "bleu", "bleu_cased", "chrf"]


@pytest.mark.parametrize("model", ["camera.hand", "boolean.xor"])
def test_a_graph_of_another_task_has_its_own_metrics(model, zoo_):
    result = zoo_("eval", EXPORTED / model, "--json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    manifest = json.loads((EXPORTED / model / "zoo.json").read_text(encoding="utf-8"))
    audit = json.loads((EXPORTED / model / "certificate.json").read_text(encoding="utf-8"))["audit"]
    assert found["metrics"] == pytest.approx(audit["onnxruntime_metrics"], rel=1e-6)
    assert found["examples"] == audit["examples"]
    assert found["same_data"] == (found["sha256"] == manifest["dataset"]["sha256"]) is True
    assert found["signatures"] == {}


def test_a_run_of_a_classifier(zoo_):
    run = zoo.train("camera.trained", recipe={"steps": 8}, output="runs")
    result = zoo_("eval", "--run", "camera.trained/1")
    assert result.code == 0, result.err
    assert zoo.evaluate(run="camera.trained").scores["accuracy"].value == pytest.approx(run.state.metrics["accuracy"])
    assert result.out.splitlines()[1].split() == ["metric", "value"]
    refused = zoo_("eval", "--run", "camera.trained/1", "--save", "out.txt")
    assert refused.code == 2
    assert "gives no text for each example" in refused.err
    assert not Path("out.txt").exists()


def test_what_is_wrong_is_said_in_one_sentence(zoo_, brackets, trained, tmp_path):
    pairs = write_pairs(tmp_path / "pairs.tsv")
    part = facts("autoencoder.dense-32.encoder") | {"base": "autoencoder.dense-32"}
    write_artifact(tmp_path / "exported", "autoencoder.dense-32.encoder", said=part)
    shutil.copytree(trained.path.parents[1], "runs")
    cases = {
        ("eval",): "An artifact or a run is measured; give one of them.",
        ("eval", brackets, "--run", "seq2seq.tiny"): "An artifact or a run is measured; give one of them.",
        (
            "eval",
            brackets,
        ): "brackets.plain was trained on someone's own data, mine, which an artifact does not bring; give them with",
        (
            "eval",
            EXPORTED / "camera.hand",
            "--split",
            "tset",
        ): "There is no split of camera called 'tset'; did you mean test?",
        (
            "eval",
            EXPORTED / "camera.hand",
            "--split",
            "validation",
        ): "There is no split of camera called 'validation'; there are train, test.",
        ("eval", "camera.hnd"): "did you mean camera.hand",
        ("eval", "--run", "seq2seq.tny"): "did you mean seq2seq.tiny",
        ("eval", EXPORTED / "boolean.xor", "--data", pairs): "leave out --data",
        ("eval", "autoencoder.dense-32.encoder"): "is a part of autoencoder.dense-32 and answers label string [batch]",
        ("eval", EXPORTED / "camera.hand", "--source", "0"): "leave",
    }
    for call, said in cases.items():
        result = zoo_(*call)
        assert result.code == 2, (call, result)
        assert said in result.err.splitlines()[-1], (call, result.err)
        assert result.out == ""
        assert "Traceback" not in result.err
