"""The short form of `python -m tools.hardness.serve`: a real process, abused, loaded beyond its queue, and stopped meanwhile."""

from __future__ import annotations

import json
import signal
import time

from tests.serve.conftest import EXPORTED
from tools.hardness.requests import request
from tools.hardness.serve import abuse
from tools.hardness.served import Serving, serving

TRANSLATOR = "seq2seq.help-pl-en.int8"


def test_a_server_bears_it_and_drops_nothing_when_it_is_stopped():
    report = abuse(EXPORTED, requests=200, minutes=0.03, seed=1, slow_clients=32)
    assert report.wrong == []
    assert report.counts["load", "200"] > 0
    assert report.counts["load", "503"] > 0  # it was beyond what is taken on
    assert report.counts["slow client", "cut off"] == 32 + 8


def listens(server: Serving) -> bool:
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_second_signal_ends_it_whatever_is_under_way():
    texts = {"name": "text", "shape": [2000], "datatype": "BYTES", "data": ["Otwórz okno. " * 300] * 2000}  # half a minute's work
    with serving(EXPORTED / TRANSLATOR, 20) as server, server.connect() as connection:
        connection.sendall(request("POST", f"/v2/models/{TRANSLATOR}/infer", json.dumps({"inputs": [texts]}).encode(), []))
        time.sleep(0.5)  # it is being computed
        server.process.send_signal(signal.SIGTERM)
        while listens(server):  # then the signal has come
            time.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(10) == -signal.SIGTERM
        server.reader.join()
    assert not [line for line in server.log if "Traceback" in line]
