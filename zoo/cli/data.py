"""`zoo data`: which data sets there are, and their raw files in the cache."""

from __future__ import annotations

import click

from zoo.cli.output import current_registry, echo_json, echo_table, json_option, quiet_option
from zoo.data.fetch import fetch, folder_of, verify
from zoo.data.words import own_words, route_words
from zoo.errors import DataError, IntegrityError
from zoo.progress import default_progress
from zoo.spec import DatasetSpec

GENERATED = "generated"


@click.group(name="data")
def command() -> None:
    """Data sets: list, show, fetch, verify, path.

    Raw files are kept in $ZOO_HOME/data (else the user's cache) and checked whenever they are used. ZOO_MIRROR names a folder
    that is tried before the network; with ZOO_OFFLINE=1 the network is never tried.
    """


def _cached(spec: DatasetSpec) -> str:
    """Whether the files are in the cache, by their names alone: a list has to be quick, `verify` reads them."""
    present = sum((folder_of(spec) / file.name).is_file() for file in spec.files)
    if not spec.files:
        return GENERATED
    return "yes" if present == len(spec.files) else "in part" if present else "no"


@command.command(name="list")
@json_option
@quiet_option
def list_(as_json: bool, quiet: bool) -> None:
    """All data sets, and whether they are in the cache."""
    specs = [owned.spec for owned in current_registry().datasets.values()]
    if as_json:
        fields = ("id", "summary", "source", "licence")
        echo_json([{**{field: getattr(spec, field) for field in fields}, "cached": _cached(spec)} for spec in specs])
    elif quiet:
        for spec in specs:
            click.echo(spec.id)
    else:
        rows = [(spec.id, spec.summary, spec.licence, _cached(spec)) for spec in specs]
        echo_table(("id", "summary", "licence", "cached"), rows)


@command.command(name="show")
@click.argument("name", metavar="ID")
@json_option
def show_(name: str, as_json: bool) -> None:
    """What a data set is: licence, source, where its files come from, and whether they are in the cache."""
    spec = current_registry().dataset(name)
    facts = {
        "id": spec.id,
        "summary": spec.summary,
        "source": spec.source,
        "licence": spec.licence,
        "cached": _cached(spec),
        "folder": str(folder_of(spec)) if spec.files else None,
        "files": [file.name for file in spec.files],
        "routes": route_words(spec),
        "own": own_words(spec),
    }
    if as_json:
        echo_json(facts)
        return
    click.echo(f"{spec.id}: {spec.summary}")
    for label in ("source", "licence", "cached", "folder", "files", "routes", "own"):
        found = facts[label]
        for number, text in enumerate(found if isinstance(found, list) else [found] if found else []):
            click.echo(f"  {label if not number else '':<8} {text}")


@command.command(name="fetch")
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@json_option
@quiet_option
def fetch_(ids: tuple[str, ...], as_json: bool, quiet: bool) -> None:
    """Have the raw files of data sets in the cache: from the cache, ZOO_MIRROR, or the network."""
    specs = [current_registry().dataset(name) for name in ids]
    rows = []
    for spec in specs:
        files, route = fetch(spec, default_progress(quiet=quiet))
        folder = folder_of(spec) if files else None
        rows.append({"id": spec.id, "route": route, "folder": folder, "files": files})
        if quiet and not as_json:
            click.echo(spec.id)
        elif not as_json:
            click.echo(f"{spec.id}  from {route}  {folder}" if files else f"{spec.id}  {GENERATED}")
    if as_json:
        echo_json(rows)


@command.command(name="verify")
@click.argument("ids", nargs=-1, metavar="[ID...]")
@json_option
@quiet_option
def verify_(ids: tuple[str, ...], as_json: bool, quiet: bool) -> None:
    """Check cached raw files by their SHA-256 (all data sets, or those named); exit 4 when one is damaged.

    With -q only the ids of data sets with a damaged file are printed.
    """
    registry = current_registry()
    specs = [registry.dataset(name) for name in ids] or [owned.spec for owned in registry.datasets.values()]
    states = {spec.id: verify(spec) for spec in specs}
    damaged = {name: [file for file, state in files.items() if state == "damaged"] for name, files in states.items()}
    damaged = {name: files for name, files in damaged.items() if files}
    if as_json:
        echo_json([{"id": name, "files": files} for name, files in states.items()])
    elif quiet:
        for name in damaged:
            click.echo(name)
    else:
        rows: list[tuple[str, str, str]] = []
        for name, files in states.items():
            rows += [(name, file, state) for file, state in files.items()] or [(name, "", GENERATED)]
        echo_table(("id", "file", "state"), rows)
    for name, faulty in damaged.items():
        file = folder_of(registry.dataset(name)) / faulty[0]
        more = f" and {len(faulty) - 1} more of its files" if len(faulty) > 1 else ""
        raise IntegrityError(f"{file}{more} is damaged: its SHA-256 is not the data set's.", hint=f"zoo data fetch {name}")


@command.command(name="path")
@click.argument("name", metavar="ID")
def path_(name: str) -> None:
    """Print the folder with a data set's raw files; an error when they are not all there."""
    spec = current_registry().dataset(name)
    cached = _cached(spec)
    if cached == GENERATED:
        raise DataError(f"Data set {name!r} is generated, so it has no files.")
    if cached != "yes":
        state = "only in part in the cache" if cached == "in part" else "not in the cache"
        raise DataError(f"Data set {name!r} is {state} ({folder_of(spec)}).", hint=f"zoo data fetch {name}")
    click.echo(folder_of(spec))
