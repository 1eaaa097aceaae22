"""The short form of `python -m tools.hardness.serve`: a real process, abused, loaded beyond its queue, and stopped meanwhile."""

from __future__ import annotations

from tests.serve.conftest import EXPORTED
from tools.hardness.serve import abuse


def test_a_server_bears_it_and_drops_nothing_when_it_is_stopped():
    report = abuse(EXPORTED, requests=200, minutes=0.03, seed=1, slow_clients=32)
    assert report.wrong == []
    assert report.counts["load", "200"] > 0
    assert report.counts["load", "503"] > 0  # it was beyond what is taken on
    assert report.counts["slow client", "cut off"] == 32 + 8
