"""`--set KEY=VALUE`: changes to a recipe, checked against its fields and their types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec

from zoo import spec
from zoo.errors import UnknownName, UsageError
from zoo.recipes import BuiltInLoss
from zoo.spec import Recipe, to_plain

CHOICES: dict[str, tuple[type[spec.Spec], ...]] = {
    "optimiser": get_args(spec.Optimiser),
    "schedule": get_args(spec.Schedule),
    "loss": get_args(BuiltInLoss),
}
CONFIG = "config."
"""What the names of a config's fields begin with, beside those of the recipe."""

T = TypeVar("T", bound=spec.Spec)


def parse_assignments(assignments: list[str]) -> dict[str, Any]:
    """`["lr=0.01"]` → `{"lr": 0.01}`: values as JSON where they are JSON, else as text.

    Raises:
        UsageError: an entry is not of the form KEY=VALUE.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals or not key.strip():
            raise UsageError(f"--set takes KEY=VALUE, as in --set lr=0.01, not {assignment!r}.")
        try:
            values[key.strip()] = msgspec.json.decode(text.encode())
        except msgspec.DecodeError:
            values[key.strip()] = text.strip()
    return values


def override(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The recipe with `changes`: a field of its own (`epochs`), of a part (`lr`, `optimiser.lr`, `schedule.warmup`,
    `shift.pixels`), or another optimiser, schedule or loss by name (`optimiser=adamw`, with that one's defaults).

    Setting `epochs` unsets `steps`, and the other way round.

    Raises:
        UnknownName: no such field; with near matches.
        UsageError: a value of the wrong type or range.
    """
    plain: dict[str, Any] = to_plain(recipe)
    # Parts are replaced before their fields are set, whatever the order of the options.
    for key, value in sorted(changes.items(), key=lambda item: item[0] not in CHOICES):
        if key in CHOICES:
            plain[key] = _named(key, value)
            continue
        home, field = _find(plain, key)
        home[field] = value
        if key in ("epochs", "steps"):
            plain["steps" if key == "epochs" else "epochs"] = None
    try:
        return msgspec.convert(plain, Recipe)
    except msgspec.ValidationError as error:
        given = ", ".join(f"{key}={value}" for key, value in changes.items())
        raise UsageError(f"The recipe does not take {given}: {_told(error, plain)}.") from error


def _told(error: msgspec.ValidationError, plain: Mapping[str, Any]) -> str:
    """What is wrong with a recipe; where a field takes a few words, these."""
    found = re.search(r"^Invalid enum value .* at `\$\.(?:(\w+)\.)?(\w+)`$", str(error))
    if not found or (found[1] and found[1] not in CHOICES):
        return str(error)
    part, field = found.groups()
    kinds = (kind for kind in CHOICES.get(part, ()) if kind.__struct_config__.tag == plain[part]["name"])
    words = get_args(get_type_hints(next(kinds, Recipe))[field])
    return f"{field} is {', '.join(words[:-1])} or {words[-1]}"


def of_config(changes: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Changes to the config (without `config.`) and those to the recipe."""
    config = {key.removeprefix(CONFIG): value for key, value in changes.items() if key.startswith(CONFIG)}
    return config, {key: value for key, value in changes.items() if not key.startswith(CONFIG)}


def configured(config: T, changes: Mapping[str, Any]) -> T:
    """The config of a model with `changes`: a field (`pixels`), or one further inside (`layers.0.units`).

    Raises:
        UnknownName: no such field; with near matches.
        UsageError: a value of the wrong type.
    """
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(config))  # lists, whose parts can be changed, not tuples
    for key, value in changes.items():
        home: Any = plain
        *way, last = key.split(".")
        for at, part in enumerate((*way, last)):
            known = [str(name) for name in (range(len(home)) if isinstance(home, list) else home if isinstance(home, dict) else ())]
            if part not in known:
                before = "".join(f"{name}." for name in way[:at])
                raise UnknownName(
                    "config field", CONFIG + key, [f"{CONFIG}{before}{name}" for name in known], hint="zoo show MODEL"
                )
            name = int(part) if isinstance(home, list) else part
            if at == len(way):
                home[name] = value
            else:
                home = home[name]
    try:
        return msgspec.convert(plain, type(config))
    except msgspec.ValidationError as error:
        given = ", ".join(f"{CONFIG}{key}={value}" for key, value in changes.items())
        raise UsageError(f"The network does not take {given}: {error}.") from error


def _named(key: str, value: Any) -> dict[str, Any] | str:
    """The part called `value` with its defaults, or a loss of somebody's own."""
    if key == "loss" and ":" in str(value):
        return str(value)
    kinds = {str(kind.__struct_config__.tag): kind for kind in CHOICES[key]}
    if str(value) not in kinds:
        raise UnknownName(key, str(value), kinds)
    plain: dict[str, Any] = to_plain(kinds[str(value)]())
    return plain


def _find(plain: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    """The dict and field that `key` names."""
    places: dict[str, tuple[dict[str, Any], str]] = {}
    short: dict[str, list[str]] = {}
    parts = [(name, part) for name, part in plain.items() if isinstance(part, dict)]
    parts += [(part["name"], part) for part in plain["augment"]]
    for name, part in parts:
        for field in part:
            if field != "name":
                places[f"{name}.{field}"] = (part, field)
                short.setdefault(field, []).append(f"{name}.{field}")
    places |= {name: (plain, name) for name, value in plain.items() if not isinstance(value, dict | list)}
    for field, full in short.items():
        if len(full) == 1 and field not in places:
            places[field] = places[full[0]]
    if key in places:
        return places[key]
    if len(short.get(key, [])) > 1:
        raise UsageError(f"{key!r} is a field of several parts; write {' or '.join(short[key])}.")
    raise UnknownName("recipe field", key, [*places, *CHOICES], hint="zoo show MODEL")
