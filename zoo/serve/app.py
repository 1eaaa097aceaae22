"""The routes of the Open Inference Protocol, and the work behind them: bodies read on the loop, all else in a few threads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from zoo.errors import UsageError, ZooError
from zoo.runtime.manifest import Tensor
from zoo.runtime.model import Model
from zoo.serve.errors import Busy, NotSupported, TooLarge, status_of
from zoo.serve.limits import TOGETHER, Limits
from zoo.serve.models import Models, answer
from zoo.serve.protocol import HEADER_LENGTH, VERSION, parse, response
from zoo.serve.tensors import DATATYPES

INDEX = 2**16
"""Bytes of the question for the index, which is read on the loop."""
EXTENSIONS = ["binary_tensor_data", "model_repository"]
LATER = {"retry-after": "1"}


class _Index(msgspec.Struct):
    """What is asked of the index; whatever else stands there is passed over, and no object made of it."""

    ready: bool = False


class Service:
    """What the routes share: models, limits, and how much is under way.

    Attributes:
        stopping: whether the server is about to end; it is not ready then, but answers.
    """

    def __init__(self, models: Models, limits: Limits) -> None:
        self.models = models
        self.limits = limits
        self.stopping = False
        self._workers = ThreadPoolExecutor(limits.threads, thread_name_prefix="zoo-serve")
        self._waiting = 0
        self._bytes = 0

    def close(self) -> None:
        """Let the threads end when what they compute is done."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def infer(self, request: Request) -> Response:
        """Read a question, wait for a thread, answer."""
        model = self._model(request)
        async with self._body(request, self.limits.body) as body:
            due = time.monotonic() + self.limits.seconds
            if self._waiting >= self.limits.threads + self.limits.queue:
                raise Busy(f"{self._waiting} requests are under way, as many as this server takes on at once.")
            self._waiting += 1
            try:
                loop = asyncio.get_running_loop()
                header = request.headers.get(HEADER_LENGTH)
                content, headers = await loop.run_in_executor(self._workers, self._answer, model, body, header, due)
            finally:
                self._waiting -= 1
        return Response(content, headers=headers)

    def _answer(self, model: Model, body: bytearray, header: str | None, due: float) -> tuple[bytes, dict[str, str]]:
        question = parse(memoryview(body), header, model.inputs, model.outputs, self.limits)
        return response(model.id, question, answer(model, question.arrays, due), model.outputs)

    @asynccontextmanager
    async def _body(self, request: Request, most: int) -> AsyncIterator[bytearray]:
        """The whole body, of so many bytes at most, which counts among the bytes of all requests until it is done with."""
        if encoding := request.headers.get("content-encoding"):
            raise NotSupported(f"A body in the encoding {encoding[:40]!r} is not read; it should be sent as it is.")
        too_large = TooLarge(f"The body of a request may have {most:,} bytes.")
        length = request.headers.get("content-length", "0")  # h11 has refused what is no number
        if len(length) > 15 or int(length) > most:
            raise too_large
        body = bytearray()
        held = 0
        try:
            async for chunk in request.stream():
                held += len(chunk)
                self._bytes += len(chunk)
                if held > most:
                    raise too_large
                if self._bytes > TOGETHER * self.limits.body:
                    raise Busy("The requests under way are too large together.")
                body += chunk
            yield body
        finally:
            self._bytes -= held

    async def about(self, _request: Request) -> Response:
        return _json({"name": "zoo", "version": version("onnx-zoo"), "extensions": EXTENSIONS})

    async def live(self, _request: Request) -> Response:
        return _json({"live": True})

    async def ready(self, _request: Request) -> Response:
        """Whether every model can answer, as the protocol has it."""
        ready = not self.models.damaged and not self.stopping
        problem = "the server is stopping" if self.stopping else f"damaged: {', '.join(self.models.damaged)}"
        return _json({"ready": True}) if ready else _json({"ready": False, "error": f"Not ready: {problem}."}, 503)

    async def model(self, request: Request) -> Response:
        model = self._model(request)
        tensors = {"inputs": list(map(_tensor, model.inputs)), "outputs": list(map(_tensor, model.outputs))}
        return _json({"name": model.id, "versions": [VERSION], "platform": "onnxruntime_onnx", **tensors})

    async def model_ready(self, request: Request) -> Response:
        return _json({"name": self._model(request).id, "ready": True})

    def _model(self, request: Request) -> Model:
        return self.models.get(**request.path_params)

    async def index(self, request: Request) -> Response:
        """Every model with its state, or, where `{"ready": true}` is asked, those that can answer."""
        async with self._body(request, min(INDEX, self.limits.body)) as body:
            try:
                asked = msgspec.json.decode(body or b"{}", type=_Index)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise UsageError(f"The request is no question for the index in JSON: {error}.") from None
        rows = [{"name": name, "version": VERSION, "state": "READY", "reason": ""} for name in self.models.ready]
        if not asked.ready:
            for name, why in self.models.damaged.items():
                rows.append({"name": name, "version": VERSION, "state": "UNAVAILABLE", "reason": why})
        return _json(rows)

    async def load(self, _request: Request) -> Response:
        raise UsageError("Models are loaded when the server starts; start another one to serve others.")


def make_app(service: Service) -> Starlette:
    """The application for any ASGI server; `zoo.serve.server` runs it with uvicorn."""
    model = "/v2/models/{name}"
    routes = [
        Route("/v2", service.about),
        Route("/v2/health/live", service.live),
        Route("/v2/health/ready", service.ready),
        Route("/v2/repository/index", service.index, methods=["POST"]),
        Route("/v2/repository/models/{name}/{action}", service.load, methods=["POST"]),
    ]
    for place in (model, f"{model}/versions/{{version}}"):
        routes += [
            Route(place, service.model),
            Route(f"{place}/ready", service.model_ready),
            Route(f"{place}/infer", service.infer, methods=["POST"]),
        ]
    app = Starlette(
        routes=routes,
        exception_handlers={ZooError: _refused, HTTPException: _no_route, ClientDisconnect: _gone, Exception: _broken},
    )
    app.router.redirect_slashes = False
    return app


def _tensor(tensor: Tensor) -> dict[str, Any]:
    shape = [axis if isinstance(axis, int) else -1 for axis in tensor.shape]
    return {"name": tensor.name, "datatype": DATATYPES[tensor.dtype], "shape": shape}


def _json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ZooError)
    status = status_of(error)
    return _json({"error": str(error)}, status, LATER if isinstance(error, Busy) else None)


async def _no_route(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    what = f"{request.method} {request.url.path[:200]}"
    if error.status_code == 405:
        return _json({"error": f"{what} is not possible; it takes {(error.headers or {}).get('Allow', 'another method')}."}, 405)
    return _json({"error": f"There is no {what}; GET /v2 and POST /v2/models/NAME/infer are where to begin."}, error.status_code)


async def _gone(_request: Request, _error: Exception) -> Response:
    return Response()  # nobody reads it


async def _broken(_request: Request, _error: Exception) -> Response:
    return _json({"error": "The server failed; its log says how."}, 500)
