"""The ledger: what is recorded is not trained again, and what has changed is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import zoo
import zoo.reproduction
from zoo.data.load import load_dataset
from zoo.errors import IntegrityError, TrainingError
from zoo.ledger.entry import Entry
from zoo.ledger.records import (
    Key,
    Record,
    SeedRecord,
    changed,
    key_of,
    lasting,
    read_record,
    read_records,
    recipe_hash,
    write_record,
)
from zoo.ledger.sources import source_hash
from zoo.ledger.table import markdown
from zoo.progress import Progress
from zoo.registry import Owned, Registry, registry
from zoo.spec import Parent, Reference, replaced

KEY = Key(recipe="r", data="d", source="s")
COMMITTED = read_records(Path(__file__).parents[2] / "docs" / "ledger")


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


def with_epochs(count: int) -> Registry:
    """The registry with a camera that is trained for `count` epochs, and another that begins with its weights."""
    known = registry()
    owned = known.models["camera.trained"]
    spec = replaced(owned.spec, recipe=replaced(owned.spec.recipe, epochs=count))
    child = replaced(spec, tag="child", parent=Parent(id=spec.id, adopt=f"{__name__}:adopt"))
    models = {**known.models, spec.id: Owned(spec, owned.owner), child.id: Owned(child, owned.owner)}
    return Registry(models, known.datasets, known.commands, known.plugins)


def adopt(module, parent):
    module.load_state_dict(parent.state_dict())


@pytest.fixture
def short() -> Registry:
    return with_epochs(2)


@pytest.fixture
def beside(monkeypatch):
    """`beside(job)`: the next training waits for `job`, as if another process did it at the same time."""

    def wait(job):
        real, jobs = zoo.reproduction.train, [job]

        def slow(*arguments, **options):
            if jobs:
                jobs.pop()()
            return real(*arguments, **options)

        monkeypatch.setattr(zoo.reproduction, "train", slow)

    return wait


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
    other, notes = with_epochs(3), Notes()
    new = zoo.reproduce("camera.trained", registry=other, progress=notes, **where)
    assert any("another recipe since" in told for told in notes.told)
    assert new.note == "why"
    assert new.seeds[0].weights != old.seeds[0].weights
    assert zoo.reproduce("camera.trained", registry=other, again=True, **where).seeds[0].weights == new.seeds[0].weights


@pytest.mark.parametrize("again", [False, True])
def test_two_at_once_keep_each_others_seeds(again, tmp_path, short, beside):
    where = {"runs": tmp_path / "runs", "records": tmp_path / "records", "registry": short, "again": again}
    if again:
        zoo.reproduce("camera.trained", seeds=(0, 9), **where)
    beside(lambda: zoo.reproduce("camera.trained", seeds=(2, 3), **where))
    record = zoo.reproduce("camera.trained", seeds=(0, 1), **where)
    assert [made.seed for made in record.seeds] == [0, 1, 2, 3]
    assert record == read_record(tmp_path / "records", "camera.trained")


def test_writers_wait_for_each_other(tmp_path):
    spec = registry().model("camera.trained")

    def write(numbers):
        for number in numbers:
            Entry(tmp_path, spec, KEY).write(seed(number, 1.0))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, [range(first, 40, 4) for first in range(4)]))
    assert [made.seed for made in read_record(tmp_path, spec.id).seeds] == list(range(40))


def test_nothing_is_added_to_a_record_that_another_process_made_anew(tmp_path, short, beside):
    where = {"runs": tmp_path / "runs", "records": tmp_path / "a folder"}
    beside(lambda: zoo.reproduce("camera.trained", seeds=(2,), registry=with_epochs(3), **where))
    said = r"another recipe; nothing is added to it\. Try: zoo reproduce camera\.trained --records '.*a folder'"
    with pytest.raises(TrainingError, match=said):
        zoo.reproduce("camera.trained", seeds=(0,), registry=short, **where)
    assert [made.seed for made in read_record(tmp_path / "a folder", "camera.trained").seeds] == [2]


def test_a_run_that_began_with_other_weights_is_not_taken(tmp_path, short):
    runs, records = tmp_path / "runs", tmp_path / "records"
    first = zoo.train("camera.trained", output=runs, registry=short)
    tuned = zoo.train("camera.trained", recipe={"seed": 1}, init_from=first.path, output=runs, registry=short)
    record = zoo.reproduce("camera.trained", seeds=(0, 1), runs=runs, records=records, registry=short)
    assert record.having(0).weights == first.state.weights
    assert record.having(1).weights != tuned.state.weights

    child = zoo.train("camera.child", recipe={"seed": 1}, init_from=tuned.path, output=runs, registry=short)
    made = zoo.reproduce("camera.child", seeds=(1,), runs=runs, records=records, registry=short).having(1)
    assert made.weights != child.state.weights
    (records / "camera.child.json").unlink()
    assert zoo.reproduce("camera.child", seeds=(1,), runs=runs, records=records, registry=short).having(1) == made


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
    folder = tmp_path / "a folder"
    write_record(folder, Record(id="a.b", key=KEY))
    file = folder / "a.b.json"
    file.write_text(file.read_text().replace('"key"', '"kez"'))
    with pytest.raises(IntegrityError, match=r"no record of the ledger.* Try: rm '.*/a folder/a\.b\.json'"):
        read_record(folder, "a.b")
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
    spec = replaced(registry().model("mlp.sgd-512"), references=(Reference(metric="accuracy", value=0.99, source="a paper"),))
    record = Record(id=spec.id, key=KEY, seeds=(seed(0, 0.98), seed(1, 0.97), seed(2, 0.96)), note="too small a network")
    bare = replaced(spec, tag="bare", references=())
    text = markdown([(spec, record), (bare, replaced(record, note=None)), (replaced(spec, tag="new"), None)])
    assert "| `mlp.sgd-512` | accuracy | 0.9700 ± 0.0100 | 0.9900 | reproduced | 0 of 3 |" in text
    assert "| `mlp.bare` | accuracy | 0.9700 ± 0.0100 |  |  | – of 3 |" in text
    assert "| `mlp.new` | accuracy |  | 0.9900 | open |" in text
    assert text.endswith("- `mlp.sgd-512`: too small a network")
    assert "| 0.9900 | open (stale) | 0 of 3 |" in markdown([(spec, record)], {spec.id})


def test_figures_show_whether_they_are_within_the_tolerance():
    spec = registry().model("mlp.sgd-512")
    record = Record(id=spec.id, key=KEY, seeds=(seed(0, 0.76561462), seed(1, 0.76561462)))
    for tolerance, ours, theirs in (
        (0.0, "0.7656 ± 0.0000", "0.7656"),
        (0.01, "0.7656 ± 0.0000", "0.7656"),
        (3.4e-4, "0.76561 ± 0.00000", "0.76562"),
        (1e-6, "0.765615 ± 0.000000", "0.765617"),
    ):
        reference = Reference(metric="accuracy", value=0.7656168, rule="about", tolerance=tolerance, source="a paper")
        text = markdown([(replaced(spec, references=(reference,)), record)])
        assert f"| {ours} | ≈ {theirs} |" in text


@pytest.mark.parametrize("model", COMMITTED)
def test_committed_records_are_of_what_is_declared_now(model, data_hashes):
    known, record = registry(third_party=False), COMMITTED[model]
    spec = known.model(model)
    now = key_of(spec, known, data_hashes(spec.dataset))
    seeds = f" --seeds {len(record.seeds)}" if spec.recipe else ""
    command = f"zoo reproduce {model}{seeds} --records docs/ledger"
    assert record.key == now, f"another {', '.join(changed(record.key, now))} since it was recorded; {command} makes it anew"


@pytest.fixture(scope="module")
def data_hashes(mnist):
    """`data_hashes(id)`: of a data set's content, computed once."""
    known = {mnist.id: mnist.sha256}

    def of(data: str) -> str:
        if data not in known:
            known[data] = load_dataset(registry().dataset(data), own=None, name=None, progress=Progress()).sha256
        return known[data]

    return of


def test_a_field_that_came_later_leaves_what_was_begun_before():
    recipe = registry().model("cnn.keras-3x3").recipe
    assert "augment_share" not in lasting(recipe, {"augment_share": 1.0})
    assert lasting(replaced(recipe, augment_share=0.5), {"augment_share": 1.0})["augment_share"] == 0.5


def test_a_seed_made_anew_may_equal_the_one_it_replaces(tmp_path, short):
    made = zoo.reproduce("camera.trained", seeds=(0, 1), registry=short, runs=tmp_path / "runs", records=tmp_path)
    entry = Entry(tmp_path, short.model("camera.trained"), made.key, again=True)
    assert not entry.read().seeds
    assert entry.write(made.seeds[0]).seeds == made.seeds[:1]
    assert entry.read().seeds == made.seeds[:1]
    assert entry.write(made.seeds[1]).seeds == made.seeds
