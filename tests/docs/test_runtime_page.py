"""The page on deploying is followed to the letter, beside the committed artifacts."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.docs.walk import follow

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform != "linux", reason="the page reads a process's peak memory where Linux has it")
def test_the_page_does_what_it_says(tmp_path):
    (tmp_path / "exported").symlink_to(ROOT / "exported")
    failed, tried = follow(ROOT / "docs" / "runtime.md", tmp_path)
    assert failed == 0
    assert tried > 12
