"""Runtimes other than Python's onnxruntime behind one face: each opens an artifact, answers, and is timed.

They are asked in JSON: a process by its stdin, a page in Chromium by a function of its own. `replay` hands their answers to the
comparison that `zoo verify` makes, too.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from zoo.certify.replay import Replay, replay_answers
from zoo.runtime.artifact import MODEL

HERE = Path(__file__).parent
PACKAGES = HERE / "node_modules"
WEB_FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
"""Of onnxruntime-web: what a page fetches that computes on the CPU."""
DTYPES = {"uint8": np.uint8, "float32": np.float32, "int64": np.int64, "bool": np.bool_, "string": np.str_}
LONGEST = 120
"""Seconds for one answer."""


class CannotError(Exception):
    """A runtime cannot do what it was asked."""


class Runtime(Protocol):
    """What answers.

    Attributes:
        name: of the runtime, with its version.
    """

    name: str

    def call(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request.

        Raises:
            CannotError: the runtime failed.
        """
        ...


class Lines:
    """A process that answers a line for a line."""

    def __init__(self, name: str, command: Sequence[str | Path]) -> None:
        self.name = name
        self.process = subprocess.Popen(
            command, cwd=HERE, text=True, encoding="utf-8", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def call(self, request: Mapping[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        timer = threading.Timer(LONGEST, self.process.kill)
        timer.start()
        try:
            self.process.stdin.write(f"{json.dumps(request)}\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            timer.cancel()
        if not line:
            code = self.process.wait()
            raise CannotError(f"The process ended with {signal.Signals(-code).name if code < 0 else code}.")
        return checked(json.loads(line))

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.communicate()


class Page:
    """A page in Chromium."""

    def __init__(self, name: str, page: Any) -> None:
        self.name = name
        self.page = page

    def call(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return checked(self.page.evaluate("request => window.answer(request)", request))


def checked(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer that is none of an error.

    Raises:
        CannotError: it is.
    """
    if "error" in answer:
        raise CannotError(answer["error"])
    return answer


def plain(arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Inputs as JSON has them."""
    return {
        name: {
            "dtype": "string" if array.dtype.kind in "UO" else str(array.dtype),
            "dims": list(array.shape),
            "data": array.ravel().tolist(),
        }
        for name, array in arrays.items()
    }


def ask(runtime: Runtime, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What a runtime answers with the model that it has opened.

    Raises:
        CannotError: the runtime failed.
    """
    outputs = runtime.call({"do": "ask", "inputs": plain(arrays)})["outputs"]
    return {
        name: np.array(value["data"], DTYPES[value["dtype"]]).reshape(value["dims"])  # [as the runtime says]
        for name, value in outputs.items()
    }


def replay(runtime: Runtime, folder: Path, model: str | None = None) -> Replay:
    """Open an artifact and replay its golden vectors.

    Args:
        runtime: that is asked.
        folder: of the artifact.
        model: where the runtime finds the file; by default in the folder.

    Raises:
        CannotError: the runtime cannot open the model, or cannot answer.
    """
    runtime.call({"do": "open", "model": model or str(folder.absolute() / MODEL)})
    return replay_answers(folder, functools.partial(ask, runtime), runtime=runtime.name)


def version(package: str) -> str:
    """That is installed of an npm package."""
    return str(json.loads((PACKAGES / package / "package.json").read_text(encoding="utf-8"))["version"])


def install() -> None:
    """Install the npm packages that package-lock.json pins into node_modules, which git ignores, unless they are there.

    Scripts of packages are not run: onnxruntime-node's would fetch libraries for CUDA.

    Raises:
        CannotError: there is no npm, or it failed.
    """
    pinned = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    with contextlib.suppress(FileNotFoundError):
        if all(version(name) == wanted for name, wanted in pinned.items()):
            return
    if shutil.which("npm") is None:
        raise CannotError("There is no npm.")
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode:
        raise CannotError(f"npm ci failed: {done.stderr.strip()[-500:]}")


@contextlib.contextmanager
def node() -> Iterator[Lines]:
    """onnxruntime-node, which `install` has put there.

    Raises:
        CannotError: there is no Node.
    """
    command = shutil.which("node")
    if command is None:
        raise CannotError("There is no node.")
    with contextlib.closing(Lines(f"onnxruntime-node {version('onnxruntime-node')}", [command, "node.mjs"])) as process:
        yield process


@contextlib.contextmanager
def openvino() -> Iterator[Lines]:
    """OpenVINO.

    Raises:
        CannotError: it is not installed.
    """
    if importlib.util.find_spec("openvino") is None:
        raise CannotError("There is no openvino.")
    from importlib.metadata import version as installed

    with contextlib.closing(Lines(f"OpenVINO {installed('openvino')}", [sys.executable, HERE / "openvino_lines.py"])) as process:
        yield process


def chromium() -> str:
    """Where Chromium is.

    Raises:
        CannotError: it is not.
    """
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise CannotError("There is no Chromium.")


@contextlib.contextmanager
def web(artifacts: Path) -> Iterator[Page]:
    """onnxruntime-web in Chromium, which `install` has put there. A model is `/<id>/model.onnx`.

    Args:
        artifacts: folder that is served, on loopback alone.

    Raises:
        CannotError: there is no Chromium, or no Playwright.
    """
    command = chromium()
    if importlib.util.find_spec("playwright") is None:
        raise CannotError("There is no playwright.")
    from playwright.sync_api import sync_playwright

    with served(artifacts) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=command)
        try:
            page = browser.new_page()
            page.set_default_timeout(LONGEST * 1e3)
            page.goto(f"{address}/page.html")
            page.wait_for_function("() => window.answer")
            yield Page(f"onnxruntime-web {version('onnxruntime-web')}, Chromium {browser.version}", page)
        finally:
            browser.close()


@contextlib.contextmanager
def served(artifacts: Path) -> Iterator[str]:
    """The page, the files of onnxruntime-web and the models, at an address on loopback."""
    places = {name: HERE / name for name in ("page.html", "handler.mjs")}
    places |= {name: PACKAGES / "onnxruntime-web" / "dist" / name for name in WEB_FILES}

    class Files(SimpleHTTPRequestHandler):
        extensions_map = {**SimpleHTTPRequestHandler.extensions_map, ".mjs": "text/javascript", ".wasm": "application/wasm"}  # noqa: RUF012

        def translate_path(self, path: str) -> str:
            name = path.lstrip("/").partition("?")[0]
            model = re.fullmatch(r"([\w.-]+)/model\.onnx", name)
            return os.fspath(places.get(name) or (artifacts / model[1] / MODEL if model else HERE / "nothing"))

        def end_headers(self) -> None:  # with these two a page may look at the clock to 5 microseconds
            self.send_header("Cross-Origin-Opener-Policy", "same-origin")
            self.send_header("Cross-Origin-Embedder-Policy", "require-corp")
            super().end_headers()

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
