"""A real server in a thread: the committed artifacts, and one that is damaged."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from zoo.runtime.artifact import list_artifacts
from zoo.serve.limits import Limits
from zoo.serve.models import Models, load
from zoo.serve.server import Server, listen

EXPORTED = Path(__file__).parents[2] / "exported"
DAMAGED = "camera.damaged"


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    """All that is committed, and `camera.damaged`, of whose graph one byte was changed."""
    folder = tmp_path_factory.mktemp("damaged") / DAMAGED
    shutil.copytree(EXPORTED / "camera.hand", folder)
    content = bytearray((folder / "model.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.onnx").write_bytes(content)
    return load(list_artifacts([EXPORTED, folder.parent]), threads=1)


@contextmanager
def running(models: Models, limits: Limits) -> Iterator[str]:
    """The address of a server that runs meanwhile."""
    server = Server(models, limits)
    with listen("127.0.0.1", 0) as bound:
        thread = threading.Thread(target=server.run, args=([bound],))
        thread.start()
        try:
            yield f"127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
            server.service.close()


@pytest.fixture(scope="session")
def address(models: Models) -> Iterator[str]:
    """Of a server with the usual limits, but little patience."""
    with running(models, Limits(threads=2, seconds=5.0)) as found:
        yield found
