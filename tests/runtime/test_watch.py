"""Calls that may not take for ever are given up, and no others."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

import zoo.runtime
from tests.runtime.graphs import numbers_artifact
from zoo.errors import ZooError
from zoo.runtime.watch import Watch, watch

EXPORTED = Path(__file__).parents[2] / "exported"


def is_given_up(watch: Watch, options: onnxruntime.RunOptions, seconds: float) -> bool:
    """Whether a call of that many seconds, which lasts until it is given up or 20 seconds are over, is given up."""
    end = time.monotonic() + 20
    with watch.limit(options, seconds):
        while time.monotonic() < end and not options.terminate:
            time.sleep(0.005)
    return options.terminate


def test_the_shorter_of_two_calls_is_given_up_alone():
    several, long, short = Watch(), onnxruntime.RunOptions(), onnxruntime.RunOptions()
    with several.limit(long, 3600):
        time.sleep(0.05)  # the thread sleeps for the long one
        assert is_given_up(several, short, 0.01)
    assert not long.terminate


def test_options_are_left_alone_once_the_call_has_ended():
    several = Watch()
    options = [onnxruntime.RunOptions() for _ in range(200)]

    def call(some: list[onnxruntime.RunOptions]) -> None:
        for one in some:
            with several.limit(one, 0.05):
                pass

    threads = [threading.Thread(target=call, args=(options[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert is_given_up(several, onnxruntime.RunOptions(), 0.1)  # so the thread has been there meanwhile
    assert not any(one.terminate for one in options)
    assert is_given_up(several, options[0], 0.01)  # the same may be used again


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere forking is not to be relied on")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_gives_up_calls_of_its_own():
    assert is_given_up(watch(), onnxruntime.RunOptions(), 0.01)
    child = os.fork()
    if child == 0:
        code = 2
        try:
            with watch().limit(onnxruntime.RunOptions(), 3600):
                time.sleep(0.05)
                code = 0 if is_given_up(watch(), onnxruntime.RunOptions(), 0.01) else 1
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_the_time_is_that_of_all_batches(tmp_path):
    model = zoo.runtime.open(numbers_artifact(tmp_path))
    values = {"values": np.zeros((300_000, 3), np.float32)}
    with pytest.raises(ZooError, match="could not answer: it took longer than it may"):
        model.answer(values, batch=1, seconds=0.1)  # each takes some microseconds, all of them seconds
    assert len(model.answer(values, batch=50_000, seconds=60)["code"]) == 300_000


def test_the_time_is_that_of_all_texts():
    model = zoo.runtime.open(EXPORTED / "word2vec.skipgram.int8")
    with pytest.raises(ZooError, match="could not answer: it took longer than it may"):
        model.predict(["king"] * 20_000, batch=1, seconds=0.2)
