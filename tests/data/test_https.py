import contextlib
import gzip
import socket
import time

import pytest

from zoo.data import https
from zoo.data.fetch import fetch
from zoo.errors import DataError
from zoo.spec import HttpsRoute


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(https, "SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(https, "PATIENCE_SECONDS", 0.5)


def partial(announced: int, body: bytes, then=None):
    def answer(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(announced))
        handler.end_headers()
        handler.wfile.write(body)
        handler.wfile.flush()
        if then:
            then(handler)

    return answer


def fails(spec, progress, home) -> str:
    with pytest.raises(DataError) as caught:
        fetch(spec, progress)
    assert [path for path in home.rglob("*") if path.is_file()] == []
    return str(caught.value)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_complete(server, spec, content, progress, home, suffix):
    server.answers = {name + suffix: gzip.compress(body) if suffix else body for name, body in content.items()}
    files, words = fetch(spec(HttpsRoute(base=server.base, suffix=suffix)), progress)
    assert words == server.base
    assert {name: path.read_bytes() for name, path in files.items()} == content
    assert files["images"] == home / "data" / "made" / "images"
    assert progress.notes == []
    server.answers = {}
    assert fetch(spec(HttpsRoute(base=server.base)), progress) == (files, "cache")


def test_without_an_announced_length(server, spec, content, progress):
    def bare(body):
        def answer(handler):
            handler.send_response(200)
            handler.end_headers()
            handler.wfile.write(body)

        return answer

    server.answers = {name: bare(body) for name, body in content.items()}
    assert fetch(spec(HttpsRoute(base=server.base)), progress)[1] == server.base


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_truncated(server, spec, content, progress, home, suffix):
    body = gzip.compress(content["images"]) if suffix else content["images"]
    server.answers = {f"images{suffix}": partial(len(body), body[:-7]), f"labels{suffix}": b""}
    message = fails(spec(HttpsRoute(base=server.base, suffix=suffix)), progress, home)
    assert f"images: the answer was cut short: {len(body) - 7:,} of {len(body):,} bytes came" in message


def test_truncated_without_an_announced_length(server, spec, content, progress, home):
    def answer(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(gzip.compress(content["images"])[:-7])

    server.answers = {"images.gz": answer}
    assert "images: it is truncated" in fails(spec(HttpsRoute(base=server.base, suffix=".gz")), progress, home)


def test_cut_short_in_chunks(server, spec, progress, home):
    def answer(handler):
        handler.protocol_version = "HTTP/1.1"
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"100\r\nabc")
        handler.close_connection = True

    server.answers = {"images": answer}
    assert "images: the answer broke off" in fails(spec(HttpsRoute(base=server.base)), progress, home)


def test_flipped_bit(server, spec, content, progress, home):
    flipped = bytearray(content["images"])
    flipped[1234] ^= 1
    server.answers = {"images": bytes(flipped), "labels": content["labels"]}
    made = spec(HttpsRoute(base=server.base))
    with pytest.raises(DataError) as caught:
        fetch(made, progress)
    assert f"images: its raw bytes should have sha256 {made.files[0].sha256}, they have " in str(caught.value)
    # The file that came whole is kept for the next time.
    assert [path.name for path in home.rglob("*") if path.is_file()] == ["labels"]


def test_not_found_goes_on_with_the_other_files_and_the_next_route(server, spec, content, progress):
    server.answers = {"labels": content["labels"], "images.gz": gzip.compress(content["images"])}
    made = spec(HttpsRoute(base=server.base), HttpsRoute(base=server.base, suffix=".gz"))
    files, words = fetch(made, progress)
    assert words == f"{server.base}, {server.base}"
    assert {name: path.read_bytes() for name, path in files.items()} == content
    assert server.asked == ["images", "labels", "images.gz"]
    assert progress.notes == [f"made: {server.base}: images: status 404 Not Found."]


def test_slow_is_given_up(server, spec, progress, home):
    def drip(handler):
        with contextlib.suppress(OSError):
            while not server.over.wait(0.05):
                handler.wfile.write(b".")
                handler.wfile.flush()

    server.answers = {"images": partial(100_000, b".", drip)}
    start = time.monotonic()
    assert "too slow" in fails(spec(HttpsRoute(base=server.base)), progress, home)
    assert time.monotonic() - start < 3
    assert server.asked == ["images"]


@pytest.mark.parametrize("body", [None, b"some"])
def test_hanging_is_given_up_for_all_files(server, spec, progress, home, body):
    def hang(handler):
        server.over.wait()

    server.answers = {"images": hang if body is None else partial(100_000, body, hang)}
    start = time.monotonic()
    assert "no answer within 0.5 s" in fails(spec(HttpsRoute(base=server.base)), progress, home)
    assert time.monotonic() - start < 3
    assert server.asked == ["images"]


def test_too_much(server, spec, content, progress, home, monkeypatch):
    monkeypatch.setattr(https, "LIMIT", 100_000)
    server.answers = {"images": content["images"]}
    assert "images: more than 100,000 bytes came" in fails(spec(HttpsRoute(base=server.base)), progress, home)


def test_not_http_at_all(progress, spec, home):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # It listens but never answers.
        message = fails(spec(HttpsRoute(base=f"http://127.0.0.1:{listener.getsockname()[1]}/")), progress, home)
    assert "no answer within 0.5 s" in message


def test_refused(progress, spec, home):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert "no connection: Connection refused" in fails(spec(HttpsRoute(base=f"http://127.0.0.1:{port}/")), progress, home)


def test_a_name_without_address_is_asked_once(progress, spec, home, monkeypatch):
    asked = []

    def unknown(host, *args, **kwargs):
        asked.append(host)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    message = fails(spec(HttpsRoute(base="https://nowhere.invalid/")), progress, home)
    assert "https://nowhere.invalid/ (no address is known for nowhere.invalid)" in message
    assert asked == ["nowhere.invalid"]


def test_a_silent_name_server_is_given_up(server, progress, spec, home, monkeypatch):
    monkeypatch.setattr(https, "CONNECT_SECONDS", 0.2)

    def silent(*args, **kwargs):
        server.over.wait()
        raise socket.gaierror(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    monkeypatch.setattr("urllib.request.getproxies", dict)
    start = time.monotonic()
    assert "no connection within 0.2 s" in fails(spec(HttpsRoute(base="https://nowhere.invalid/")), progress, home)
    assert time.monotonic() - start < 2


def test_offline_asks_nobody(server, spec, content, progress, home, monkeypatch):
    monkeypatch.setenv("ZOO_OFFLINE", "1")
    server.answers = dict(content)
    assert "not tried, ZOO_OFFLINE is set" in fails(spec(HttpsRoute(base=server.base)), progress, home)
    assert server.asked == []
    assert progress.notes == []


def test_a_route_that_is_no_https_address(spec, progress, home):
    assert "it is no https address" in fails(spec(HttpsRoute(base="file:///etc/")), progress, home)


@pytest.mark.parametrize("where", ["download", "unpack"])
def test_interruption_leaves_nothing(server, spec, content, progress, home, tmp_path, monkeypatch, where):
    server.answers = dict(content)

    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    if where == "download":
        monkeypatch.setattr(https, "LEAST_BYTES_A_SECOND", 1)
        monkeypatch.setattr(progress, "bar", lambda *args, **kwargs: contextlib.nullcontext(interrupt))
    else:
        monkeypatch.setattr("zoo.data.fetch.unpack", lambda copy, beside: beside.write_bytes(b"half") and interrupt())
    with pytest.raises(KeyboardInterrupt):
        fetch(spec(HttpsRoute(base=server.base)), progress)
    assert [path for path in home.rglob("*") if path.is_file()] == []
    assert list((tmp_path / "scratch").iterdir()) == []
