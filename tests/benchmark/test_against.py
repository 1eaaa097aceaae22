"""PyTorch as a peer: the same answers, with the threads that ours has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import zoo.runtime
from tests.artifacts import band_weights, example_images, expected_probabilities, write_artifact
from zoo.benchmark import against, latency
from zoo.benchmark.bench import bench
from zoo.errors import UsageError


class Bands(torch.nn.Module):
    """The digit graph as a module: raw uint8 pictures → probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = torch.nn.Parameter(torch.from_numpy(band_weights()))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.softmax(image.flatten(1).float() / 255 @ self.weights, -1)  # [batch, 10]


@pytest.fixture(autouse=True)
def _threads(monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    monkeypatch.setattr(latency, "PASSES", 3)
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_artifact(tmp_path / "exported")


def test_eager(folder: Path) -> None:
    (peer,) = against.peers(["eager"], Bands(), ["image"])
    answer = peer.prepare(zoo.runtime.open(folder), 1)
    np.testing.assert_allclose(answer({"image": example_images(3)})[0], expected_probabilities(example_images(3)), rtol=1e-4)
    report = bench(folder, batches=(1, 4), threads=(1,), seconds=0.02, against=[peer])
    assert all(row.against["eager"].ratio.value > 0 for row in report.rows)


def test_threads_are_ours_or_its_own(folder: Path) -> None:
    own = torch.get_num_threads()
    (peer,) = against.peers(["eager"], Bands(), ["image"])
    model = zoo.runtime.open(folder)
    for asked, given in ((1, 1), (own + 1, own + 1), (None, own)):
        peer.prepare(model, asked)
        assert torch.get_num_threads() == given


def test_compile_is_asked_for_each_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {}

    def fake(module: torch.nn.Module, **options: object) -> torch.nn.Module:
        asked.update(options)
        return module

    monkeypatch.setattr(torch, "compile", fake)
    (peer,) = against.peers(["compile"], Bands(), ["image"])
    assert (peer.name, asked) == ("compile", {"dynamic": False})


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch.compile imports a part of torch that warns
def test_compile(folder: Path) -> None:
    peers = against.peers(["eager", "compile"], Bands(), ["image"])
    report = bench(folder, batches=(1, 4), threads=(1, None), seconds=0.1, against=peers)
    assert all(set(row.against) == {"eager", "compile"} for row in report.rows)


def test_unknown_peer() -> None:
    with pytest.raises(UsageError, match="did you mean eager"):
        against.peers(["eger"], Bands(), ["image"])
