"""The tutorial is followed to the letter: its files, its commands, the answers it shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.walk import Walk, follow

TUTORIAL = Path(__file__).parents[2] / "docs" / "tutorial.md"


def test_the_tutorial_does_what_it_says(tmp_path):
    failed, tried = follow(TUTORIAL, tmp_path)
    assert failed == 0
    assert tried > 10
    assert (tmp_path / "exported" / "mycamera.small" / "model.onnx").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        "```console\n$ echo four\nfive\n```\n",
        "```console\n$ python no-such-file.py\n```\n",
        "```python\n# said.py\nprint('four')\n```\n\n```console\n$ python said.py\nfo...ve\n```\n",
    ],
)
def test_a_page_that_says_something_else_is_caught(tmp_path, wrong):
    page = tmp_path / "page.md"
    page.write_text(wrong)
    assert follow(page, tmp_path).failed == 1


def test_no_block_may_be_left_out():
    with pytest.raises(ValueError, match="line 3: a block that nobody follows"):
        Walk().get_examples("One.\n\n```python\nprint(1)\n```\n", "page")
