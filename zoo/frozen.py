"""The base of everything that is declared: frozen data, checked when it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

import msgspec

if TYPE_CHECKING:
    from msgspec.structs import StructConfig


if TYPE_CHECKING:
    # To a type checker a struct is frozen only where its own class line says so; here all of them are.
    @dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(msgspec.field,))
    class _Frozen:
        __struct_fields__: ClassVar[tuple[str, ...]]
        __struct_config__: ClassVar[StructConfig]

        def __init_subclass__(cls, *, tag: str | None = None, tag_field: str | None = None, **options: bool) -> None: ...

else:
    _Frozen = msgspec.Struct


class Spec(_Frozen, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of every declared thing: immutable, keyword-only, no unknown field."""


S = TypeVar("S", bound=Spec)


def replaced(spec: S, **changes: Any) -> S:
    """A spec with some fields changed; an unknown one is a `TypeError`."""
    return msgspec.structs.replace(spec, **changes)  # type: ignore[type-var]


def to_plain(value: Any) -> Any:
    """A spec as dicts, lists, strings and numbers, ready for JSON or TOML."""
    return msgspec.to_builtins(value)
