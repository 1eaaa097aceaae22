"""Plugins → plugin manager. One that fails is kept as a failure, never raised."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pluggy

import zoo.hookspecs
from zoo.errors import PluginError
from zoo.plugin_sources import DISTRIBUTION, Found, find, folder
from zoo.spec import Spec, replaced

BUDGET = 0.5
"""Seconds that a plugin may take to be loaded, and to answer its hooks, before a person is told: every command waits for it."""
SHOWN = 60
"""Letters of what a plugin printed that are told of."""


class LoadedPlugin(Spec):
    """One plugin that was tried.

    Args:
        name: of its entry point.
        module: what that names.
        distribution: that ships it, with its version, or the folder that it lies in.
        seconds: its import took, and its hooks.
        failure: one line that says why it could not be loaded, or what of it was left out; `None` where it is whole.
        traceback: of the failure, where an exception was one.
        hooks: that it implements.
        torch: whether it imported torch, as the first to do so.
        printed: what it wrote to stdout, which a command's answer must not be mixed with.
    """

    name: str
    module: str
    distribution: str
    seconds: float
    failure: str | None = None
    traceback: str | None = None
    hooks: tuple[str, ...] = ()
    torch: bool = False
    printed: str = ""

    @property
    def warnings(self) -> list[str]:
        """What is wrong with it though it works, a line each."""
        said = []
        if self.torch:
            said.append(
                f"it imports torch to be listed, {self.seconds:.1f} s for every command; torch belongs into the modules that its "
                "specs name"
            )
        elif self.seconds > BUDGET and self.distribution.partition(" ")[0] != DISTRIBUTION:
            said.append(f"it took {self.seconds:.1f} s to load, and every command waits for it; {BUDGET} s is plenty")
        if self.printed:
            more = "…" if len(self.printed) > SHOWN else ""
            said.append(f"it printed {self.printed[:SHOWN]!r}{more} while it was loaded; stdout is a command's own")
        return said


class Plugins:
    """What was loaded, and what was not."""

    def __init__(self, manager: pluggy.PluginManager) -> None:
        self.manager = manager
        self.loaded: list[LoadedPlugin] = []

    @property
    def failures(self) -> list[LoadedPlugin]:
        return [plugin for plugin in self.loaded if plugin.failure]


@dataclass
class Watch:
    """What a piece of a plugin did.

    Args:
        seconds: it took.
        printed: on stdout.
        torch: whether it imported torch.
        error: that ended it.
    """

    seconds: float = 0.0
    printed: str = ""
    torch: bool = False
    error: BaseException | None = None

    @property
    def failure(self) -> str | None:
        """The error in one line."""
        return one_line(self.error) if self.error else None

    def of(self, plugin: LoadedPlugin) -> LoadedPlugin:
        """The plugin with what it did."""
        return replaced(
            plugin,
            seconds=plugin.seconds + self.seconds,
            printed=" ".join(filter(None, [plugin.printed, self.printed])),
            torch=plugin.torch or self.torch,
            traceback=plugin.traceback or (_traceback(self.error) if self.error else None),
        )


@contextlib.contextmanager
def watched() -> Iterator[Watch]:
    """Run a piece of a plugin: no exception leaves it, `SystemExit` included, and nothing it prints reaches stdout."""
    watch, before = Watch(), "torch" in sys.modules
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="replace", write_through=True)
    start = time.perf_counter()
    try:
        with contextlib.redirect_stdout(stdout), _descriptor_to_stderr():
            yield watch
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        watch.error = error
    watch.seconds = time.perf_counter() - start
    watch.torch = not before and "torch" in sys.modules
    with contextlib.suppress(ValueError):  # it closed it
        stdout.seek(0)
        watch.printed = " ".join(stdout.read().split())


@contextlib.contextmanager
def _descriptor_to_stderr() -> Iterator[None]:
    """What is written past Python, by a library in C or by another process, goes to stderr."""
    try:
        kept = os.dup(1)
        os.dup2(2, 1)
    except OSError:  # one of them is closed
        yield
        return
    try:
        yield
    finally:
        if sys.__stdout__ is not None:
            with contextlib.suppress(OSError, ValueError):
                sys.__stdout__.flush()  # a plugin may have written there
        os.dup2(kept, 1)
        os.close(kept)


def load_plugins(*, third_party: bool = True) -> Plugins:
    """Load every plugin, each guarded against whatever its import may do.

    Args:
        third_party: also those that other distributions ship, and those of `$ZOO_PLUGINS_DIR`.

    Raises:
        UsageError: `$ZOO_PLUGINS_DIR` is no folder.
    """
    plugins = Plugins(pluggy.PluginManager("zoo"))
    plugins.manager.add_hookspecs(zoo.hookspecs)
    owners: dict[str, str] = {}
    place = folder() if third_party else None
    if place and str(place) not in sys.path:
        sys.path.append(str(place))  # last: nothing there may stand in the way of another module
    for one in find(third_party=third_party):
        plugin = LoadedPlugin(name=one.entry.name, module=one.entry.value, distribution=one.owner, seconds=0.0)
        if plugin.name not in owners:
            owners[plugin.name] = one.owner
            plugins.loaded.append(_load(one, plugin, plugins.manager))
        elif not one.is_loaded():  # else it is installed from this very folder
            taken = f"a plugin called {plugin.name} is brought by {owners[plugin.name]} already; this one is left out"
            plugins.loaded.append(replaced(plugin, failure=taken))
    return plugins


def _load(one: Found, plugin: LoadedPlugin, manager: pluggy.PluginManager) -> LoadedPlugin:
    with watched() as watch:
        module = one.load()
        if known := manager.get_name(module):  # pluggy's own refusal lists every plugin
            raise PluginError(f"{plugin.module} is loaded already, as the plugin {known}; this one is left out")
        manager.register(module, name=plugin.name)
        manager.check_pending()
    if watch.error:
        with contextlib.suppress(Exception):
            manager.unregister(name=plugin.name)
    callers = manager.get_hookcallers(manager.get_plugin(plugin.name)) or [] if not watch.error else []
    return replaced(watch.of(plugin), failure=watch.failure, hooks=tuple(caller.name for caller in callers))


def one_line(error: BaseException) -> str:
    """The kind of an error and what it says."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _traceback(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(error))


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
    except (ImportError, AttributeError, SystemExit) as error:
        raise PluginError(f"The reference {reference!r}{whose} leads nowhere: {one_line(error)}.") from error
