"""A cache of one's own for each test, data sets made up on the spot, and an HTTP server on this machine that may misbehave."""

from __future__ import annotations

import gzip
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zoo.data.idx import read_idx
from zoo.progress import Progress
from zoo.spec import DataFile, DatasetSpec, Picture, Route

MIRROR = os.environ.get("ZOO_MIRROR")  # before any test changes it
NAMES = ("images", "labels")
CONTENT = {"images": bytes(range(256)) * 2000, "labels": b"labels of the made-up data set"}


class Recorder(Progress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty `$ZOO_HOME`; no mirror, not offline, no proxy before the local server, scratch folders that can be looked at."""
    for name in ("ZOO_MIRROR", "ZOO_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "home"))
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    return tmp_path / "home"


@pytest.fixture
def progress() -> Recorder:
    return Recorder()


@pytest.fixture
def content() -> dict[str, bytes]:
    return dict(CONTENT)


@pytest.fixture
def spec() -> Callable[..., DatasetSpec]:
    """Makes a spec of the made-up data set with the routes given."""

    def make(*routes: Route, **more: Any) -> DatasetSpec:
        files = tuple(DataFile(name=name, sha256=hashlib.sha256(CONTENT[name]).hexdigest()) for name in NAMES)
        fields = {"summary": "made up", "source": "here", "licence": "CC0", "load": "nowhere:load", "files": files, **more}
        return DatasetSpec(id="made", routes=routes, **fields)

    return make


@pytest.fixture
def like(spec: Callable[..., DatasetSpec]) -> DatasetSpec:
    """A data set of pictures of 8 × 6 pixels, which own data are to be like."""
    return spec(picture=Picture(height=8, width=6, background="dark", framing="centred"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty folder for own data."""
    (tmp_path / "own").mkdir()
    return tmp_path / "own"


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `$ZOO_MIRROR` with the made-up data set: one file compressed, one raw."""
    folder = tmp_path / "mirror" / "made"
    folder.mkdir(parents=True)
    (folder / "images.gz").write_bytes(gzip.compress(CONTENT["images"]))
    (folder / "labels").write_bytes(CONTENT["labels"])
    monkeypatch.setenv("ZOO_MIRROR", str(folder.parent))
    return folder.parent


class Server(ThreadingHTTPServer):
    """Answers with `answers[name]`: the bytes of a whole answer, or a function that writes one; keeps the names asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        self.answers: dict[str, bytes | Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[str] = []
        self.over = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/files/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no news."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        name = self.path.rpartition("/")[2]
        self.server.asked.append(name)
        answer = self.server.answers.get(name)
        if answer is None:
            self.send_error(404)
        elif isinstance(answer, bytes):
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        else:
            answer(self)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def mnist_test_images() -> np.ndarray:
    """uint8 [10000, 28, 28]"""
    if not MIRROR or not (path := Path(MIRROR) / "mnist" / "t10k-images-idx3-ubyte.gz").is_file():
        pytest.skip("needs MNIST: set ZOO_MIRROR to a folder with mnist/t10k-images-idx3-ubyte.gz")
    return read_idx(path, axes=3)
