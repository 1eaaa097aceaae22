"""Ids → specs with their owner; wildcards and near matches."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec
import pluggy

from zoo.errors import UnknownName, UsageError
from zoo.plugin_sources import FOLDER
from zoo.plugins import LoadedPlugin, Plugins, load_plugins, watched
from zoo.spec import CommandSpec, DatasetSpec, ModelSpec, replaced
from zoo.study import StudySpec

T = TypeVar("T")
LIST_MODELS = "zoo list"
LIST_DATASETS = "zoo data list"
LIST_STUDIES = "zoo sweep list"


class Owned(Generic[T]):
    """A spec and the plugin that brought it."""

    def __init__(self, spec: T, owner: LoadedPlugin) -> None:
        self.spec, self.owner = spec, owner


class Registry:
    """All specs of the loaded plugins, in the order in which they were declared.

    Args:
        models: id → model.
        datasets: id → data set.
        commands: name → verb.
        studies: name → study.
        plugins: every one that was tried, failures included.
    """

    def __init__(
        self,
        models: dict[str, Owned[ModelSpec]] | None = None,
        datasets: dict[str, Owned[DatasetSpec]] | None = None,
        commands: dict[str, Owned[CommandSpec]] | None = None,
        plugins: list[LoadedPlugin] | None = None,
        studies: dict[str, Owned[StudySpec]] | None = None,
    ) -> None:
        self.models = models or {}
        self.datasets = datasets or {}
        self.commands = commands or {}
        self.plugins = plugins or []
        self.studies = studies or {}

    @property
    def failures(self) -> list[LoadedPlugin]:
        return [plugin for plugin in self.plugins if plugin.failure]

    def model(self, name: str) -> ModelSpec:
        """The model called `name`, an id or a bare architecture, which means its first tag.

        Raises:
            UnknownName: there is none; the message carries near matches.
        """
        if name in self.models:
            return self.models[name].spec
        for owned in self.models.values():
            if owned.spec.architecture == name:
                return owned.spec
        if name.casefold() in self.datasets:
            on = [owned.spec.id for owned in self.models.values() if owned.spec.dataset == name.casefold()]
            raise UsageError(f"{name!r} is a data set; models on it are {', '.join(on) or 'none'}.", hint=LIST_MODELS)
        names = [*self.models, *dict.fromkeys(owned.spec.architecture for owned in self.models.values())]
        raise UnknownName("model", name, names, hint=LIST_MODELS)

    def dataset(self, name: str) -> DatasetSpec:
        """The data set with id `name`.

        Raises:
            UnknownName: there is none; the message carries near matches.
        """
        if name in self.datasets:
            return self.datasets[name].spec
        raise UnknownName("data set", name, self.datasets, hint=LIST_DATASETS)

    def study(self, name: str) -> StudySpec:
        """The study called `name`.

        Raises:
            UnknownName: there is none; the message carries near matches.
        """
        if name in self.studies:
            return self.studies[name].spec
        raise UnknownName("study", name, self.studies, hint=LIST_STUDIES)

    def matching(self, patterns: Iterable[str] = ()) -> list[ModelSpec]:
        """The models that any of `patterns` names: an id, a bare architecture (all its tags) or a wildcard. None given: all.

        Raises:
            UnknownName: a pattern matches nothing.
        """
        specs = [owned.spec for owned in self.models.values()]
        patterns = list(patterns)
        if not patterns:
            return specs
        found: dict[str, ModelSpec] = {}
        for pattern in patterns:
            hits = [spec for spec in specs if fnmatch.fnmatchcase(spec.id, pattern) or spec.architecture == pattern]
            if not hits:
                self.model(pattern)
            found.update((spec.id, spec) for spec in hits)
        return list(found.values())


def build_registry(loaded: Plugins) -> Registry:
    """Ask every plugin's hooks, each guarded; a spec that is none, or whose id is taken, becomes its plugin's failure."""
    registry = Registry()
    registry.plugins = list(loaded.loaded)
    places: dict[str, int] = {}
    for place, plugin in enumerate(registry.plugins):
        places.setdefault(plugin.name, place)  # another of the same name was left out
    tables: list[tuple[str, type[Any], dict[str, Any], Callable[[Any], str]]] = [
        ("zoo_datasets", DatasetSpec, registry.datasets, lambda spec: spec.id),
        ("zoo_models", ModelSpec, registry.models, lambda spec: spec.id),
        ("zoo_commands", CommandSpec, registry.commands, lambda spec: spec.name),
        ("zoo_studies", StudySpec, registry.studies, lambda spec: spec.name),
    ]
    for hook, kind, table, key in tables:
        texts = _texts(kind)
        for implementation in getattr(loaded.manager.hook, hook).get_hookimpls():
            place = places[implementation.plugin_name]
            registry.plugins[place] = _collect(implementation, hook, kind, texts, table, key, registry.plugins[place])
    return registry


def _collect(
    implementation: pluggy.HookImpl,
    hook: str,
    kind: type[T],
    texts: Sequence[str],
    table: dict[str, Owned[T]],
    key: Callable[[T], str],
    owner: LoadedPlugin,
) -> LoadedPlugin:
    """Put what one hook returns into `table`, the good specs beside bad ones too; the plugin with what was wrong."""
    specs: list[Any] = []
    with watched() as watch:
        specs.extend(implementation.function())  # type: ignore[arg-type]
    problems = [f"{hook} failed: {watch.failure}"] if watch.failure else []
    taken: dict[str, list[str]] = {}
    for spec in specs:
        if not isinstance(spec, kind):
            problems.append(f"{hook} returned a {type(spec).__name__}, not a {kind.__name__}")
        elif wrong := [name for name in texts if not isinstance(getattr(spec, name), str)]:
            problems.append(f"{hook} returned a {kind.__name__} whose {' and '.join(wrong)} should be text; it is left out")
        elif (name := key(spec)) in table:
            brought = table[name].owner
            taken.setdefault(f"{brought.distribution} ({brought.name})", []).append(name)
        else:
            table[name] = Owned(spec, owner)
    for other, (name, *more) in taken.items():
        several = f" and {len(more)} more are" if more else " is"
        problems.append(f"{name}{several} declared by {other} already; {'these are' if more else 'this one is'} left out")
    return replaced(watch.of(owner), failure="; ".join([*filter(None, [owner.failure]), *problems]) or None)


def _texts(kind: type[Any]) -> list[str]:
    """The fields of a kind of spec that every listing prints; nothing checks their types when a spec is made."""
    return [field.name for field in msgspec.structs.fields(kind) if field.type is str]


def registry(*, third_party: bool = True) -> Registry:
    """The registry of this process, built once.

    Raises:
        UsageError: `$ZOO_PLUGINS_DIR` is no folder.
    """
    return _registry(third_party, os.environ.get(FOLDER, ""))


@cache
def _registry(third_party: bool, folder: str) -> Registry:  # noqa: ARG001 - another folder has other plugins
    return build_registry(load_plugins(third_party=third_party))
