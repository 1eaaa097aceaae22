"""What every verb prints with: results to stdout, news to stderr."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
import msgspec

from zoo.errors import UsageError

if TYPE_CHECKING:
    from zoo.registry import Registry

F = TypeVar("F", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Print ids only, and no news.")
artifacts_option = click.option(
    "--artifacts",
    type=click.Path(path_type=Path),
    help="Folder of artifacts; then ./exported, then the cache.",
)


def current_registry() -> Registry:
    """The registry that the running command line is to use: without other distributions' plugins under `--no-plugins`."""
    from zoo.registry import registry

    context = click.get_current_context(silent=True)  # there is none where a test or a notebook calls in
    no_plugins = bool(context and context.find_root().params.get("no_plugins"))
    return registry(third_party=not no_plugins)


def echo_json(value: Any) -> None:
    """Print a value (specs and paths included) as indented JSON on stdout."""
    encoded = msgspec.json.encode(value, enc_hook=str)
    click.echo(msgspec.json.format(encoded, indent=2).decode())


def echo_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns on stdout; a column of numbers (all but its header) is set flush right.

    Not a rich table: `zoo list` has to answer faster than rich imports.
    """
    table = [list(header), *[list(row) for row in rows]]
    widths = [max(len(row[column]) for row in table) for column in range(len(header))]
    numeric = [all(_is_number(row[column]) for row in rows) and bool(rows) for column in range(len(header))]
    for number, row in enumerate(table):
        cells = [cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(row, widths, numeric, strict=True)]
        line = "  ".join(cells).rstrip()
        click.echo(click.style(line, bold=True) if number == 0 else line)


# A figure with what may follow it: "61,706", "99.4 %", "1.2e-07", "35 ms", or none at all.
FIGURE = re.compile(r"[+-]?[\d,.]+(e[+-]?\d+)?( ?(s|ms|%|×|bytes))?\Z|–?\Z")


def _is_number(cell: str) -> bool:
    return bool(FIGURE.match(cell))


def picture_form(plot: Path) -> str:
    """The format that a file's name asks for."""
    from zoo.report.sheet import FORMATS

    form = plot.suffix[1:].lower()
    if form not in FORMATS:
        raise UsageError(f"--plot draws {', '.join(f'.{known}' for known in FORMATS)}, not {plot.name!r}.")
    return form
