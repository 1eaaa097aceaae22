"""The ledger: what is recorded is not trained again, and what has changed is."""

from __future__ import annotations

import pytest

import zoo
from zoo.errors import IntegrityError
from zoo.ledger.records import Key, Record, SeedRecord, read_record, recipe_hash, rows, write_record
from zoo.ledger.sources import source_hash
from zoo.ledger.table import markdown
from zoo.progress import Progress
from zoo.registry import Owned, Registry, registry
from zoo.spec import Reference, replaced

KEY = Key(recipe="r", data="d", source="s")


class Notes(Progress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, text: str) -> None:
        self.told.append(text)


def seed(number: int | None, accuracy: float) -> SeedRecord:
    return SeedRecord(
        seed=number,
        metrics={"accuracy": accuracy},
        seconds=1.5,
        device="a CPU",
        precision="fp32",
        weights="w",
        created="2020-01-01T00:00:00Z",
        versions={"torch": "2"},
    )


@pytest.fixture
def short() -> Registry:
    """The registry with a camera that is trained for two epochs."""
    known = registry()
    owned = known.models["camera.trained"]
    spec = replaced(owned.spec, recipe=replaced(owned.spec.recipe, epochs=2))
    return Registry({**known.models, spec.id: Owned(spec, owned.owner)}, known.datasets, known.commands, known.plugins)


def test_what_is_recorded_is_not_trained_again_and_a_new_seed_is_added(tmp_path, short):
    where = {"runs": tmp_path / "runs", "records": tmp_path / "records", "registry": short}
    first = zoo.reproduce("camera.trained", seeds=(0, 1), **where)
    notes = Notes()
    more = zoo.reproduce("camera.trained", seeds=(0, 1, 2), progress=notes, **where)
    assert [record.seed for record in more.seeds] == [0, 1, 2]
    assert more.seeds[:2] == first.seeds
    assert sum("is recorded" in told for told in notes.told) == 2
    assert len(list((tmp_path / "runs" / "camera.trained").iterdir())) == 3
    assert more == read_record(tmp_path / "records", "camera.trained")
    assert all(len(row.values) == 3 for row in more.rows)


def test_another_recipe_is_trained_anew_and_a_note_is_kept(tmp_path, short):
    where = {"seeds": (0,), "runs": tmp_path / "runs", "records": tmp_path / "records"}
    old = zoo.reproduce("camera.trained", registry=short, **where)
    write_record(tmp_path / "records", replaced(old, note="why"))
    owned = short.models["camera.trained"]
    longer = replaced(owned.spec, recipe=replaced(owned.spec.recipe, epochs=3))
    other = Registry({**short.models, longer.id: Owned(longer, owned.owner)}, short.datasets, short.commands, short.plugins)
    notes = Notes()
    new = zoo.reproduce("camera.trained", registry=other, progress=notes, **where)
    assert any("another recipe since" in told for told in notes.told)
    assert new.note == "why"
    assert new.seeds[0].weights != old.seeds[0].weights
    assert zoo.reproduce("camera.trained", registry=other, again=True, **where).seeds[0].weights == new.seeds[0].weights


def test_a_run_that_was_interrupted_is_resumed_and_a_finished_one_is_taken(tmp_path, short, monkeypatch):
    from zoo.training.fit import Fit

    real = Fit.one_epoch

    def stopping(self, *arguments):
        if self.step:
            self.save()
            raise KeyboardInterrupt
        return real(self, *arguments)

    where = {"seeds": (0,), "runs": tmp_path / "runs", "records": tmp_path / "records", "registry": short}
    with monkeypatch.context() as patch:
        patch.setattr(Fit, "one_epoch", stopping)
        with pytest.raises(KeyboardInterrupt):
            zoo.reproduce("camera.trained", **where)
    record = zoo.reproduce("camera.trained", **where)
    assert [path.name for path in (tmp_path / "runs" / "camera.trained").iterdir()] == ["1"]
    (tmp_path / "records" / "camera.trained.json").unlink()
    assert zoo.reproduce("camera.trained", **where) == record
    assert [path.name for path in (tmp_path / "runs" / "camera.trained").iterdir()] == ["1"]


def test_a_run_of_another_network_is_not_taken(tmp_path, small_data):
    known = registry()
    owned = known.models["mlp.sgd-512"]
    spec = replaced(owned.spec, recipe=replaced(owned.spec.recipe, epochs=None, steps=2))
    short = Registry({**known.models, spec.id: Owned(spec, owned.owner)}, known.datasets, known.commands, known.plugins)
    runs = tmp_path / "runs"
    zoo.train(spec.id, recipe={"config.layers.0.units": 8}, output=runs, registry=short)
    zoo.train(spec.id, output=runs, registry=short)
    zoo.train(spec.id, recipe={"seed": 1}, output=runs, registry=short)
    where = {"runs": runs, "registry": short}
    record = zoo.reproduce(spec.id, seeds=(0, 1), records=tmp_path / "records", **where)
    assert len(list((runs / spec.id).iterdir())) == 3, "a finished run was not taken"
    assert len({made.weights for made in record.seeds}) == 2


def test_given_weights_are_recorded_once(tmp_path):
    record = zoo.reproduce("camera.hand", records=tmp_path)
    assert [made.seed for made in record.seeds] == [None]
    assert {row.verdict for row in record.rows} == {"reproduced"}
    assert zoo.reproduce("camera.hand", records=tmp_path) == record


def test_a_damaged_record_is_named(tmp_path):
    write_record(tmp_path, Record(id="a.b", key=KEY))
    file = tmp_path / "a.b.json"
    file.write_text(file.read_text().replace('"key"', '"kez"'))
    with pytest.raises(IntegrityError, match="no record of the ledger"):
        read_record(tmp_path, "a.b")
    assert read_record(tmp_path, "c.d") is None


def test_the_recipe_counts_and_its_seed_does_not():
    spec = registry().model("mlp.sgd-512")
    assert recipe_hash(spec) == recipe_hash(replaced(spec, recipe=replaced(spec.recipe, seed=7)))
    assert recipe_hash(spec) != recipe_hash(replaced(spec, recipe=replaced(spec.recipe, epochs=51)))
    assert recipe_hash(spec) != recipe_hash(replaced(spec, config=replaced(spec.config, biases=0.1)))
    assert recipe_hash(spec) != recipe_hash(spec, "another parent")


def test_the_files_that_count_are_those_that_build_the_model(tmp_path, monkeypatch):
    package = tmp_path / "zoo_counted"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "other.py").write_text("")
    (package / "part.py").write_text("UNITS = 3\n")
    (package / "model.py").write_text("from zoo_counted.part import UNITS\n\ndef build(config): ...\n")
    monkeypatch.syspath_prepend(tmp_path)
    spec = replaced(registry().model("camera.hand"), build="zoo_counted.model:build")
    before = source_hash(spec)
    (package / "__init__.py").write_text("MORE = 1\n")
    (package / "other.py").write_text("MORE = 1\n")
    assert source_hash(spec) == before
    (package / "part.py").write_text("UNITS = 4\n")
    assert source_hash(spec) != before
    lossy = replaced(spec, recipe=replaced(registry().model("mlp.sgd-512").recipe, loss=f"{package.name}.other:loss"))
    before = source_hash(lossy)
    (package / "other.py").write_text("LESS = 1\n")
    assert source_hash(lossy) != before


def test_the_table_has_notes_and_open_rows():
    reference = Reference(metric="accuracy", value=0.99, source="a paper")
    seeds = (seed(0, 0.98), seed(1, 0.97))
    record = Record(id="a.b", key=KEY, seeds=seeds, rows=rows("a.b", seeds, [reference]), note="too small a network")
    bare = Record(id="a.c", key=KEY, seeds=seeds)
    text = markdown([record, bare], [("a.d", reference)])
    assert "| `a.b` | accuracy | 0.9750 ± 0.0071 | 0.9900 | reproduced |" in text
    assert "nothing published" in text
    assert "| `a.d` | accuracy |  | 0.9900 | open |" in text
    assert text.endswith("- `a.b`: too small a network")
