"""Artifacts that an export leaves beside it, though they are of another run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zoo.runtime.manifest import PRECISIONS

if TYPE_CHECKING:
    from zoo.progress import Progress


def weights_of(folder: Path) -> str | None:
    """Hash of the trained weights that an artifact was made of; `None` where there is none, or its weights were given."""
    try:
        found: str = json.loads((folder / "zoo.json").read_text(encoding="utf-8"))["run"]["weights_sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found


def tell_of_older(folder: Path, manifest: Mapping[str, Any], progress: Progress) -> None:
    """Name the artifacts of the same network in other precisions that are not of the same weights, and what renews each.

    Args:
        folder: of the artifact that was just written.
        manifest: of it.
        progress: who is told.
    """
    plain = folder.name.removesuffix(f".{manifest['precision']}")
    trained = plain.removesuffix(f".{manifest['variant']}")
    weights = weights_of(folder)
    for precision in PRECISIONS:
        beside = folder.with_name(plain if precision == "fp32" else f"{plain}.{precision}")
        found = weights_of(beside)
        if None not in (weights, found) and found != weights:
            command = f"zoo export {trained}"
            command += f" --variant {manifest['variant']}" if trained != plain else ""
            command += f" --precision {precision}" if precision != "fp32" else ""
            progress.note(f"warning: {beside} is of another run; {command} renews it")
