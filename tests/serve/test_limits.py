"""What is beyond a limit is refused in JSON, and slow clients are cut off."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import tracemalloc
from contextlib import ExitStack, closing, contextmanager, suppress

import pytest

from tests.serve.conftest import running
from zoo.errors import IntegrityError, UsageError
from zoo.serve.connection import GRACE
from zoo.serve.limits import Limits
from zoo.serve.models import Models, load
from zoo.serve.protocol import parse
from zoo.serve.server import listen

INFER = "/v2/models/cnn.fast/infer"


@contextmanager
def connected(address: str):
    """A plain connection."""
    host, _, port = address.partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        yield connection


def answer(connection: socket.socket, raw: bytes) -> tuple[int, dict, dict[str, str]]:
    """Status, JSON and headers of the answer to these bytes."""
    connection.sendall(raw)
    with closing(http.client.HTTPResponse(connection)) as found:
        found.begin()
        return found.status, json.loads(found.read()), {key.lower(): value for key, value in found.headers.items()}


@pytest.mark.parametrize(
    ("raw", "status", "said"),
    [
        (b"GARBAGE\r\n\r\n", 400, "Invalid HTTP request"),
        (b"GET /v2 HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", 400, "Invalid HTTP request"),
        (b"GET /v2/nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404, "There is no GET /v2/nothing"),
        (b"PUT /v2 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405, "PUT /v2 is not possible"),
        (f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: 67108865\r\n\r\n".encode(), 413, "may have 67,108,864 bytes"),
        (
            f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n".encode(),
            415,
            "encoding 'gzip'",
        ),
        (f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n{{".encode(), 400, "no inference request in JSON"),
        (b"POST /v2/repository/index HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n[]", 400, "no question for the index"),
    ],
)
def test_every_error_is_json(address, raw, status, said):
    with connected(address) as connection:
        found, told, _ = answer(connection, raw)
    assert found == status
    assert said in told["error"]


def test_a_request_that_is_never_complete_is_given_up(models: Models):
    with running(models, Limits(seconds=0.3)) as address:
        for raw in (b"POST " + INFER.encode(), f"POST {INFER} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{".encode()):
            with connected(address) as connection:
                status, told, _ = answer(connection, raw)
                assert (status, told) == (408, {"error": "The request was not complete after 0.3 seconds."})
        with connected(address) as connection:  # it says nothing, and is told nothing
            assert connection.recv(1) == b""


def test_a_client_that_takes_no_answer_is_cut_off(models: Models):
    words = json.dumps({"inputs": [{"name": "word", "shape": [2000], "datatype": "BYTES", "data": ["king"] * 2000}]}).encode()
    head = f"POST /v2/models/word2vec.skipgram.int8/infer HTTP/1.1\r\nHost: x\r\nContent-Length: {len(words)}\r\n\r\n".encode()
    with running(models, Limits(seconds=0.5)) as address, connected(address) as connection:
        connection.sendall(head + words)
        threading.Event().wait(1.5)
        with closing(connection.makefile("rb")) as answer:
            assert not read(answer).endswith(b"]}]}")


def read(stream) -> bytes:
    """All that comes before the connection ends, in whatever way."""
    found = b""
    with suppress(ConnectionError):
        while piece := stream.read1(65536):
            found += piece
    return found


def test_more_than_can_wait_is_told_to_come_back(models: Models):
    text = json.dumps({"inputs": [{"name": "text", "shape": [40], "datatype": "BYTES", "data": ["Otwórz okno. " * 30] * 40}]})
    found: list[tuple[int, str | None]] = []

    def ask(address: str) -> None:
        with closing(http.client.HTTPConnection(address, timeout=30)) as connection:
            connection.request("POST", "/v2/models/seq2seq.help-pl-en.int8/infer", text)
            told = connection.getresponse()
            assert "error" in json.loads(told.read()) or told.status == 200
            found.append((told.status, told.headers["Retry-After"]))

    with running(models, Limits(threads=1, queue=1, seconds=20.0)) as address:
        clients = [threading.Thread(target=ask, args=(address,)) for _ in range(6)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
    assert len(found) == 6
    assert {(200, None), (503, "1")} == set(found)


def test_what_takes_too_long_is_given_up(models: Models):
    text = json.dumps({"inputs": [{"name": "text", "shape": [60], "datatype": "BYTES", "data": ["Otwórz okno. " * 300] * 60}]})
    with running(models, Limits(seconds=0.2)) as address, closing(http.client.HTTPConnection(address, timeout=30)) as connection:
        connection.request("POST", "/v2/models/seq2seq.help-pl-en.int8/infer", text)
        told = connection.getresponse()
        assert (told.status, "could not answer in time" in json.loads(told.read())["error"]) == (503, True)


def test_more_connections_than_are_taken_on(models: Models):
    with running(models, Limits(connections=2)) as address, connected(address), connected(address), connected(address) as third:
        status, told, _ = answer(third, b"")
        assert (status, told["error"]) == (503, "2 connections are open, as many as this server takes on at once.")


def test_a_connection_stays_open_between_requests(address):
    with closing(http.client.HTTPConnection(address, timeout=30)) as connection:
        for _ in range(3):
            connection.request("GET", "/v2/health/live")
            assert json.loads(connection.getresponse().read()) == {"live": True}


def test_there_must_be_something_to_serve(tmp_path):
    with pytest.raises(UsageError, match="no artifact to serve"):
        load({})
    with pytest.raises(IntegrityError, match="incomplete"):
        load({"x": tmp_path})


def test_an_address_that_is_taken_is_said():
    with listen("127.0.0.1", 0) as bound, pytest.raises(UsageError, match="Cannot listen on port"):
        listen("127.0.0.1", bound.getsockname()[1])


def test_a_request_that_is_sent_while_the_server_stops_is_answered_and_told_that_it_is_the_last(models: Models):
    body = json.dumps({"inputs": [{"name": "inputs", "shape": [1, 2], "datatype": "BOOL", "data": [True, False]}]}).encode()
    raw = f"POST /v2/models/boolean.xor/infer HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    stopped = threading.Event()

    def send_the_rest(connection: socket.socket) -> None:
        stopped.wait(20)
        threading.Event().wait(2 * GRACE)
        connection.sendall(raw[-20:])

    with ExitStack() as stack:
        with running(models, Limits(seconds=10)) as address:
            connection = stack.enter_context(connected(address))
            connection.sendall(raw[:-20])
            assert answer(stack.enter_context(connected(address)), b"GET /v2 HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200  # it was read
            sender = threading.Thread(target=send_the_rest, args=(connection,))
            sender.start()
            stopped.set()
        status, told, headers = answer(connection, b"")
        sender.join()
    assert (status, told["outputs"][0]["data"], headers.get("connection")) == (200, [True], "close")


def test_a_question_for_the_index_is_short_and_nothing_is_made_of_what_it_holds_else(address):
    for body, status in ((b'{"else": [[], {}], "ready": true}', 200), (b'{"else": [' + b"[]," * 2**16 + b"[]]}", 413)):
        with closing(http.client.HTTPConnection(address, timeout=30)) as connection:
            connection.request("POST", "/v2/repository/index", body)
            assert connection.getresponse().status == status


def test_parameters_that_nobody_reads_take_no_memory(models: Models):
    inner = models.ready["boolean.xor"]
    body = b'{"inputs": [], "parameters": {"hint": [' + b"[]," * 2**21 + b"[]]}}"
    tracemalloc.start()
    try:
        assert parse(memoryview(body), None, inner.inputs, inner.outputs, Limits()).arrays == {}
        assert tracemalloc.get_traced_memory()[1] < 2 * len(body)  # a copy; the lists alone would be 16 times as much
    finally:
        tracemalloc.stop()
