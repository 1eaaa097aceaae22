"""Reports come back as they were written; whatever else is in a file is told, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmark.reports import LOUD, peer, report, row
from zoo.benchmark.compare import compare
from zoo.benchmark.saved import load, parsed, save
from zoo.errors import IntegrityError, UsageError

REPORT = report(
    [
        row(0.05, against={"bare": peer(0.048, 0.96, verdict="slower")}),
        row(0.3, batch=8, noise=LOUD, against={"bare": peer(0.29, 0.97, verdict="too noisy to conclude")}),
        row(0.1, threads=None, level="basic", memory=False),
    ]
)
PLAIN = json.loads(msgspec.json.encode(REPORT))


def test_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.json"
    save(REPORT, path)
    assert load(path) == REPORT
    assert json.loads(path.read_text())["format"] == 2


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is no readable JSON"),
        (b"\xff", "is no readable JSON"),
        (b"[" * 100_000, "is no readable JSON"),
        (b"{}", "is no benchmark report"),
        (b"[1]", "is no benchmark report"),
        (b'{"rows": []}', "has no format, as reports before the second had none"),
        (b'{"format": 3}', "has format 3; this zoo reads format 2"),
        (b'{"format": 2}', "is a damaged benchmark report: Object missing required field"),
    ],
)
def test_files_that_are_none(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match=said):
        load(path)


def test_files_that_are_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.json", tmp_path, Path("a\0b")):
        with pytest.raises(UsageError):
            load(path)


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of nested lists and dicts with one place changed."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = changed(copy[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize(
    ("path", "new", "said"),
    [
        (("rows",), [], "length >= 1"),
        (("rows", 0, "batch"), 0, "rows"),
        (("rows", 0, "latency", "rounds_ms"), [[]], "rounds_ms"),
        (("rows", 0, "latency", "rounds_ms", 0, 0), 0.0, "rounds_ms"),
        (("rows", 0, "latency", "p50", "value"), "fast", "p50"),
        (("rows", 0, "noise", "others"), 1.5, "others"),
        (("rows", 0, "against", "bare", "verdict"), "best", "verdict"),
        (("rows", 1), PLAIN["rows"][0], "a condition twice"),
        (("rows", 0, "latency", "p50", "low"), 9.0, "at batch 1, 1 thread an interval ends before it begins"),
        (("rows", 0, "against", "bare", "ratio", "low"), 9.0, "an interval ends before it begins"),
        (("rows", 0, "latency", "rounds_ms", 0), [0.05], "at batch 1, 1 thread passes differ in their rounds"),
        (("surprise",), 1, "unknown field"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_damage_is_named(path: tuple[Any, ...], new: Any, said: str) -> None:
    plain = {**PLAIN, "surprise": None} if path == ("surprise",) else PLAIN
    with pytest.raises(IntegrityError, match=f"x is a damaged benchmark report: .*{said}"):
        parsed(json.dumps(changed(plain, path, new)).encode(), where="x")


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=4,
)


@given(st.sampled_from(places(PLAIN)[1:]), JSON)
def test_any_place_changed_to_anything(path: tuple[Any, ...], new: Any) -> None:
    """It is refused in one sentence, or is a report that can be compared."""
    try:
        found = parsed(json.dumps(changed(PLAIN, path, new)).encode(), where="x")
    except IntegrityError as error:
        said = str(error)
    else:
        said = "x is a report"
        compare(found, found)
    assert said.startswith("x ")
    assert "\n" not in said


@given(st.binary(max_size=80) | st.text(max_size=80).map(str.encode))
def test_any_bytes(content: bytes) -> None:
    with pytest.raises(IntegrityError):
        parsed(content, where="x")
