"""Entry points → plugin manager. A plugin that fails is kept as a failure, never raised."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import pluggy

import zoo.hookspecs
from zoo.errors import PluginError

GROUP = "zoo"
DISTRIBUTION = "onnx-zoo"
ALLOW = "ZOO_PLUGINS"
"""Environment variable: comma-separated names of entry points; only these are loaded. Empty string: none."""


@dataclass(frozen=True)
class LoadedPlugin:
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


@dataclass
class Plugins:
    """What was loaded, and what was not."""

    manager: pluggy.PluginManager
    loaded: list[LoadedPlugin] = field(default_factory=list)

    @property
    def failures(self) -> list[LoadedPlugin]:
        return [plugin for plugin in self.loaded if plugin.failure]


def _owner(entry: EntryPoint) -> str:
    return f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown distribution"


def _is_own(entry: EntryPoint) -> bool:
    return entry.dist is not None and entry.dist.name == DISTRIBUTION


def _wanted(*, third_party: bool) -> Iterator[EntryPoint]:
    """The entry points to load: `$ZOO_PLUGINS` by name where it is set, without strangers where they are switched off."""
    allowed = os.environ.get(ALLOW)
    names = None if allowed is None else {name.strip() for name in allowed.split(",")}
    # zoo's own come first: where a stranger declares the same id, the stranger is the one left out.
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: not _is_own(entry)):
        if names is not None and entry.name not in names:
            continue
        if not third_party and not _is_own(entry):
            continue
        yield entry


def load_plugins(*, third_party: bool = True) -> Plugins:
    """Load every entry point of group `zoo`, each guarded against whatever its import may do.

    Args:
        third_party: also those that other distributions ship.
    """
    plugins = Plugins(pluggy.PluginManager("zoo"))
    plugins.manager.add_hookspecs(zoo.hookspecs)
    for entry in _wanted(third_party=third_party):
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
        plugins.loaded.append(LoadedPlugin(entry.name, entry.value, _owner(entry), seconds, failure))
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
