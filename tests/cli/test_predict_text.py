"""`zoo predict` for models that read text: sentences, files, streams."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.texts import write_text_artifact
from zoo.cli import text as reading
from zoo.runtime.model import open as open_model

NAME = "brackets.plain"


@pytest.fixture
def model(here):
    return write_text_artifact(here / "exported")


def test_sentences_are_answered_in_a_table(zoo_, model):
    found = zoo_("predict", NAME, "Zwei Männer spielen.", "")
    assert found.code == 0
    lines = found.out.splitlines()
    assert lines[0].split() == ["text", "translation", "score"]
    assert lines[1].split("  ")[:2] == ["Zwei Männer spielen.", "<Zwei Männer spielen.>"]
    assert lines[2].split() == ["<>", "0"]
    assert "certified" in found.err
    assert zoo_("predict", NAME, "-q", "a b", "c").out == "<a b>\n<c>\n"
    assert json.loads(zoo_("predict", NAME, "--json", "a b").out)["answers"] == [
        {"text": "a b", "translation": "<a b>", "score": 2.0}
    ]


def test_lines_are_answered_in_their_order(zoo_, model, here):
    content = "drei Wörter hier\r\n\nein sehr langer Satz mit vielen Wörtern\n \tב\nohne Ende"
    expected = ["<drei Wörter hier>", "<>", "<ein sehr langer Satz mit vielen Wörtern>", "< \tב>", "<ohne Ende>"]
    found = zoo_("predict", NAME, "-q", "-", stdin=content.encode())
    assert found.code == 0
    assert [line.replace(" ב", "\tב") for line in found.out.split("\n")] == [*(one.replace(" ב", "\tב") for one in expected), ""]
    assert found.err == ""
    (here / "lines.txt").write_text("\ufeffa\nb", encoding="utf-8")
    found = zoo_("predict", NAME, "--input", "lines.txt")
    assert found.out == "<a>\n<b>\n"
    assert "lines.txt: 2 lines in" in found.err
    found = zoo_("predict", NAME, "--json", "-q", "-", stdin=b"a b\n\n")
    assert [json.loads(line) for line in found.out.splitlines()] == [
        {"text": "a b", "translation": "<a b>", "score": 2.0},
        {"text": "", "translation": "<>", "score": 0.0},
    ]
    assert zoo_("predict", NAME, "-q", "-").out == ""


def test_what_is_no_utf8_is_answered_and_told(zoo_, model):
    found = zoo_("predict", NAME, "-", stdin=b"gut\n\xff\xfe\nauch \xef\xbf\xbd gut\n")
    assert found.code == 0
    assert found.out == "<gut>\n<\ufffd\ufffd>\n<auch \ufffd gut>\n"
    assert "1 of them no UTF-8" in found.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a", "-"), "cannot be mixed"),
        (("-", "-"), "cannot be mixed"),
        (("a", "--input", "lines.txt"), "cannot be mixed"),
        ((), "Missing argument"),
        (("--input", "nothing.txt"), "nothing.txt"),
        (("a", "--prepared", "x.png"), "takes text and no pictures"),
        (("a", "--output", "x.png"), "makes neither pictures nor codes"),
    ],
)
def test_mistakes(arguments, said, zoo_, model, here):
    (here / "lines.txt").write_text("a")
    found = zoo_("predict", NAME, *arguments)
    assert found.code == 2
    assert said in found.err
    assert found.out == ""


def test_a_model_of_pictures_reads_no_lines(zoo_, model, here):
    (here / "lines.txt").write_text("a")
    found = zoo_("predict", "cnn.fast", "--input", "lines.txt")
    assert (found.code, found.out) == (2, "")
    assert "cnn.fast reads no text" in found.err


def test_a_file_given_as_a_sentence_is_said(zoo_, model, here):
    (here / "lines.txt").write_text("a")
    found = zoo_("predict", NAME, "lines.txt")
    assert "<lines.txt>" in found.out
    assert "--input lines.txt reads the file" in found.err


def test_a_line_without_end_is_refused(zoo_, model):
    found = zoo_("predict", NAME, "-q", "-", stdin=b"a\n" + b"x" * (reading.LONGEST + 1))
    assert found.code == 1
    assert found.out in ("", "<a>\n")
    assert "line of more than 1,048,576 bytes near line 2" in found.err


@given(st.lists(st.binary(max_size=30).filter(lambda line: b"\n" not in line)), st.integers(1, 7))
@settings(max_examples=100)
def test_blocks_are_the_lines_whatever_the_reads(lines, size):
    class Slow(io.RawIOBase):
        def __init__(self):
            self.inner = io.BytesIO(b"\n".join(lines))

        def read(self, _=-1):
            return self.inner.read(size)

    found = [line for block in reading._blocks(Slow(), "x") for line in block]
    expected = lines[:-1] if lines and not lines[-1] else lines
    if expected:
        expected = [expected[0].removeprefix(reading.MARK), *expected[1:]]
        if len(lines) == 1 and not expected[0] and lines[0]:
            expected = [b""]
    assert found == [line.removesuffix(b"\r") for line in expected]


def test_memory_does_not_grow_with_the_file(model, here, monkeypatch):
    opened = open_model(model)
    printed = []
    monkeypatch.setattr(reading.click, "echo", lambda text: printed.append(text.count("\n") + 1))

    def peak(lines):
        (here / "lines.txt").write_text("ein Satz von fünf Wörtern\n" * lines, encoding="utf-8")
        printed.clear()
        tracemalloc.start()
        try:
            reading.answer(opened, (), here / "lines.txt", as_json=True, quiet=True)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
            assert sum(printed) == lines

    peak(100)  # what is loaded once
    assert peak(30_000) < 1.2 * peak(6_000)


def heed_interrupts() -> None:
    """Tests that run in the background of a shell have Ctrl-C ignored, and would hand that on."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def start(model, *more, **options):
    command = [sys.executable, "-m", "zoo", "predict", str(model), "-q", "-", *more]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, preexec_fn=heed_interrupts, **pipes, **options)  # noqa: PLW1509 - no thread of ours


def test_whoever_types_is_answered_and_may_interrupt(model):
    with start(model) as process:
        process.stdin.write(b"erste Zeile\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"<erste Zeile>\n"
        process.stdin.write(b"zweite\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"<zweite>\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        assert process.stderr.read().strip() == b"interrupted"


def test_a_closed_pipe_ends_it_quietly(model):
    with start(model) as process:
        os.set_blocking(process.stdin.fileno(), False)
        process.stdin.write(b"eine Zeile\n" * 100)
        process.stdin.flush()
        assert process.stdout.readline() == b"<eine Zeile>\n"
        process.stdout.close()
        end = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < end:
            try:
                os.write(process.stdin.fileno(), b"noch eine Zeile\n" * 100)
            except (BrokenPipeError, BlockingIOError):
                time.sleep(0.05)
        assert process.returncode not in (None, 0)
        assert process.stderr.read() == b""
        os.set_blocking(process.stdin.fileno(), True)


def test_a_long_sentence_in_many_bytes_is_no_name_of_a_file(zoo_, model):
    result = zoo_("predict", str(model), "я" * 200)
    assert result.code == 0, result.err
    assert "я" * 200 in result.out
