"""A person's own study, as TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from zoo.errors import UnknownName, UsageError
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
        return parse_study(content.decode(), path.stem.lower().replace("_", "-"), batches)
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
    parts: tuple[tuple[str, type[Spec]], ...] = (("grid", Axis), ("space", Range))
    for key, part in parts:
        for path, value in _table(plain, key).items():
            if isinstance(value, dict):
                _known(f"{key}.{path}.", value, part)
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


def _table(plain: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = plain.get(key, {})
    return value if isinstance(value, dict) else {}
