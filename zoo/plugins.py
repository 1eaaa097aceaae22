"""Entry points → plugin manager. A plugin that fails is kept as a failure, never raised."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import time
from collections.abc import Iterator
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, NamedTuple

import pluggy

import zoo.hookspecs
from zoo.errors import PluginError
from zoo.spec import Spec

GROUP = "zoo"
DISTRIBUTION = "onnx-zoo"
ALLOW = "ZOO_PLUGINS"
"""Environment variable: comma-separated names of entry points; only these are loaded. Empty string: none."""


class LoadedPlugin(Spec):
    """One entry point that was tried.

    Args:
        name: of the entry point.
        module: what it names.
        distribution: that ships it, with its version.
        seconds: its import took.
        failure: one line that says why it could not be loaded; `None` where it was.
    """

    name: str
    module: str
    distribution: str
    seconds: float
    failure: str | None = None


class Plugins:
    """What was loaded, and what was not."""

    def __init__(self, manager: pluggy.PluginManager) -> None:
        self.manager = manager
        self.loaded: list[LoadedPlugin] = []

    @property
    def failures(self) -> list[LoadedPlugin]:
        return [plugin for plugin in self.loaded if plugin.failure]


class _Found(NamedTuple):
    """An entry point with the name and version of its distribution, which are parsed once: that takes longer than most imports."""

    entry: EntryPoint
    distribution: str
    version: str

    @property
    def own(self) -> bool:
        return self.distribution == DISTRIBUTION


def _found() -> Iterator[_Found]:
    """All entry points of the group, zoo's own first: where a stranger declares the same id, the stranger is the one left out."""
    known: dict[int, tuple[str, str]] = {}
    found = []
    for entry in entry_points(group=GROUP):
        if entry.dist is None:
            found.append(_Found(entry, "unknown distribution", ""))
            continue
        key = id(entry.dist)
        if key not in known:
            metadata = entry.dist.metadata
            known[key] = metadata["Name"], metadata["Version"]
        found.append(_Found(entry, *known[key]))
    yield from sorted(found, key=lambda one: not one.own)


def _wanted(*, third_party: bool) -> Iterator[_Found]:
    """The entry points to load: `$ZOO_PLUGINS` by name where it is set, without strangers where they are switched off."""
    allowed = os.environ.get(ALLOW)
    names = None if allowed is None else {name.strip() for name in allowed.split(",")}
    for one in _found():
        if (names is None or one.entry.name in names) and (third_party or one.own):
            yield one


def load_plugins(*, third_party: bool = True) -> Plugins:
    """Load every entry point of group `zoo`, each guarded against whatever its import may do.

    Args:
        third_party: also those that other distributions ship.
    """
    plugins = Plugins(pluggy.PluginManager("zoo"))
    plugins.manager.add_hookspecs(zoo.hookspecs)
    for one in _wanted(third_party=third_party):
        entry = one.entry
        start = time.perf_counter()
        failure = None
        try:
            # A plugin that prints while it is imported must not spoil what a command writes to stdout.
            with contextlib.redirect_stdout(sys.stderr):
                module = entry.load()
            plugins.manager.register(module, name=entry.name)
            plugins.manager.check_pending()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit included: no plugin may end the program
            failure = _one_line(error)
            with contextlib.suppress(Exception):
                plugins.manager.unregister(name=entry.name)
        seconds = time.perf_counter() - start
        owner = f"{one.distribution} {one.version}".strip()
        plugins.loaded.append(
            LoadedPlugin(name=entry.name, module=entry.value, distribution=owner, seconds=seconds, failure=failure)
        )
    return plugins


@cache
def plugins(*, third_party: bool = True) -> Plugins:
    """The plugins of this process, loaded once."""
    return load_plugins(third_party=third_party)


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def resolve(reference: str, *, owner: str = "") -> Any:
    """The object that `"module:attribute"` names.

    Raises:
        PluginError: the reference has another form, or leads nowhere.
    """
    module_name, _, attribute = reference.partition(":")
    whose = f" of {owner}" if owner else ""
    if not module_name or not attribute:
        raise PluginError(f"The reference {reference!r}{whose} should have the form 'module:name'.")
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise PluginError(f"The reference {reference!r}{whose} leads nowhere: {_one_line(error)}.") from error
