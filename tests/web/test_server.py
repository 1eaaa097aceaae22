"""The page's server: it hands out what it was given, with the right types, and nothing else."""

from __future__ import annotations

import http.client
import socket
import struct
import urllib.request

import pytest

from tests.web.conftest import serving
from zoo.errors import UsageError, ZooError
from zoo.web.server import Server

FILES = {
    "index.html": b"<!doctype html>",
    "runtime/a.mjs": b"export {}",
    "runtime/a.wasm": b"\0asm",
    "models/a.b/model.onnx": b"weights",
    "models.json": b"{}",
}


@pytest.fixture(scope="module")
def ask():
    with serving(FILES) as server:

        def one(path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(*server.server_address[:2], timeout=10)
            try:
                connection.request(method, path, headers=headers)
                response = connection.getresponse()
                return response.status, dict(response.getheaders()), response.read()
            finally:
                connection.close()

        yield one


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/runtime/a.mjs", "text/javascript; charset=utf-8"),
        ("/runtime/a.wasm", "application/wasm"),
        ("/models/a.b/model.onnx", "application/octet-stream"),
        ("/models.json", "application/json"),
    ],
)
def test_a_file_has_its_type(ask, path, kind):
    status, headers, body = ask(path)
    assert (status, headers["Content-Type"], headers["X-Content-Type-Options"]) == (200, kind, "nosniff")
    assert body == FILES[path[1:] or "index.html"]


@pytest.mark.parametrize(
    "path",
    [
        "/runtime",
        "/runtime/",
        "/models/",
        "/../pyproject.toml",
        "/..%2fpyproject.toml",
        "/models/../../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/etc/passwd",
        "/index.html/",
        "/%00",
        "/%ff",
        "*",
    ],
)
def test_nothing_else_is_there(ask, path):
    assert ask(path)[0] == 404


def test_an_address_that_is_none():
    with serving(FILES) as server, socket.create_connection(server.server_address[:2], timeout=10) as asking:
        asking.sendall(b"GET http://[ HTTP/1.0\r\n\r\n")
        assert asking.recv(100).startswith(b"HTTP/1.1 404 ")


def test_nothing_can_be_changed(ask):
    for method in ("POST", "PUT", "DELETE"):
        assert ask("/index.html", method)[0] == 501


def test_a_browser_that_knows_a_file_is_not_sent_it_again(ask):
    _, headers, _ = ask("/models.json")
    assert headers["Cache-Control"] == "no-cache"
    status, _, body = ask("/models.json", **{"If-None-Match": headers["ETag"]})
    assert (status, body) == (304, b"")
    assert ask("/models.json", **{"If-None-Match": '"other"'})[0] == 200


def test_what_is_asked_for_by_its_hash_never_changes(ask):
    _, headers, _ = ask("/runtime/a.wasm")
    digest = headers["ETag"].strip('"')
    assert "immutable" in ask(f"/runtime/a.wasm?sha256={digest}")[1]["Cache-Control"]
    assert ask("/runtime/a.wasm?sha256=0")[1]["Cache-Control"] == "no-cache"


def test_head_is_get_without_the_content(ask):
    status, headers, body = ask("/runtime/a.mjs", "HEAD")
    assert (status, headers["Content-Length"], body) == (200, "9", b"")


def test_a_browser_that_goes_away_is_no_news(capfd):
    with serving({"large": bytes(2**25)}) as server:
        for _ in range(3):
            with socket.create_connection(server.server_address[:2]) as gone:
                gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # its end is a reset
                gone.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
                gone.recv(100)
        with urllib.request.urlopen(f"{server.url}large", timeout=10) as response:
            assert len(response.read()) == 2**25
    assert capfd.readouterr().err == ""


def test_a_port_that_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ZooError, match=rf"^Port {port} of 127\.0\.0\.1 is taken by another program\. Try: zoo demo --port 0$"):
            Server(FILES, "127.0.0.1", port)


@pytest.mark.parametrize("host", ["198.51.100.1", "no.such.host.invalid", "::2"])
def test_a_host_that_is_not_here(host):
    with pytest.raises(UsageError, match=f"^The page cannot be served at {host}, port 0: "):
        Server(FILES, host, 0)
