"""The four hooks a plugin may implement. They return data; nothing is registered by import.

    from zoo import hookimpl

    @hookimpl
    def zoo_models():
        return [ModelSpec(...)]

A plugin is found by its entry point in the group `zoo`.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from zoo.spec import CommandSpec, DatasetSpec, ModelSpec
from zoo.study import StudySpec

hookspec = pluggy.HookspecMarker("zoo")
hookimpl = pluggy.HookimplMarker("zoo")
"""Marks a plugin's function as the implementation of the hook whose name it bears."""


@hookspec
def zoo_models() -> Iterable[ModelSpec]:  # type: ignore[empty-body]
    """The models that this plugin adds; the first tag of an architecture is its default."""


@hookspec
def zoo_datasets() -> Iterable[DatasetSpec]:  # type: ignore[empty-body]
    """The data sets that this plugin adds."""


@hookspec
def zoo_commands() -> Iterable[CommandSpec]:  # type: ignore[empty-body]
    """The verbs that this plugin adds to the command line."""


@hookspec
def zoo_studies() -> Iterable[StudySpec]:  # type: ignore[empty-body]
    """The studies that this plugin adds to `zoo sweep`."""
