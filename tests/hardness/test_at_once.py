"""Two real processes at one thing: both end well, and whoever looks meanwhile meets something whole."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import zoo
from tests.hardness.conftest import Start, ended, started
from tools.hardness.disk import TRAIN
from tools.hardness.faults import leftovers
from tools.hardness.swaps import kill_exports, kill_swaps
from zoo import api, files
from zoo.certify.replay import replay
from zoo.data.fetch import verify
from zoo.files import replacing_folder
from zoo.runtime.artifact import check
from zoo.training.run import Run, list_runs


@pytest.fixture(scope="module", autouse=True)
def exporting(subjects, tmp_path_factory) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """An export in a process of its own, into a folder with an artifact, begun before the first test: it takes longest."""
    folder = tmp_path_factory.mktemp("exporting")
    shutil.copytree(subjects / "exported", folder / "out")
    (run,) = (subjects / "finished" / "camera.trained").iterdir()
    process = started(folder, "export", "--run", run, "--output", "out", "-q")
    yield process, folder / "out"
    process.kill()
    process.communicate()


def exported_at_once(others: list[subprocess.Popen[str]], folder: Path, **source: object) -> None:
    """Export into `folder`, which holds an artifact, while other processes do; it is verified again and again."""
    (artifact,) = folder.glob("[!.]*")  # beside the hidden one that is being filled
    (again,) = api.export(output=folder, **source)
    assert again.path == artifact
    while any(process.poll() is None for process in others):
        assert replay(artifact).passed
        time.sleep(0.05)
    assert [ended(process) for process in others] == [(0, f"{artifact.name}\n", "")] * len(others)
    assert replay(artifact).passed
    assert [path.name for path in folder.iterdir()] == [artifact.name]


@pytest.fixture(scope="module")
def artifacts(subjects, tmp_path_factory) -> list[Path]:
    """Two exports of one run: they differ in the time they were made."""
    (run,) = (subjects / "finished" / "camera.trained").iterdir()
    (second,) = api.export(run=run, output=tmp_path_factory.mktemp("second"))
    return [*(subjects / "exported").iterdir(), second.path]


def _replace_often(folder: Path, artifacts: list[Path]) -> None:
    for number in range(60):
        with replacing_folder(folder) as beside:
            shutil.copytree(artifacts[number % 2], beside, dirs_exist_ok=True)


@pytest.mark.parametrize("exchange", [True, False])
def test_an_artifact_is_read_whole_while_others_take_its_place(exchange, artifacts, tmp_path, monkeypatch):
    """Two artifacts of one id in turn, faster than any export could; where names cannot be exchanged, there is none for moments."""
    if not exchange:
        monkeypatch.setattr(files, "_exchange", lambda *_: False)
    place = shutil.copytree(artifacts[0], tmp_path / "out" / artifacts[0].name)
    writer = threading.Thread(target=_replace_often, args=(place, artifacts))
    writer.start()
    hashes = set()
    try:
        while writer.is_alive():
            hashes.add(check(place).manifest.model_sha256)
            if exchange:
                assert zoo.open(place).certified
    finally:
        writer.join()
    assert len(hashes) == 2
    assert replay(place).passed


def test_two_downloads_into_one_fresh_cache(start: Start, mnist, home, tmp_path, monkeypatch, zoo_registry):
    variables = {"ZOO_HOME": tmp_path / "cache", "ZOO_MIRROR": home / "data", "ZOO_OFFLINE": 1}
    processes = [start("data", "fetch", "mnist", **variables) for _ in range(2)]
    assert [ended(process)[0] for process in processes] == [0, 0]
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "cache"))
    assert set(verify(zoo_registry.dataset("mnist")).values()) == {"ok"}
    assert leftovers(tmp_path) == []


def test_trainings_that_begin_at_once_take_numbers_of_their_own(subjects, tmp_path):
    run = Run.open(*(subjects / "finished" / "camera.trained").iterdir())
    with ThreadPoolExecutor(8) as threads:
        made = [threads.submit(Run.create, tmp_path, run.state, run.recipe, {}) for _ in range(40)]
        numbers = [future.result().number for future in made]
    assert sorted(numbers) == list(range(1, 41))
    assert [run.number for run in list_runs(tmp_path)] == list(range(1, 41))


@pytest.mark.slow
def test_two_trainings_take_two_numbers(start: Start, tmp_path):
    processes = [start(*TRAIN, "-q") for _ in range(2)]
    results = [ended(process) for process in processes]
    assert sorted(results) == [(0, f"runs/camera.trained/{number}\n", "") for number in (1, 2)]
    first, second = list_runs(tmp_path / "runs")
    assert first.state.weights == second.state.weights
    assert (first.state.status, second.state.status) == ("finished", "finished")


@pytest.mark.parametrize("exchange", [True, False])
def test_a_folder_outlives_the_kill_of_who_replaces_it(exchange, tmp_path):
    found = kill_swaps(tmp_path, 10, exchange=exchange)
    assert found["whole"] + found["hidden"] == 10
    assert not (exchange and found["hidden"])


def test_two_exports_of_one_run_and_a_verify_meanwhile(exporting, subjects):
    """The last of this file, so that the other process has had its time."""
    process, folder = exporting
    (run,) = (subjects / "finished" / "camera.trained").iterdir()
    exported_at_once([process], folder, run=run)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_exports_at_once_again_and_again(start: Start, tmp_path):
    assert ended(start("export", "camera.hand", "--output", "out"))[0] == 0
    for _ in range(5):
        others = [start("export", "camera.hand", "--output", "out", "-q") for _ in range(2)]
        exported_at_once(others, tmp_path / "out", model="camera.hand")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_kills_of_real_exports(tmp_path):
    found = kill_exports(tmp_path, 30)
    assert (found["BROKEN"], found["left over"]) == (0, 0)
    assert found["old"] + found["new"] == 30
