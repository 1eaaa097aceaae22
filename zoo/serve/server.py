"""From start to stop: a socket, uvicorn, and signals after which every request that was taken is answered."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import uvicorn

from zoo.errors import UsageError
from zoo.progress import Progress
from zoo.serve.app import Service, make_app
from zoo.serve.connection import limited
from zoo.serve.limits import Limits
from zoo.serve.models import Models

M_MMAP_THRESHOLD = -3
"""Of `malloc.h`."""


class Server(uvicorn.Server):
    """uvicorn's, which says what it does in two lines and ends with success when it is told to."""

    def __init__(self, models: Models, limits: Limits, *, access_log: bool = False) -> None:
        self.service = Service(models, limits)
        app = make_app(self.service)
        config = uvicorn.Config(
            _logged(app) if access_log else app,
            http=limited(limits.seconds, limits.connections),
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=max(1, int(limits.seconds)),
            timeout_graceful_shutdown=int(3 * limits.seconds) + 1,  # to send the rest, to be answered, to take it
        )
        super().__init__(config)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """SIGTERM and Ctrl-C stop it, a second one at once. uvicorn would raise them again, which is no success."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        del frame
        if self.should_exit:  # uvicorn would wait for the threads, and answer with errors of its own
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        self.should_exit = self.service.stopping = True


def serve(
    models: Models, limits: Limits, *, host: str = "127.0.0.1", port: int = 8000, access_log: bool = False, progress: Progress
) -> None:
    """Serve until a signal comes.

    Args:
        models: what `load` gave.
        limits: how much is taken on.
        host: the address to listen on; the default is reached from this machine alone.
        port: 0 takes any that is free.
        access_log: whether each request is told of.
        progress: where it says what it does.

    Raises:
        UsageError: the address cannot be listened on.
    """
    _return_memory()
    with listen(host, port) as bound:
        server = Server(models, limits, access_log=access_log)
        for name, why in models.damaged.items():
            progress.note(f"not ready: {name}: {why}")
        address = f"[{host}]" if ":" in host else host
        count = f"{len(models.ready)} {'model' if len(models.ready) == 1 else 'models'}"
        work = f"{limits.threads} at once, {limits.queue} may wait"
        progress.note(f"serving {count} on http://{address}:{bound.getsockname()[1]} ({work}); Ctrl-C stops")
        server.run(sockets=[bound])
    server.service.close()
    progress.note(f"stopped after {server.server_state.total_requests:,} requests")


def _return_memory() -> None:
    """Let the C library give large blocks back to the system.

    glibc by itself keeps what was freed below a bound that grows with what is freed: after a few requests of some ten megabytes it
    holds tens of megabytes more. Other C libraries have no such bound.
    """
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, 2**20)


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound.

    Raises:
        UsageError: it cannot be.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except (OSError, OverflowError, UnicodeError) as error:  # a name that no host can have cannot be encoded
        why = str(error.args[-1]).partition(" (")[0]
        taken = getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES)
        hint = "zoo serve --port 0" if taken else "zoo serve --host 127.0.0.1"
        raise UsageError(f"Cannot listen on port {port} of {host!r}: {why}.", hint=hint) from None


def _logged(app: Any) -> Any:
    """The application with a line for each request on stderr."""

    async def logged(scope: Any, receive: Any, send: Any) -> None:
        began = time.perf_counter()

        async def sent(message: Any) -> None:
            if message["type"] == "http.response.start":
                took = 1000 * (time.perf_counter() - began)
                print(f"{scope['method']} {ascii(scope['path'])[1:-1]} {message['status']} {took:.1f} ms", file=sys.stderr)
            await send(message)

        await app(scope, receive, sent)

    return logged
