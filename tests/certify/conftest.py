"""A small exported model to break."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import onnx
import pytest
import torch

from zoo import api
from zoo.exporting import export as exporting
from zoo.exporting.source import source_of
from zoo.progress import Progress


@pytest.fixture(autouse=True)
def _brief_races(monkeypatch):
    """Speeds are measured, but not for long."""
    monkeypatch.setattr("zoo.exporting.speed.SECONDS", 0.02)


@pytest.fixture(scope="session")
def trained_camera(tmp_path_factory):
    """A finished run of the camera, 200 steps."""
    folder = tmp_path_factory.mktemp("certify")
    return api.train("camera.trained-stable", recipe={"steps": 200}, output=folder / "runs")


@pytest.fixture(scope="session")
def original(trained_camera, tmp_path_factory):
    """The artifact of `trained_camera`."""
    (artifact,) = api.export(run=trained_camera.path, output=tmp_path_factory.mktemp("exported"))
    return artifact.path


@pytest.fixture
def folder(original, tmp_path):
    """A copy of it to break."""
    return shutil.copytree(original, tmp_path / original.name)


@pytest.fixture
def source(trained_camera, zoo_registry, tmp_path):
    """What is exported of it; the module is the caller's own to break."""
    torch.manual_seed(0)
    return source_of(None, trained_camera.path, tmp_path, zoo_registry, Progress())


@pytest.fixture
def plant(monkeypatch) -> Callable[[Callable[[onnx.GraphProto], Any]], None]:
    """`plant(change)`: every file is changed between tracing and certifying."""

    def planted(change: Callable[[onnx.GraphProto], Any]) -> None:
        real = exporting.trace

        def trace(*arguments, **options):
            traced = real(*arguments, **options)
            model = onnx.load_from_string(traced.content)
            change(model.graph)
            return traced._replace(content=model.SerializeToString())

        monkeypatch.setattr(exporting, "trace", trace)

    return planted
