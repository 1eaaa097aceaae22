"""Protobuf's text format, as much of it as a model's configuration needs: written, never read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Word(str):
    """The name of an enum's value, which stands without quotes."""

    __slots__ = ()


Value = str | int | Mapping[str, "Value"] | Sequence["Value"]
"""Text, a word, a number, a message, or a repeated field of one of them."""
Message = Mapping[str, Value]


def message_text(message: Message, comments: Mapping[str, str] | None = None, indent: str = "") -> str:
    """A message as lines, each field in the order given.

    Args:
        message: field → value.
        comments: field → what is said above it.
        indent: before each line.
    """
    lines: list[str] = []
    for field, value in message.items():
        if comments and field in comments:
            lines.append(f"{indent}# {' '.join(comments[field].split())}")  # a comment ends with its line
        if isinstance(value, Sequence) and not isinstance(value, str) and value and isinstance(value[0], Mapping):
            lines += [_field(field, item, indent) for item in value]
        else:
            lines.append(_field(field, value, indent))
    return "\n".join(lines)


def _field(field: str, value: Value, indent: str) -> str:
    if isinstance(value, Mapping):
        inner = message_text(value, indent=f"{indent}  ")
        return f"{indent}{field} {{\n{inner}\n{indent}}}" if value else f"{indent}{field} {{ }}"
    return f"{indent}{field}: {_scalar(value)}"


def _scalar(value: Value) -> str:
    if isinstance(value, Word):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'"{escaped}"'
    if isinstance(value, Sequence):
        return f"[{', '.join(map(_scalar, value))}]"
    return str(value)
