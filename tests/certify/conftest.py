"""A small exported model to break."""

from __future__ import annotations

import pytest
import torch

from zoo import api
from zoo.exporting.source import source_of
from zoo.progress import Progress


@pytest.fixture(scope="session")
def trained_camera(tmp_path_factory):
    """A finished run of the camera, 200 steps."""
    folder = tmp_path_factory.mktemp("certify")
    return api.train("camera.trained-stable", recipe={"steps": 200}, output=folder / "runs")


@pytest.fixture
def source(trained_camera, zoo_registry, tmp_path):
    """What is exported of it; the module is the caller's own to break."""
    torch.manual_seed(0)
    return source_of(None, trained_camera.path, tmp_path, zoo_registry, Progress())
