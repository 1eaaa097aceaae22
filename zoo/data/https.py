"""Files over HTTPS, by the standard library: quick to give up, and never taken for whole when they are not."""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from zoo import paths
from zoo.data.compressed import LIMIT
from zoo.data.routes import RouteDeadError, RouteError, RouteSkippedError
from zoo.progress import Progress
from zoo.spec import DataFile, HttpsRoute

CONNECT_SECONDS = 5.0
"""For the name and a connection, all addresses of the host together."""
ADDRESS_SECONDS = 2.0
"""For a connection to one of them: a host may have eight, and a firewall may swallow each attempt."""
SILENCE_SECONDS = 15.0
"""Between two pieces of an answer."""
PATIENCE_SECONDS = 30.0
"""After these an answer must have come at `LEAST_BYTES_A_SECOND` on average."""
LEAST_BYTES_A_SECOND = 1024
CHUNK = 1 << 16


class HttpsSource:
    """`base` + file name + `suffix`. A host that cannot be reached is asked once, not for each file."""

    made = False

    def __init__(self, route: HttpsRoute, scratch: Path, progress: Progress) -> None:
        self.route, self.scratch, self.progress = route, scratch, progress
        self.words = route.base
        self._reached = False

    def get(self, file: DataFile) -> Path:
        if paths.offline():
            raise RouteSkippedError(f"not tried, {paths.OFFLINE} is set")
        if not self._reached:
            reach(self.route.base)
            self._reached = True
        target = self.scratch / (Path(file.name).name + self.route.suffix)
        download(self.route.base + urllib.parse.quote(file.name + self.route.suffix), target, self.progress)
        return target


def reach(url: str) -> None:
    """Return when the host of `url` takes a connection within `CONNECT_SECONDS`, or a proxy stands before it.

    The name is looked up in a thread, because that has no time limit of its own: a network that swallows what is sent to
    its name servers would hold us for half a minute a host.

    Raises:
        RouteDeadError: it does not.
    """
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise RouteDeadError("it is no https address")
    host, port = parts.hostname, parts.port or {"https": 443, "http": 80}[parts.scheme]
    if parts.scheme in urllib.request.getproxies() and not urllib.request.proxy_bypass(host):
        return  # the proxy looks the name up
    outcome: queue.SimpleQueue[str] = queue.SimpleQueue()

    def attempt() -> None:
        try:
            socket.create_connection((host, port), timeout=ADDRESS_SECONDS).close()
        except socket.gaierror:
            outcome.put(f"no address is known for {host}")
        except TimeoutError:
            outcome.put("no connection in time")
        except (OSError, UnicodeError) as error:
            outcome.put(f"no connection: {_words(error)}")
        else:
            outcome.put("")

    threading.Thread(target=attempt, daemon=True).start()
    try:
        problem = outcome.get(timeout=CONNECT_SECONDS)
    except queue.Empty:
        problem = f"no connection within {CONNECT_SECONDS:g} s"
    if problem:
        raise RouteDeadError(problem)


def download(url: str, target: Path, progress: Progress) -> None:
    """Write what `url` answers to `target`, with a bar of bytes.

    Raises:
        RouteDeadError: the host stopped answering.
        RouteError: another status than 200, an answer that is cut short, too slow or too large.
        OSError: `target` cannot be written.
    """
    with _faults():
        request = urllib.request.Request(url, headers={"User-Agent": "zoo"})
        response = urllib.request.urlopen(request, timeout=SILENCE_SECONDS)
    with response:
        length = response.headers.get("Content-Length") or ""
        total = int(length) if length.isascii() and length.isdigit() else None
        done = 0
        with target.open("wb") as out, progress.bar(target.name, total, unit="bytes") as advance:
            for piece in _pieces(response):
                out.write(piece)
                advance(len(piece))
                done += len(piece)
    # http.client does not mind when a connection ends before the announced length.
    if total is not None and done != total:
        raise RouteError(f"the answer was cut short: {done:,} of {total:,} bytes came")


def _pieces(response: Any) -> Iterator[bytes]:
    """The answer as it comes in, watched for its size and speed."""
    start, done = time.monotonic(), 0
    while True:
        with _faults():
            piece: bytes = response.read1(CHUNK)  # `read` would wait for a full piece, however slowly it drips
        if not piece:
            return
        yield piece
        done += len(piece)
        seconds = time.monotonic() - start
        if done > LIMIT:
            raise RouteError(f"more than {LIMIT:,} bytes came, the most that is taken")
        if seconds > PATIENCE_SECONDS and done < seconds * LEAST_BYTES_A_SECOND:
            raise RouteDeadError(f"too slow: {done:,} bytes in {seconds:.0f} s")


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    """Whatever goes wrong on the network, as a `RouteError` that says it in a few words."""
    try:
        yield
    except urllib.error.HTTPError as error:
        error.close()
        raise RouteError(f"status {error.code} {error.reason}".rstrip()) from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise RouteDeadError(_silence()) from None
        raise RouteDeadError(f"no connection: {_words(error.reason)}") from None
    except TimeoutError:
        raise RouteDeadError(_silence()) from None
    except (http.client.HTTPException, OSError) as error:
        raise RouteError(f"the answer broke off: {_words(error)}") from None


def _words(reason: object) -> str:
    text = " ".join(str(getattr(reason, "strerror", None) or reason).split())
    return (text or type(reason).__name__)[:200].rstrip(".")


def _silence() -> str:
    return f"no answer within {SILENCE_SECONDS:g} s"
