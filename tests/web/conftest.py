"""The page, made of artifacts and served, and a browser to look at it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.web.opened import opened
from zoo.errors import DataError
from zoo.progress import Progress
from zoo.web.engine import engine
from zoo.web.server import Server

EXPORTED = Path(__file__).parents[2] / "exported"
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")


@pytest.fixture(scope="session")
def onnxruntime_web(home: Path):
    """onnxruntime-web in the session's cache, by the product's own routes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(home))
        try:
            engine(Progress())
        except DataError as error:
            pytest.skip(f"no onnxruntime-web: {error}")


@pytest.fixture(scope="session")
def chromium() -> Iterator[object]:
    """The system's Chromium, driven by Playwright."""
    sync_api = pytest.importorskip("playwright.sync_api")
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


@contextmanager
def serving(files: Mapping[str, bytes]) -> Iterator[Server]:
    """A server of these files at a free port."""
    with Server(files, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def server(files: Mapping[str, bytes]) -> Iterator[Server]:
    """What a module's own `files` are, served."""
    with serving(files) as running:
        yield running


@pytest.fixture(scope="module")
def page(chromium: object, server: Server) -> Iterator[object]:
    """The page of a module's own `files`."""
    with opened(chromium, server.url) as one:
        yield one
