"""An explanation end to end, its report on disk, and its picture."""

from __future__ import annotations

import io
import json
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

from tests.artifacts import write_artifact
from tests.benchmark.explanations import explanation, slice_of
from tests.benchmark.reports import report, row
from zoo.benchmark import explain, latency, profile
from zoo.benchmark.bench import bench
from zoo.benchmark.figure import explained_plot
from zoo.benchmark.report import BenchReport
from zoo.benchmark.saved import load, parsed, save
from zoo.errors import IntegrityError
from zoo.report.style import DARK, LIGHT, Theme


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> BenchReport:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"PASSES": 3, "WARMUP_SECONDS": 0.0}.items():
            patch.setattr(latency, name, value)
        patch.setattr(profile, "CALIBRATIONS", 4)
        return bench(
            write_artifact(tmp_path_factory.mktemp("explain") / "exported"),
            batches=(8, 1),
            threads=(1, None),
            seconds=0.02,
            explain=True,
        )


def test_every_batch_is_explained(found: BenchReport) -> None:
    assert [(one.batch, one.threads, one.level) for one in found.explanations] == [(1, 1, "all"), (8, 1, "all")]
    for one in found.explanations:
        names = {trial.name for trial in one.trials}
        larger = f"batch {8 * one.batch}"
        assert names == {
            "bare",
            "empty graph",
            "bound memory",
            "all threads",
            "level none",
            "level basic",
            "level extended",
            larger,
        }
        assert sum(part.ms for part in one.parts) + one.between_ms == pytest.approx(
            max(one.call_ms, sum(part.ms for part in one.parts))
        )
        assert one.work.multiply_adds == one.batch * 784 * 10
        assert one.work.weight_bytes >= 784 * 10 * 4
        assert {"MatMul", "ArgMax"} <= {part.name for part in one.operators}
        assert sum(part.executions for part in one.operators) == pytest.approx(one.executions)
        assert one.copies.ms == 0


def test_what_is_not_asked_for_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(latency, "PASSES", 3)
    monkeypatch.setattr(explain, "explain", None)
    plain = bench(write_artifact(tmp_path), batches=(1,), threads=(1,), seconds=0.01)
    assert (plain.explanations, plain.conclusions) == ((), ())


def test_round_trip_and_older_reports(found: BenchReport, tmp_path: Path) -> None:
    save(found, tmp_path / "a.json")
    assert load(tmp_path / "a.json") == found
    plain = json.loads(msgspec.json.encode(found))
    del plain["explanations"], plain["conclusions"]
    assert parsed(json.dumps(plain).encode(), where="x").explanations == ()


def test_damage_is_named(found: BenchReport) -> None:
    plain = json.loads(msgspec.json.encode(found))
    plain["explanations"][0]["trials"][0]["ratio"]["low"] = 1e9
    with pytest.raises(IntegrityError, match="explaining batch 1, 1 thread an interval ends first"):
        parsed(json.dumps(plain).encode(), where="x")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_picture(theme: Theme) -> None:
    modules = (slice_of("search: cell", 0.5), slice_of("text front", 0.2), slice_of("network: encoder", 0.1))
    one = explanation(modules=modules, operators=tuple(slice_of(f"Operator{number}", 0.08) for number in range(11)))
    plot = explained_plot(report([row(1.0)], explanations=(one, explanation(64))))
    assert [bar.name for bar in plot.blocks[0].modules] == ["cell", "text front", "encoder", "between nodes"]
    assert plot.blocks[0].modules[-1].share == pytest.approx(0.1)
    sheet = plot.draw(theme)
    words = [text.get_text() for text in sheet.figure.texts]
    assert "batch 1, 1 thread: 1 ms, by module" in words
    assert "5 others" in words  # eleven operators and what lies between them, less seven
    picture = np.asarray(Image.open(io.BytesIO(sheet.encode())).convert("RGB")).astype(int)
    for colour in (theme.first, theme.second, theme.heat[2], theme.muted):
        wanted = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
        assert (np.abs(picture - wanted).max(-1) < 12).sum() > 100, colour


@pytest.mark.gpu
def test_gpu_is_tried_against_the_cpu(tmp_path: Path) -> None:
    path = write_artifact(tmp_path)
    on_cpu = bench(path, batches=(1,), threads=(1,), seconds=0.1, explain=True)
    assert on_cpu.explanations[0].trial("cuda") is not None
    on_gpu = bench(path, batches=(1,), threads=(1,), seconds=0.1, explain=True, providers=("cuda",))
    assert on_gpu.explanations[0].trial("cpu") is not None
    assert {part.name for part in on_gpu.explanations[0].providers} >= {"cuda"}
