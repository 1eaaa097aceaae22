"""Where things lie. No folder is made by asking for it."""

from __future__ import annotations

import os
from pathlib import Path

HOME = "ZOO_HOME"
MIRROR = "ZOO_MIRROR"
OFFLINE = "ZOO_OFFLINE"


def home() -> Path:
    """The cache: `$ZOO_HOME`, else `$XDG_CACHE_HOME/zoo`, else `~/.cache/zoo`."""
    if own := os.environ.get(HOME):
        return Path(own).expanduser()
    if cache := os.environ.get("XDG_CACHE_HOME"):
        return Path(cache) / "zoo"
    return Path.home() / ".cache" / "zoo"


def mirror() -> Path | None:
    """`$ZOO_MIRROR`: a folder of data sets that is tried before the network."""
    value = os.environ.get(MIRROR)
    return Path(value).expanduser() if value else None


def offline() -> bool:
    """Whether `$ZOO_OFFLINE` forbids the network."""
    return os.environ.get(OFFLINE, "") not in ("", "0")


def data_home() -> Path:
    """Where fetched data sets are kept."""
    return home() / "data"


def artifact_folders(first: Path | None = None) -> list[Path]:
    """Where artifacts are looked for, in order: the folder given, `./exported`, `$ZOO_HOME/exported`."""
    return [*([first] if first else []), Path("exported"), home() / "exported"]
