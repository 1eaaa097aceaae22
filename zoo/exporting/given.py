"""A model with given weights, its config changed by `--set`: what follows from the config for its inputs and its data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from zoo.data.dataset import Split
from zoo.errors import UnknownName
from zoo.spec import ModelSpec
from zoo.training.build import with_config
from zoo.training.overrides import CONFIG
from zoo.training.overrides import configured as changed

Splits = Mapping[str, Split]


def configured(spec: ModelSpec, changes: Mapping[str, Any]) -> tuple[ModelSpec, Splits | None]:
    """The model with a changed config, and its data where they follow from the config.

    Args:
        spec: of a model with given weights.
        changes: field of the config (`expr`, `layers.0.units`; `config.` before it may be left out) → value.

    Raises:
        UnknownName: there is no such field.
        UsageError: a value of the wrong type, or one that the plugin refuses.
        PluginError: the plugin's function does not give what it should.
    """
    changes = {key.removeprefix(CONFIG): value for key, value in changes.items()}
    fields = {field.name: field for field in msgspec.structs.fields(type(spec.config))}  # type: ignore[arg-type]
    for key, value in changes.items():
        first = key.split(".", maxsplit=1)[0]
        if first not in fields:
            where = f"field of the network of {spec.id} (which has nothing to learn)"
            raise UnknownName(where, key, fields, hint=f"zoo show {spec.id}")
        if key in fields and fields[key].type is str and not isinstance(value, str):
            # On the command line 0110 is text, but 1001 and true look like JSON.
            changes[key] = msgspec.json.encode(value).decode()
    return with_config(spec, changed(spec.config, changes))
