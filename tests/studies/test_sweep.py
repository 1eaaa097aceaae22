"""A study from its file to its table and picture, in this process."""

from __future__ import annotations

import json
import subprocess
import sys

import msgspec
import pytest

from tests.commands import Zoo
from zoo.data.load import load_dataset
from zoo.errors import UsageError
from zoo.progress import Progress
from zoo.registry import registry
from zoo.studies.board import Board
from zoo.studies.points import plan
from zoo.studies.record import read_record
from zoo.studies.sweep import find_study, sweep, threads
from zoo.studies.work import work
from zoo.study import Range, StudySpec


def test_every_point_is_trained_once_and_again_is_nothing_new(small, tmp_path):
    first = sweep(str(small))
    assert first.trained == 6
    assert [trial.index for trial in first.record.trials] == list(range(6))
    assert [tuple(trial.parameters.values()) for trial in first.record.trials] == [
        (lr, size) for lr in (0.003, 0.01) for size in (100, 250, 500)
    ]
    for trial in first.record.trials:
        run = json.loads((tmp_path / "studies" / "small" / trial.runs[0] / "run.json").read_text())
        assert run["weights"] == trial.weights[0]
        assert run["recipe_sha256"] == trial.recipe_sha256
        assert trial.curves[0][-1] == trial.value
    assert first.record.best is not None
    assert first.record.best.value == max(trial.value for trial in first.record.trials)
    files = {name: (first.folder / name).read_bytes() for name in ("study.json", "table.md", "plot.png")}
    assert b"validation examples held out" in files["table.md"]
    again = sweep(str(small))
    assert again.trained == 0
    assert {name: (first.folder / name).read_bytes() for name in files} == files
    assert read_record(first.folder / "study.json") == again.record
    anew = sweep(str(small), output=tmp_path / "anew")
    assert [trial.weights for trial in anew.record.trials] == [trial.weights for trial in first.record.trials]


def test_other_settings_want_another_folder(small):
    sweep(str(small), changes={"epochs": 1})
    with pytest.raises(UsageError, match=r"studies/small holds a study that differs in fixed; give .* --output"):
        sweep(str(small), changes={"epochs": 2})


def test_a_sampled_search_can_be_made_longer(tmp_path):
    spec = StudySpec(
        name="search",
        model="camera.trained",
        fixed={"steps": 5, "validation": 500},
        space={
            "lr": Range(low=1e-4, high=0.1, log=True),
            "batch_size": Range(low=20, high=400),
            "optimiser": Range(choices=("sgd", "adamw")),
        },
        sampler="random",
        trials=3,
        metric="loss",
        seeds=(0, 1),
    )
    few = sweep(spec, output=tmp_path / "few")
    more = sweep(spec, output=tmp_path / "few", trials=5)
    assert (few.trained, more.trained) == (3, 2)
    assert more.record.trials[:3] == few.record.trials
    whole = sweep(spec, output=tmp_path / "whole", trials=5)
    assert [trial.parameters for trial in whole.record.trials] == [trial.parameters for trial in more.record.trials]
    assert len({trial.parameters["lr"] for trial in more.record.trials}) == 5
    for trial in more.record.trials:
        assert 1e-4 <= trial.parameters["lr"] <= 0.1
        assert isinstance(trial.parameters["batch_size"], int)
        assert len(trial.values) == 2
        assert trial.value == pytest.approx(sum(trial.values) / 2)
    assert more.record.best.value == min(trial.value for trial in more.record.trials)  # a loss is better when it is lower
    fewer = sweep(spec, output=tmp_path / "whole", trials=2)
    assert fewer.record.trials == whole.record.trials[:2]


def test_a_training_that_diverges_is_a_finding(tmp_path):
    spec = StudySpec(
        name="wild",
        model="camera.trained",
        fixed={"optimiser": "sgd", "steps": 60, "validation": 500, "batch_size": 100},
        grid={"lr": (0.01, 1e30, 0.02)},
    )
    swept = sweep(spec, output=tmp_path)
    assert [trial.status for trial in swept.record.trials] == ["finished", "failed", "finished"]
    assert "The loss became nan at step" in str(swept.record.trials[1].error)
    assert "Trials without a figure" in (tmp_path / "table.md").read_text()
    assert sweep(spec, output=tmp_path).trained == 0


def test_ctrl_c_leaves_a_study_that_goes_on(small, tmp_path):
    laid = plan(find_study(str(small), registry()), registry())
    url = f"sqlite:///{tmp_path / 'study.db'}"
    board = Board(laid, url)

    def stop(news):
        if news.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work(laid, board, tmp_path, "cpu", registry(), stop)
    (taken,) = board.claim()
    other = Board(laid, url)
    counts = other.counts()
    assert (counts.finished, counts.running, counts.waiting) == (1, 1, 4)
    board.close()  # it is no more, and what it had taken is free
    counts = other.counts()
    assert (counts.finished, counts.running, counts.waiting) == (1, 0, 5)
    again = other.claim()[0]
    assert (again.index, again.again) == (taken.index, True)
    assert not Board(laid, url).finish(taken, msgspec.convert({**_result(), "value": 0.5}, type=_type())), "it lost its trial"
    other.close()


def test_a_study_of_an_older_version_goes_on(small, tmp_path):
    """It wrote all trials down as waiting before the first was trained, and no source into their results."""
    from optuna.distributions import CategoricalDistribution
    from optuna.trial import TrialState, create_trial

    laid = plan(find_study(str(small), registry()), registry())
    folder = tmp_path / "studies" / "small"
    board = Board(laid, f"sqlite:///{folder / 'study.db'}")
    for point in laid.points():
        kinds = {name: CategoricalDistribution(tuple(laid.tables[name])) for name in point.parameters}
        board.study.add_trial(
            create_trial(
                state=TrialState.WAITING, params=dict(point.parameters), distributions=kinds, user_attrs={"index": point.index}
            )
        )
    (taken,) = board.claim()
    dataset = load_dataset(registry().dataset("camera"), own=None, name=None, progress=Progress())
    assert board.finish(taken, msgspec.convert({**_result(), "data_sha256": dataset.sha256}, type=_type()))
    board.close()
    swept = sweep(str(small))
    assert (swept.trained, [trial.index for trial in swept.record.trials]) == (5, list(range(6)))
    assert [bool(place.source) for place in swept.record.computed] == [False, True]


def _type():
    from zoo.studies.board import Result

    return Result


def _result():
    texts = dict.fromkeys(("recipe_sha256", "data_sha256", "device", "precision", "host"), "x")
    return {"value": 0.0, "values": [0.0], "metrics": [{}], "seconds": 0.0, "versions": {}, **texts}


def test_a_study_measures_a_solved_model_on_validation(small_data, monkeypatch, tmp_path):
    import zoo.studies.evaluate
    import zoo.studies.ready
    import zoo.training.train

    for module in (zoo.studies.evaluate, zoo.studies.ready):
        monkeypatch.setattr(module, "load_dataset", zoo.training.train.load_dataset)
    spec = StudySpec(name="l2", model="logreg.best", fixed={"validation": 100, "steps": 20}, grid={"l2": (1e-3, 1e-1)})
    swept = sweep(spec, output=tmp_path)
    assert all(0.5 < trial.value < 1 for trial in swept.record.trials)
    assert (tmp_path / "plot.png").is_file()


@pytest.mark.parametrize(
    ("storage", "said"),
    [
        ("sqlite://", "in memory"),
        ("mysql://me@host/db", "not one of mysql"),
        ("nonsense", "--storage takes"),
        ("postgresql://zoo@127.0.0.1:9/none?connect_timeout=1", "cannot be"),
    ],
)
def test_an_address_that_leads_nowhere(small, storage, said, monkeypatch):
    monkeypatch.setattr("zoo.studies.locks.WAITS", ())
    with pytest.raises(Exception, match=said) as caught:
        sweep(str(small), storage=storage)
    assert "\n" not in str(caught.value)


def test_without_optuna_one_sentence(small, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(UsageError, match=r'Studies need Optuna.*pip install "onnx-zoo\[studies\]"'):
        sweep(str(small))


def test_threads_are_shared_out(monkeypatch):
    monkeypatch.setattr("zoo.studies.sweep.cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert [threads(jobs) for jobs in (1, 2, 3, 8, 20)] == [8, 4, 2, 1, 1]
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    assert [threads(jobs) for jobs in (1, 2, 3)] == [2, 1, 1]


def test_the_command_line(small, monkeypatch, capfd):
    zoo = Zoo(monkeypatch, capfd)
    listed = zoo("sweep", "list")
    assert listed.code == 0
    assert all(name in listed.out for name in ("logreg-l1l2", "mlp-width", "mlp-depth", "mlp-init"))
    assert zoo("sweep", "list", "-q").out.split() == [spec["name"] for spec in json.loads(zoo("sweep", "list", "--json").out)]
    done = zoo("sweep", small, "--set", "lr=0.1")
    assert (done.code, "lr is what small varies; it cannot be set. Try: the same without --set lr=…" in done.err) == (2, True)
    done = zoo("sweep", small)
    assert done.code == 0
    assert "0.003" in done.out
    facts = json.loads(zoo("sweep", small, "--json").out)
    assert (facts["trained"], len(facts["trials"])) == (0, 6)
    assert zoo("sweep", small, "-q").out.strip() == "studies/small"
    assert "did you mean mlp-width" in zoo("sweep", "mlp-widht").err
    done = zoo("sweep", small, "--trials", "3")
    assert (done.code, "Try: the same without --trials" in done.err) == (2, True)


def test_the_list_needs_neither_torch_nor_optuna():
    code = (
        "import sys; sys.argv = ['zoo', 'sweep', 'list']\n"
        "from zoo.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print({'torch', 'optuna', 'sqlalchemy', 'matplotlib', 'onnxruntime'} & set(sys.modules), file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "mlp-width" in result.stdout
    assert result.stderr.strip() == "set()"


def test_news_of_a_study_reach_whoever_waits(small):
    notes: list[str] = []

    class Notes(Progress):
        def note(self, text: str) -> None:
            notes.append(text)

    sweep(str(small), progress=Notes())
    assert sum(note.startswith("trial ") for note in notes) == 6
    sweep(str(small), progress=Notes())
    assert notes[-1] == "small: 6 of 6 trials are done already"
