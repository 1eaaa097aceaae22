"""Where plugins are found: entry points of installed distributions, and a folder of packages and modules."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, NamedTuple

from zoo.errors import PluginError, UnknownName, UsageError

GROUP = "zoo"
DISTRIBUTION = "onnx-zoo"
ALLOW = "ZOO_PLUGINS"
"""Environment variable: comma-separated names of plugins; only these are loaded. Empty string: none."""
FOLDER = "ZOO_PLUGINS_DIR"
"""Environment variable: a folder whose packages and modules are plugins where they implement a hook. `zoo --plugins-dir` sets it,
for the processes, too, that a command starts."""
HOOKS = ("hookimpl", "zoo_models", "zoo_datasets", "zoo_commands", "zoo_studies")
"""What the source of a plugin names. Other files of a folder are never imported: they may do anything."""


class Found(NamedTuple):
    """A plugin that can be loaded.

    Its distribution's name and version are parsed once for all its plugins: that takes longer than most imports.

    Args:
        entry: its name and its module.
        distribution: that ships it.
        version: of that.
        folder: that it lies in, where no distribution ships it.
        problem: why there is nothing to load; empty where there is.
    """

    entry: EntryPoint
    distribution: str
    version: str
    folder: Path | None = None
    problem: str = ""

    @property
    def own(self) -> bool:
        return self.distribution == DISTRIBUTION

    @property
    def owner(self) -> str:
        """Distribution and version, or the folder."""
        return f"folder {self.folder}" if self.folder else f"{self.distribution} {self.version}".strip()

    def load(self) -> Any:
        """The module.

        Raises:
            PluginError: there is none, or a module of the same name elsewhere hides that in the folder.
            BaseException: whatever the import does.
        """
        if self.problem:
            raise PluginError(self.problem)
        module = self.entry.load()
        if self.folder and not self.is_loaded():
            file = getattr(module, "__file__", None)
            raise PluginError(
                f"{self.entry.value} is imported from {file}, not from here; where it is another plugin, give it another name"
            )
        return module

    def is_loaded(self) -> bool:
        """Whether the module has been imported from this folder."""
        file = getattr(sys.modules.get(self.entry.value), "__file__", None)
        # As it is named, and as it is where a link leads out of the folder.
        return bool(self.folder and file and any(path.is_relative_to(self.folder) for path in (Path(file), Path(file).resolve())))


def find(*, third_party: bool = True) -> Iterator[Found]:
    """The plugins to load, zoo's own first, the folder's last: of two that have the same name or id, the later one is left out.

    Args:
        third_party: also those of other distributions and of the folder.

    Raises:
        UsageError: `$ZOO_PLUGINS_DIR` is no folder.
    """
    allowed = os.environ.get(ALLOW)
    names = None if allowed is None else [name.strip() for name in allowed.split(",")]
    there = [*_installed(), *_in_folder()] if third_party else [one for one in _installed() if one.own]
    for one in there:
        if names is None or one.entry.name in names:
            yield one
    if names and third_party:  # without others' plugins, their names are no mistakes
        known = {one.entry.name for one in there}
        for name in dict.fromkeys(filter(None, names)):
            if name not in known:
                problem = str(UnknownName("plugin", name, known))
                yield Found(EntryPoint(name, "", GROUP), f"${ALLOW}", "", problem=problem)


def folder() -> Path | None:
    """The folder of plugins.

    Raises:
        UsageError: it is none.
    """
    value = os.environ.get(FOLDER)
    if not value:
        return None
    path = Path(value).resolve()
    if not path.is_dir():
        raise UsageError(f"The folder of plugins {value} {'is a file' if path.exists() else 'does not exist'}.")
    return path


def _installed() -> list[Found]:
    known: dict[int, tuple[str, str]] = {}
    found = []
    for entry in entry_points(group=GROUP):
        if entry.dist is None:
            found.append(Found(entry, "unknown distribution", ""))
            continue
        key = id(entry.dist)
        if key not in known:
            metadata = entry.dist.metadata
            known[key] = metadata["Name"], metadata["Version"]
        found.append(Found(entry, *known[key]))
    return sorted(found, key=lambda one: not one.own)


def _in_folder() -> Iterator[Found]:
    """The folder's packages and modules whose source mentions a hook; their names are those of the modules, without `zoo_`.

    Where there are none, one that cannot be loaded.
    """
    place = folder()
    if place is None:
        return
    modules = [_module(path) for path in sorted(place.iterdir()) if _implements_hooks(path)]
    for module in modules:
        yield Found(EntryPoint(module.removeprefix("zoo_") or module, module, GROUP), "", "", place)
    if not modules:
        itself = (place / "__init__.py").exists()
        why = "it is a package itself: the folder that holds it is wanted" if itself else "nothing in it implements a hook"
        yield Found(EntryPoint(place.name, "", GROUP), "", "", place, why)


def _module(path: Path) -> str:
    """What a file or a folder is imported as."""
    return path.name if path.is_dir() else path.stem


def _implements_hooks(path: Path) -> bool:
    """Whether a module, or a package, looks like a plugin."""
    source, module = path / "__init__.py" if path.is_dir() else path, _module(path)
    named = module.isidentifier() and not module.startswith("_") and source.suffix == ".py"
    return named and source.is_file() and _names_hook(source.read_bytes())


def _names_hook(source: bytes) -> bool:
    """Whether a hook is named in code: what stands in a comment or a text is none."""
    if not any(name.encode() in source for name in HOOKS):  # quick, of the many that are no plugins
        return False
    import io
    import tokenize

    try:
        return any(
            token.type == tokenize.NAME and token.string in HOOKS for token in tokenize.tokenize(io.BytesIO(source).readline)
        )
    except (tokenize.TokenError, SyntaxError, UnicodeDecodeError):  # its import will say what is wrong
        return True
