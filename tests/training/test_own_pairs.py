"""A translator trained on a person's own pairs: the columns are kept with the run, and read again by all that comes after."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from zoo import api
from zoo.errors import DataError, UsageError
from zoo.progress import Progress
from zoo.registry import Registry
from zoo.spec import replaced
from zoo.training.fit import Fit
from zoo.training.run import Run
from zoo.training.train import data_of

RECIPE = {"steps": 4, "batch_size": 16, "precision": "fp32", "config.hidden": 8, "config.embedding": 8}


@pytest.fixture
def given(tmp_path: Path) -> dict:
    """What `api.train` takes: 120 pairs, the translation first, after a column of numbers."""
    path = tmp_path / "pairs.tsv"
    lines = [f"{number}\tsłowo {number % 60} i {number}\tthe word {number % 60} and {number}" for number in range(120)]
    path.write_text("id\tpl\ten\n" + "\n".join(lines) + "\nno pair\n", encoding="utf-8")
    return {"data": path, "columns": {"source": "en", "target": "pl"}, "name": "en-pl", "recipe": RECIPE}


def test_resuming_reads_the_same_columns(given, tmp_path, monkeypatch, zoo_registry: Registry):
    whole = api.train("seq2seq.rnn", output=tmp_path / "whole", **given)
    original = Fit.one_step

    def one_step(self, batch, log, epoch):
        original(self, batch, log, epoch)
        if self.step == 2:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Fit, "one_step", one_step)
        with pytest.raises(KeyboardInterrupt):
            api.train("seq2seq.rnn", output=tmp_path / "stopped", **given)
    run = Run.open(tmp_path / "stopped" / "seq2seq.en-pl" / "1")
    assert run.state.data.columns == {"source": "en", "target": "pl"}
    assert run.state.data.own == str(given["data"].resolve())
    assert "1 of 121 lines give no pair (line 122 has 1 column, none is en)" in run.state.data.origin
    resumed = api.resume(run.path)
    assert resumed.state.weights == whole.state.weights

    dataset = data_of(run, zoo_registry, Progress())
    assert dataset.sha256 == run.state.data.sha256
    assert all(text.startswith("the word ") for split in dataset.splits.values() for text in split["source"])
    run.state = replaced(run.state, data=replaced(run.state.data, columns={"source": "pl", "target": "en"}))
    with pytest.raises(DataError, match="have changed"):
        data_of(run, zoo_registry, Progress())


def test_pictures_have_no_columns(given, tmp_path):
    with pytest.raises(UsageError, match="'mnist' are no table of sentence pairs: leave out --source en and --target pl"):
        api.train("cnn", output=tmp_path / "runs", **given | {"recipe": {}})
    assert not (tmp_path / "runs").exists()
