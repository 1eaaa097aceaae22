"""`python -m zoo.runtime`: answers, JSON, exit codes and one sentence for each mistake."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.artifacts import bar, write_artifact
from tests.commands import Result
from tests.pictures import png
from tests.runtime.graphs import numbers_artifact
from zoo.runtime.__main__ import main

EXPORTED = Path(__file__).parents[2] / "exported"


@pytest.fixture
def ask(tmp_path, monkeypatch, capsys):
    """`ask("cnn.fast", "x.npy")`, called where there is `exported/cnn.fast`, a picture and an array."""
    monkeypatch.chdir(tmp_path)
    write_artifact(tmp_path / "exported")
    numbers_artifact(tmp_path / "exported")
    np.save("x.npy", np.stack([bar(14), bar(25)]))
    Path("stroke.png").write_bytes(png())

    def call(*arguments: str, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "argv", ["zoo.runtime", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        told = capsys.readouterr()
        return Result(int(stop.value.code or 0), told.out, told.err)

    return call


def test_answers_a_line_each(ask):
    found = ask("cnn.fast", "x.npy", "stroke.png")
    assert found.code == 0
    lines = [line.split("\t") for line in found.out.splitlines()]
    assert [line[0] for line in lines] == ["x.npy[0]", "x.npy[1]", "stroke.png"]
    assert [line[1] for line in lines[:2]] == ["label: 5", "label: 8"]
    assert lines[0][2].startswith("probabilities: 5 ")
    assert "stroke.png: inverted" in found.err


def test_json_has_every_number(ask):
    told = json.loads(ask("cnn.fast", "x.npy", "--json").out)
    assert (told["model"], told["certified"], told["provider"]) == ("cnn.fast", True, "cpu")
    assert [answer["label"] for answer in told["answers"]] == ["5", "8"]
    assert all(len(answer["probabilities"]) == 10 for answer in told["answers"])


def test_without_an_input_it_describes(ask):
    assert ask("cnn.fast").out.startswith("cnn.fast: A classifier for tests.\n")


def test_negative_numbers_are_no_options(ask):
    assert "code: -10.2, 7, 2" in ask("numbers.twice", "-5.1,3.5,1").out
    assert json.loads(ask("numbers.twice", "-1,-2,-3", "--json").out)["answers"][0]["input"] == "-1,-2,-3"


def test_stdin(ask):
    assert ask("cnn.fast", "-", stdin=Path("x.npy").read_bytes()).out.startswith("stdin[0]\tlabel: 5")
    found = ask(str(EXPORTED / "word2vec.skipgram.int8"), "-", stdin=b"war\npeace\n")
    assert [line.split("\t")[0] for line in found.out.splitlines()] == ["war", "peace"]
    assert "neighbours: wars, " in found.out


def test_lines_end_with_a_line_feed_alone(ask):
    words = str(EXPORTED / "word2vec.skipgram.int8")
    found = ask(words, "-", "--json", stdin="\ufeffwar\r\n\npeace\x0cking\u2028queen".encode())
    assert [answer["input"] for answer in json.loads(found.out)["answers"]] == ["war", "", "peace\x0cking\u2028queen"]


def test_a_bare_file_is_called_uncertified(ask):
    found = ask("exported/numbers.twice/model.onnx", "1,2,3")
    assert "not certified" not in found.err  # its folder has the certificate
    Path("exported/numbers.twice/model.onnx").rename("bare.onnx")
    found = ask("bare.onnx", "1,2,3")
    assert (found.code, found.err) == (0, "numbers.twice from bare.onnx is not certified\n")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are text")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_name_that_is_no_text_is_shown_all_the_same(ask, options):
    name = os.fsdecode(b"bad\xff.png")
    Path("stroke.png").rename(name)
    found = ask("cnn.fast", name, *options)
    assert found.code == 0
    assert "udcff.png" in found.out.encode("utf-8", "strict").decode()


def test_what_stdout_cannot_hold_is_no_traceback(ask, monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    found = ask(str(EXPORTED / "word2vec.skipgram.int8"), "żółw")
    assert (found.code, found.err.count("\n")) == (1, 1)
    assert "'ascii' codec" in found.err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "the following arguments are required: MODEL"),
        (("cnn.fast", "--topp", "3"), 2, "unrecognized arguments: --topp"),
        (("cnn.fats",), 2, "did you mean cnn.fast?"),
        (("cnn.fast", "x.npy", "--provider", "cdua"), 2, "did you mean cuda?"),
        (("cnn.fast", "x.npy", "--memory", "lots"), 2, "should be a number of bytes"),
        (("cnn.fast", "-", "-"), 2, "once only"),
        (("cnn.fast", "none.png"), 1, "There is no file none.png"),
        (("cnn.fast", "exported"), 1, "holds no pictures"),
        (("cnn.fast", "-"), 1, "stdin is empty"),
    ],
)
def test_mistakes(ask, arguments, code, said):
    found = ask(*arguments)
    assert (found.code, found.out) == (code, "")
    assert said in found.err
    assert found.err.count("\n") == 1 or "usage:" in found.err


@pytest.mark.parametrize("name", ["model.onnx", "certificate.json"])
def test_a_changed_file_is_4(ask, name):
    with (Path("exported/cnn.fast") / name).open("ab") as stream:
        stream.write(b" ")
    found = ask("cnn.fast", "x.npy")
    assert (found.code, found.out) == (4, "")
    assert f"{name} was changed or damaged" in found.err
