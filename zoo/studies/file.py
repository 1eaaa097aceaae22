"""A person's own study, as TOML."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from zoo.errors import UnknownName, UsageError, near_matches
from zoo.spec import Spec
from zoo.study import Axis, Range, StudySpec

LIMIT = 1 << 20
"""Bytes that such a file may have."""


def read_study(path: Path, batches: Iterable[str] = ()) -> StudySpec:
    """The study that a file describes; without a `name` it bears the file's.

    Args:
        path: of a TOML file.
        batches: the batch functions that studies of plugins declare; it may name one of these.

    Raises:
        UsageError: it cannot be read, or is no study; `UnknownName` for a key that a study does not have, with near matches.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(LIMIT + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.", hint="zoo sweep list") from error
    if len(content) > LIMIT:
        raise UsageError(f"{path} has more than {LIMIT:,} bytes: that is no study.")
    try:
        return parse_study(content.decode(), re.sub("[^a-z0-9]+", "-", path.stem.lower()).strip("-") or "study", batches)
    except UnknownName:
        raise
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is no TOML: it is not UTF-8.") from error


def parse_study(text: str, name: str, batches: Iterable[str] = ()) -> StudySpec:
    """The study that TOML describes.

    Args:
        text: TOML.
        name: where it gives none.
        batches: see `read_study`.

    Raises:
        UsageError: it is no TOML, or no study.
    """
    try:
        plain = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"this is no TOML: {error}.") from error
    plain.setdefault("name", name)
    _known("", plain, StudySpec)
    parts: tuple[tuple[str, type[Spec] | None], ...] = (("grid", Axis), ("space", Range), ("fixed", None))
    for key, part in parts:
        if isinstance(plain.get(key), dict):
            plain[key] = _flat(plain[key], part)
            for path, value in plain[key].items():
                if part and isinstance(value, dict):
                    _known(f"{key}.{path}.", value, part)
    cases = plain.get("cases")
    if isinstance(cases, dict):
        plain["cases"] = {label: _flat(case, None) if isinstance(case, dict) else case for label, case in cases.items()}
    try:
        spec = msgspec.convert(plain, StudySpec)
    except msgspec.ValidationError as error:
        raise UsageError(f"this is no study: {error}.") from error
    if spec.batch is not None and spec.batch not in (known := list(batches)):
        raise UnknownName("batch function of an installed study", spec.batch, known)
    return spec


def _known(before: str, table: Mapping[str, Any], kind: type[Spec]) -> None:
    """Raise `UnknownName` for a key that is no field of `kind`."""
    for key in table:
        if key not in kind.__struct_fields__:
            raise UnknownName("key of a study", before + key, [before + field for field in kind.__struct_fields__])


def _flat(table: Mapping[str, Any], part: type[Spec] | None) -> dict[str, Any]:
    """Path → value: TOML makes tables within tables of a path that stands without quotes.

    Args:
        table: paths, with quotes or without.
        part: what a table at a path's end may be; `None` where it is a value.

    Raises:
        UsageError: a path is given twice.
    """
    found: dict[str, Any] = {}
    for key, value in table.items():
        quoted = "." in key or not isinstance(value, dict)
        for path, inner in [(key, value)] if quoted else _paths(key, value, part):
            if path in found:
                raise UsageError(f"this is no study: {path} is set twice, with quotes and without.")
            found[path] = inner
    return found


def _paths(path: str, value: Any, part: type[Spec] | None) -> Iterator[tuple[str, Any]]:
    """The paths that begin with `path`, and their values."""
    if not isinstance(value, dict) or (part and _ends(path, value, part)):
        yield path, value
        return
    for key, inner in value.items():
        yield from _paths(f"{path}.{key}", inner, part)


def _ends(path: str, table: Mapping[str, Any], part: type[Spec]) -> bool:
    """Whether a table is an `Axis` or a `Range`, perhaps one with a slip in it, and no further piece of the path."""
    fields = part.__struct_fields__
    if path.partition(".")[0] == "config":  # `layers` of a network is no slip of `labels`
        return path != "config" and any(key in fields for key in table)
    return not table or any(key in fields or near_matches(key, fields) for key in table)
