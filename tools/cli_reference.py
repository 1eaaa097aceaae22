"""Regenerate docs/cli.md from the commands' own help; with `--check`, only say whether it is stale."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from zoo.cli.main import cli
from zoo.files import write_atomic

PAGE = Path(__file__).parents[1] / "docs" / "cli.md"
WIDTH = 88
"""Letters that a line of the page holds without scrolling."""

HEAD = """\
# Commands

What `--help` says of each. Results are written to stdout, progress and messages to stderr. Exit codes: 0, 1 failure, 2 usage,
3 parity failed, 4 integrity failed, 130 interrupted. This page is made by `python tools/cli_reference.py`.
"""


def commands() -> Iterator[click.Context]:
    """`zoo` and every command below it that is zoo's own, those of its plugins included, each group before its members."""
    root = _context(cli, "zoo", None)
    root.params["no_plugins"] = True
    waiting = [root]
    while waiting:
        context = waiting.pop(0)
        yield context
        group = context.command
        if isinstance(group, click.Group):
            members = [(name, group.get_command(context, name)) for name in group.list_commands(context)]
            waiting[:0] = [_context(command, name, context) for name, command in members if command]


def _context(command: click.Command, name: str, parent: click.Context | None) -> click.Context:
    return click.Context(command, info_name=name, parent=parent, **{**command.context_settings, "terminal_width": WIDTH})


def reference() -> str:
    """The page."""
    sections = []
    for context in commands():
        level = "##" if context.parent is None or context.parent.parent is None else "###"
        sections.append(f"{level} `{context.command_path}`\n\n```text\n{context.command.get_help(context)}\n```\n")
    return "\n".join([HEAD, *sections])


def main() -> int:
    """0 where the page is fresh or was written; 1 where `--check` finds it stale."""
    fresh = reference()
    if "--check" in sys.argv[1:]:
        stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != fresh
        if stale:
            print("docs/cli.md is stale: run python tools/cli_reference.py", file=sys.stderr)
        return int(stale)
    write_atomic(PAGE, fresh)
    return 0


if __name__ == "__main__":
    sys.exit(main())
