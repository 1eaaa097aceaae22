"""Ids → specs with their owner; wildcards and near matches."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Generic, TypeVar

import pluggy

from zoo.errors import UnknownName, UsageError
from zoo.plugins import LoadedPlugin, Plugins, plugins
from zoo.spec import CommandSpec, DatasetSpec, ModelSpec, replaced
from zoo.study import StudySpec

T = TypeVar("T")
LIST_MODELS = "zoo list"
LIST_DATASETS = "zoo data list"
LIST_STUDIES = "zoo sweep list"


class Owned(Generic[T]):
    """A spec and the entry point that brought it."""

    def __init__(self, spec: T, owner: LoadedPlugin) -> None:
        self.spec, self.owner = spec, owner


class Registry:
    """All specs of the loaded plugins, in the order in which they were declared.

    Args:
        models: id → model.
        datasets: id → data set.
        commands: name → verb.
        studies: name → study.
        plugins: every entry point that was tried, failures included.
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
    by_name = {plugin.name: plugin for plugin in loaded.loaded}
    tables: list[tuple[str, type[Any], dict[str, Any], Callable[[Any], str]]] = [
        ("zoo_datasets", DatasetSpec, registry.datasets, lambda spec: spec.id),
        ("zoo_models", ModelSpec, registry.models, lambda spec: spec.id),
        ("zoo_commands", CommandSpec, registry.commands, lambda spec: spec.name),
        ("zoo_studies", StudySpec, registry.studies, lambda spec: spec.name),
    ]
    for hook, kind, table, key in tables:
        for implementation in getattr(loaded.manager.hook, hook).get_hookimpls():
            owner = by_name[implementation.plugin_name]
            problem = _collect(implementation, hook, kind, table, key, owner)
            if problem:
                failure = f"{owner.failure}; {problem}" if owner.failure else problem
                by_name[owner.name] = replaced(owner, failure=failure)
    registry.plugins = list(by_name.values())
    return registry


def _collect(
    implementation: pluggy.HookImpl,
    hook: str,
    kind: type[T],
    table: dict[str, Owned[T]],
    key: Callable[[T], str],
    owner: LoadedPlugin,
) -> str | None:
    """Put what one hook returns into `table`, the good specs beside bad ones too; its problems in one line, or `None`."""
    try:
        specs: list[Any] = list(implementation.function())  # type: ignore[call-overload]
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # SystemExit included: no plugin may end the program
        return f"{hook} failed: {type(error).__name__}: {error}"
    problems = []
    for spec in specs:
        if not isinstance(spec, kind):
            problems.append(f"{hook} returned a {type(spec).__name__}, not a {kind.__name__}")
        elif (name := key(spec)) in table:
            other = table[name].owner
            problems.append(f"{name} is declared by {other.distribution} ({other.name}) already; this one is left out")
        else:
            table[name] = Owned(spec, owner)
    return "; ".join(problems) or None


@cache
def registry(*, third_party: bool = True) -> Registry:
    """The registry of this process, built once."""
    return build_registry(plugins(third_party=third_party))
