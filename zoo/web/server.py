"""A server of files that lie in memory: the standard library's, for one person's browser."""

from __future__ import annotations

import errno
import hashlib
import socket
import socketserver
import sys
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote

from zoo.errors import UsageError, ZooError

START = "index.html"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".onnx": "application/octet-stream",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}
"""Written out: what `mimetypes` says differs between systems, and browsers run modules and WebAssembly of these types alone."""

POLICY = "script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; frame-ancestors 'none'"
"""What index.html cannot say: for its workers, and of pages around it."""


class Server(socketserver.ThreadingTCPServer):
    """Answers GET and HEAD for the paths in `files`, and nothing else: it knows no folder.

    Args:
        files: path relative to the page → content.
        host: name or address to listen at.
        port: 0 takes any that is free.

    Raises:
        ZooError: the port is taken.
        UsageError: there is no such host here, or the port may not be used.
    """

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, files: Mapping[str, bytes], host: str, port: int) -> None:
        self.files = files
        self.tags = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            super().__init__((host, port), Handler)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ZooError(f"Port {port} of {host} is taken by another program.", hint="zoo demo --port 0") from None
            raise UsageError(f"The page cannot be served at {host}, port {port}: {error.strerror or error}.") from None

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away is no news."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def url(self) -> str:
        """Where the page is."""
        host, port = self.server_address[:2]
        name = str(host)
        return f"http://{f'[{name}]' if ':' in name else name}:{port}/"


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "zoo"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        """A file's content, or that it is as the browser knows it."""
        self._answer()

    def do_HEAD(self) -> None:
        """The same without the content."""
        self._answer()

    def _answer(self) -> None:
        path, _, query = self.path.partition("?")
        name = unquote(path).removeprefix("/")
        if name.endswith("/") or not name:
            name += START
        content = self.server.files.get(name)
        if content is None:
            self.send_error(HTTPStatus.NOT_FOUND, "There is no such file")
            return
        tag = self.server.tags[name]
        known = self.headers.get("If-None-Match") == f'"{tag}"'
        self.send_response(HTTPStatus.NOT_MODIFIED if known else HTTPStatus.OK)
        fixed = parse_qs(query).get("sha256") == [tag]
        self.send_header("ETag", f'"{tag}"')
        self.send_header("Cache-Control", "max-age=31536000, immutable" if fixed else "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Security-Policy", POLICY)
        if not known:
            self.send_header("Content-Type", TYPES.get(PurePosixPath(name).suffix, "application/octet-stream"))
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET" and not known:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests are no news."""
