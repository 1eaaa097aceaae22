"""`zoo serve` in a process of its own, what it is sent and what is seen of it, for `tools.hardness.serve`."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WORKERS, QUEUE = 2, 12


@dataclass
class Report:
    """What was seen.

    Attributes:
        wrong: what should not have been, each with a request that shows it.
        counts: (kind of request, what came of it) → how often.
        notes: figures.
    """

    wrong: list[str] = field(default_factory=list)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    notes: dict[str, Any] = field(default_factory=dict)

    def see(self, kind: str, status: int, body: bytes, method: str, shown: object) -> None:
        """Count an answer, and judge it."""
        self.counts[kind, str(status)] += 1
        if status >= 500 and status != 503:
            self.wrong.append(f"{kind}: {status} {body[:200]!r} for {shown}")
        if status >= 400 and method != "HEAD":
            with contextlib.suppress(ValueError, TypeError, KeyError):
                if isinstance(json.loads(body)["error"], str):
                    return
            self.wrong.append(f"{kind}: {status} without an error: {body[:200]!r} for {shown}")


class Serving:
    """`zoo serve` in a process of its own, with so many seconds of patience."""

    def __init__(self, artifacts: Path, seconds: float) -> None:
        self.seconds = seconds
        options = ["--port", "0", "--threads", str(WORKERS), "--queue", str(QUEUE), "--timeout", str(seconds)]
        command = [sys.executable, "-m", "zoo", "serve", str(artifacts), *options]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        self.log: list[str] = []
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        self.reader = threading.Thread(target=lambda: self.log.extend(self.process.stderr or ()))
        self.reader.start()

    def megabytes(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=3 * self.seconds + 10)

    def get(self, path: str, method: str = "GET") -> Any:
        """The JSON behind a path."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path)
            return json.loads(connection.getresponse().read())

    def stop(self) -> int:
        """Its exit code, after it was killed if it would not end by itself."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(10 * self.seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


@contextlib.contextmanager
def serving(artifacts: Path, seconds: float) -> Iterator[Serving]:
    """A server that is gone afterwards, whatever happens."""
    server = Serving(artifacts, seconds)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
        server.reader.join()
        server.process.stderr.close()  # type: ignore[union-attr]


def exchange(server: Serving, raw: bytes, method: str) -> tuple[int, bytes] | None:
    """Send these bytes on a connection of their own; status and body, or `None` where the server just closes it."""
    with server.connect() as connection:
        with contextlib.suppress(OSError):  # it may have answered and closed before all was sent
            connection.sendall(raw)
        answer = http.client.HTTPResponse(connection, method=method)
        try:
            answer.begin()
            return answer.status, answer.read()
        except (http.client.HTTPException, ConnectionError):
            return None
        finally:
            answer.close()
